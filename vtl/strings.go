package vtl

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/signalbox/signalbox/vtl/java"
)

func callString(r *rendering, s, name string, args arguments) (any, error) {
	if err := r.step(len(s) / 64); err != nil {
		return nil, err
	}
	switch len(args) {
	case 0:
		return stringAlone(r, s, name)
	case 1:
		if other, is := args[0].(string); is {
			return stringWith(r, s, name, other)
		}
	case 2:
		a, ok := args.string(0)
		b, ok2 := args.string(1)
		if ok && ok2 {
			return stringWithTwo(r, s, name, a, b)
		}
	}
	return stringAt(r, s, name, args)
}

func stringAlone(r *rendering, s, name string) (any, error) {
	switch name {
	case "length":
		return java.Length(s), nil
	case "isEmpty":
		return s == "", nil
	case "isBlank":
		return strings.TrimSpace(s) == "", nil
	case "toLowerCase":
		return strings.ToLower(s), nil
	case "toUpperCase":
		return strings.ToUpper(s), nil
	case "trim":
		return strings.TrimFunc(s, func(c rune) bool { return c <= ' ' }), nil
	case "strip":
		return strings.TrimSpace(s), nil
	case "hashCode":
		return java.Hash(s), nil
	}
	return callAny(r, s, name, nil)
}

func stringWith(r *rendering, s, name, other string) (any, error) {
	switch name {
	case "equals":
		return s == other, nil
	case "equalsIgnoreCase":
		return strings.EqualFold(s, other), nil
	case "contains":
		return strings.Contains(s, other), nil
	case "startsWith":
		return strings.HasPrefix(s, other), nil
	case "endsWith":
		return strings.HasSuffix(s, other), nil
	case "indexOf":
		return java.Position(s, strings.Index(s, other)), nil
	case "lastIndexOf":
		return java.Position(s, strings.LastIndex(s, other)), nil
	case "compareTo":
		return java.CompareStrings(s, other), nil
	case "compareToIgnoreCase":
		return java.CompareStrings(strings.ToLower(s), strings.ToLower(other)), nil
	case "concat":
		return r.joined(s, other)
	case "matches":
		re, err := compile("^(?:" + other + ")$")
		if err != nil {
			return nil, err
		}
		return re.MatchString(s), nil
	case "split":
		return split(r, s, other, 0)
	case "valueOf":
		return other, nil
	}
	return stringAt(r, s, name, arguments{other})
}

func (r *rendering) joined(parts ...string) (any, error) {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > r.limits.Output {
		return nil, fmt.Errorf("%w: a text of more than %d bytes", ErrLimit, r.limits.Output)
	}
	return strings.Join(parts, ""), r.step(n / 64)
}

func stringWithTwo(r *rendering, s, name, a, b string) (any, error) {
	switch name {
	case "replace":
		n := strings.Count(s, a)
		if len(s)+n*(len(b)-len(a)) > r.limits.Output {
			return nil, fmt.Errorf("%w: a text of more than %d bytes", ErrLimit, r.limits.Output)
		}
		return strings.ReplaceAll(s, a, b), r.step(n + n*len(b)/64)
	case "replaceAll", "replaceFirst":
		re, err := compile(a)
		if err != nil {
			return nil, err
		}
		return replace(r, re, s, b, name == "replaceAll")
	}
	return nil, ErrNoMethod
}

// compile reads a regular expression. Those of Java that go beyond RE2
// (look-around, back references) are errors.
func compile(re string) (*regexp.Regexp, error) {
	if len(re) > 1000 {
		return nil, fmt.Errorf("%w: a regular expression of more than 1000 bytes", ErrLimit)
	}
	c, err := regexp.Compile(re)
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q: %w", clip(re), err)
	}
	return c, nil
}

var group = regexp.MustCompile(`\\(.)|\$(\d)`)

