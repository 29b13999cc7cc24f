package template

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parameter is a value that a template asks for.
type Parameter struct {
	Type           string
	Default        *string
	Description    string
	NoEcho         bool
	AllowedValues  []string
	AllowedPattern string
	Constraint     string // ConstraintDescription: what the message says instead
	bounds         map[string]*float64
	pattern        *regexp.Regexp
}

// parameterTypes are those that this package knows; the types of EC2's and
// Route 53's things are texts whose existence is not checked.
var parameterTypes = regexp.MustCompile(`^(String|Number|CommaDelimitedList|List<(String|Number)>|AWS::(EC2|Route53)::[A-Za-z:]+|List<AWS::(EC2|Route53)::[A-Za-z:]+>)$`)

func readParameter(name string, m map[string]any) (*Parameter, error) {
	p := &Parameter{bounds: map[string]*float64{}}
	where := "Parameters/" + name + "/"
	bound := func(member string) func(any) error {
		return func(v any) error {
			text, _ := asText(v)
			f, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return malformed("%s%s must be a number.", where, member)
			}
			p.bounds[member] = &f
			return nil
		}
	}
	err := fields{
		"Type": text(where+"Type", &p.Type),
		"Default": func(v any) error {
			text, ok := asText(v)
			if !ok {
				return malformed("Every Default member must be a string: %s", name)
			}
			p.Default = &text
			return nil
		},
		"Description":           text(where+"Description", &p.Description),
		"ConstraintDescription": text(where+"ConstraintDescription", &p.Constraint),
		"NoEcho": func(v any) error {
			text, ok := asText(v)
			p.NoEcho = strings.EqualFold(text, "true")
			if !ok || !p.NoEcho && !strings.EqualFold(text, "false") {
				return malformed("%sNoEcho must be true or false.", where)
			}
			return nil
		},
		"AllowedValues": func(v any) error {
			list, _ := v.([]any)
			for _, item := range list {
				text, ok := asText(item)
				if !ok {
					return malformed("Every AllowedValues value must be a string: %s", name)
				}
				p.AllowedValues = append(p.AllowedValues, text)
			}
			if len(list) == 0 {
				return malformed("%sAllowedValues must be a list with at least one value.", where)
			}
			return nil
		},
		"AllowedPattern": func(v any) (err error) {
			if err := text(where+"AllowedPattern", &p.AllowedPattern)(v); err != nil {
				return err
			}
			if p.pattern, err = regexp.Compile(`^(?:` + p.AllowedPattern + `)$`); err != nil {
				return invalid("The AllowedPattern of parameter %s cannot be evaluated by Signalbox: %v", name, err)
			}
			return nil
		},
		"MinLength": bound("MinLength"), "MaxLength": bound("MaxLength"), "MinValue": bound("MinValue"), "MaxValue": bound("MaxValue"),
	}.read("parameter", m)
	switch {
	case err != nil:
		return nil, err
	case p.Type == "":
		return nil, malformed("Every Parameters object must contain a Type member: %s", name)
	case strings.HasPrefix(p.Type, "AWS::SSM::Parameter::"):
		return nil, invalid("The type %s of parameter %s is not implemented by Signalbox: it has no Systems Manager parameters", p.Type, name)
	case !parameterTypes.MatchString(p.Type):
		return nil, malformed("Unrecognized parameter type: %s", p.Type)
	}
	return p, nil
}

func (p *Parameter) isList() bool {
	return p.Type == "CommaDelimitedList" || strings.HasPrefix(p.Type, "List<")
}

// Bind holds the values that were given against the parameters, and adds the
// defaults of those that were not.
func (t *Template) Bind(given map[string]string) (map[string]string, error) {
	var stray, missing []string
	for name := range given {
		if t.Parameters[name] == nil {
			stray = append(stray, name)
		}
	}
	if len(stray) > 0 {
		slices.Sort(stray)
		return nil, invalid("Parameters: [%s] do not exist in the template", strings.Join(stray, ", "))
	}
	bound := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(t.Parameters)) {
		p := t.Parameters[name]
		value, ok := given[name]
		switch {
		case !ok && p.Default == nil:
			missing = append(missing, name)
			continue
		case !ok:
			value = *p.Default
		}
		if err := p.check(name, value); err != nil {
			return nil, err
		}
		bound[name] = value
	}
	if len(missing) > 0 {
		return nil, invalid("Parameters: [%s] must have values", strings.Join(missing, ", "))
	}
	return bound, nil
}

func (p *Parameter) check(name, value string) error {
	if len(value) > 4096 {
		return invalid("Parameter '%s' must have a value of at most 4096 bytes", name)
	}
	items := []string{value}
	if p.isList() {
		items = splitList(value)
	}
	for _, item := range items {
		why := p.broken(item)
		switch {
		case why == "":
		case p.Constraint != "":
			return invalid("Parameter %s failed to satisfy constraint: %s", name, p.Constraint)
		default:
			return invalid("Parameter '%s' %s", name, why)
		}
	}
	return nil
}

// broken says which constraint a value breaks, "" for none.
func (p *Parameter) broken(value string) string {
	if strings.Contains(p.Type, "Number") {
		f, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return "must be a number."
		}
		if b := p.bounds["MinValue"]; b != nil && f < *b {
			return "must be a number not less than " + number(*b)
		}
		if b := p.bounds["MaxValue"]; b != nil && f > *b {
			return "must be a number not greater than " + number(*b)
		}
	}
	length := float64(utf8.RuneCountInString(value))
	if b := p.bounds["MinLength"]; b != nil && length < *b {
		return "must contain at least " + number(*b) + " characters"
	}
	if b := p.bounds["MaxLength"]; b != nil && length > *b {
		return "must contain at most " + number(*b) + " characters"
	}
	if p.pattern != nil && !p.pattern.MatchString(value) {
		return "must match pattern " + p.AllowedPattern
	}
	if p.AllowedValues != nil && !slices.Contains(p.AllowedValues, value) {
		return "must be one of AllowedValues"
	}
	return ""
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// value is what Ref of the parameter gives.
func (p *Parameter) value(text string) any {
	if !p.isList() {
		if p.Type == "Number" && json.Valid([]byte(text)) {
			return json.Number(text)
		}
		return text
	}
	list := []any{}
	for _, item := range splitList(text) {
		list = append(list, item)
	}
	return list
}

func splitList(text string) []string {
	if text == "" {
		return nil
	}
	items := strings.Split(text, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}