// replace puts in the replacement in Java's notation: $1, and \ before what is
// to be taken as it is.
func replace(r *rendering, re *regexp.Regexp, s, with string, all bool) (any, error) {
	n := 1
	if all {
		n = -1
	}
	var b strings.Builder
	last := 0
	for _, m := range re.FindAllStringSubmatchIndex(s, n) {
		b.WriteString(s[last:m[0]])
		last = m[1]
		b.WriteString(group.ReplaceAllStringFunc(with, func(mark string) string {
			if mark[0] == '\\' {
				return mark[1:]
			}
			if i := 2 * int(mark[1]-'0'); i < len(m) && m[i] >= 0 {
				return s[m[i]:m[i+1]]
			}
			return ""
		}))
		if b.Len()+len(s)-last > r.limits.Output {
			return nil, fmt.Errorf("%w: a text of more than %d bytes", ErrLimit, r.limits.Output)
		}
		if err := r.step(1 + b.Len()/(64*1024)); err != nil {
			return nil, err
		}
	}
	b.WriteString(s[last:])
	return b.String(), nil
}

// split is Java's: empty strings at the end are dropped unless limit says
// otherwise.
func split(r *rendering, s, by string, limit int) (any, error) {
	re, err := compile(by)
	if err != nil {
		return nil, err
	}
	n := -1
	if limit > 0 {
		n = limit
	}
	parts := re.Split(s, n)
	if s == "" {
		parts = []string{""}
	}
	if len(parts) > 1 && parts[0] == "" {
		if m := re.FindStringIndex(s); m != nil && m[1] == 0 {
			parts = parts[1:] // nothing in front of an empty match
		}
	}
	if limit == 0 {
		for len(parts) > 1 && parts[len(parts)-1] == "" {
			parts = parts[:len(parts)-1]
		}
	}
	l := &List{Items: make([]any, len(parts))}
	for i, p := range parts {
		l.Items[i] = p
	}
	return l, r.step(len(parts))
}

// stringAt are the methods that take numbers.
func stringAt(r *rendering, s, name string, args arguments) (any, error) {
	switch name {
	case "substring", "subSequence":
		from, ok := args.number(0)
		to, ok2 := args.number(1)
		if len(args) == 1 {
			to, ok2 = int(java.Length(s)), true
		}
		if ok && ok2 && len(args) <= 2 {
			return java.Substring(s, from, to)
		}
	case "charAt":
		if i, ok := args.number(0); ok {
			return java.Substring(s, i, i+1)
		}
	case "repeat":
		n, ok := args.number(0)
		if !ok || n < 0 {
			return nil, ErrNoMethod
		}
		if len(s) > 0 && n > r.limits.Output/len(s) {
			return nil, fmt.Errorf("%w: a text of more than %d bytes", ErrLimit, r.limits.Output)
		}
		return strings.Repeat(s, n), r.step(n * len(s) / 64)
	case "split":
		by, ok := args.string(0)
		limit, ok2 := args.number(1)
		if ok && ok2 {
			return split(r, s, by, limit)
		}
	case "indexOf":
		other, ok := args.string(0)
		from, ok2 := args.number(1)
		if ok && ok2 && java.IsASCII(s) {
			from = min(max(from, 0), len(s))
			if i := strings.Index(s[from:], other); i >= 0 {
				return int64(from + i), nil
			}
			return int64(-1), nil
		}
	case "join":
		return join(r, args)
	case "valueOf":
		if len(args) == 1 {
			return r.text(args[0])
		}
	}
	return callAny(r, s, name, args)
}

// join is String.join(separator, list), which templates call by way of any
// string.
func join(r *rendering, args arguments) (any, error) {
	by, ok := args.string(0)
	if !ok || len(args) < 2 {
		return nil, ErrNoMethod
	}
	all := []any(args[1:])
	if l, is := args[1].(*List); is {
		all = l.Items
	}
	size := 0
	parts := make([]string, len(all))
	for i, v := range all {
		p, err := r.text(v)
		if err != nil {
			return nil, err
		}
		if size += len(p) + len(by); size > r.limits.Output {
			return nil, fmt.Errorf("%w: a text of more than %d bytes", ErrLimit, r.limits.Output)
		}
		parts[i] = p
	}
	return strings.Join(parts, by), r.step(len(all) + size/64)
}
