package pattern

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/signalbox/signalbox/pattern/internal/lex"
	"github.com/signalbox/signalbox/pattern/internal/rule"
)

const (
	// MaxSize is the longest pattern that Parse takes, in bytes. EventBridge
	// has the same as the largest value of its quota "event pattern size".
	MaxSize = 4096
	// maxBranches bounds what the $or of one pattern may multiply to.
	maxBranches = 1000
	// maxBranchMembers bounds the members of all branches together.
	maxBranchMembers = 20_000
)

// parser turns tokens into branches. While it reads, a branch is a map.
type parser struct {
	reader
	branches []map[string]*rule.Member
	path     []string
	scope    int  // the innermost object inside $or
	scopes   int  // how many there have been
	plainOr  bool // take $or for a plain member
	sawOr    bool
	size     int // members in branches
}

// fault is a fault in a pattern that is good JSON.
type fault struct {
	reason   string
	located  int // how often the service names the place
	at       int
	complete bool // the reason stands without place
}

func (p *parser) refuse(format string, args ...any) {
	panic(fault{reason: fmt.Sprintf(format, args...), at: p.seen, located: 1})
}

// parse reads a whole pattern.
func parse(src []byte) ([]rule.Branch, error) {
	if len(src) > MaxSize {
		return nil, &Error{Message: fmt.Sprintf("%sPattern is too long: %d bytes, the limit is %d", errorPrefix, len(src), MaxSize), Offset: MaxSize}
	}
	if !utf8.Valid(src) {
		return nil, &Error{Message: errorPrefix + "Invalid UTF-8"}
	}
	p := &parser{reader: reader{src: src, want: 'v'}}
	branches, err := p.run()
	if err != nil && p.sawOr {
		// A $or that is no list of objects is a member of that name.
		plain := &parser{reader: reader{src: src, want: 'v'}, plainOr: true}
		if b, plainErr := plain.run(); plainErr == nil {
			return b, nil
		}
	}
	return branches, err
}

func (p *parser) run() (branches []rule.Branch, err error) {
	defer func() {
		switch f := recover().(type) {
		case nil:
		case syntaxError:
			err = p.error(f.reason+location(string(p.src), f.at), f.at)
		case fault:
			reason := f.reason
			if !f.complete {
				reason += strings.Repeat(location(string(p.src), f.at), f.located)
			}
			err = p.error(reason, f.at)
		default:
			panic(f)
		}
	}()
	if first := p.next(); first.kind != '{' {
		p.refuse("Filter is not an object")
	}
	p.object()
	if p.at = lex.Space(p.src, p.at); p.at != len(p.src) {
		p.fail(p.at, "Unexpected character (%s): was expecting the end of the pattern", describe(p.src[p.at:]))
	}
	checked := map[*rule.Member]bool{}
	for _, b := range p.branches {
		for _, m := range b {
			if !checked[m] && tooManyWildcards(m.Tests) {
				p.path = []string{m.Path}
				p.overgrown()
			}
			checked[m] = true
		}
		branches = append(branches, slices.SortedFunc(maps.Values(b), byPath))
	}
	return branches, nil
}

func (p *parser) error(reason string, at int) error {
	return &Error{Message: errorPrefix + reason, Path: joined(p.path), Offset: at}
}

// object reads the members of an object up to its end.
func (p *parser) object() {
	empty := true
	for t := p.next(); t.kind != '}'; t = p.next() {
		empty = false
		if t.text == "$or" && !p.plainOr {
			p.sawOr = true
			p.or()
			continue
		}
		p.path = append(p.path, t.text)
		if p.scope != 0 && reserved[t.text] {
			p.refuse("%s is Ruler reserved fieldName which cannot be used inside $or.", t.text)
		}
		switch v := p.next(); v.kind {
		case '{':
			p.object()
		case '[':
			p.list(v.at)
		default:
			p.refuse("\"%s\" must be an object or an array", t.text)
		}
		p.path = p.path[:len(p.path)-1]
	}
	if empty {
		p.refuse("Empty objects are not allowed")
	}
}

// or reads the list of a $or; every object in it multiplies the branches.
func (p *parser) or() {
	if t := p.next(); t.kind != '[' {
		p.refuse("It must be an Array followed with $or.")
	}
	before, outer := p.branches, p.scope
	var all []map[string]*rule.Member
	count := 0
	for t := p.next(); t.kind != ']'; t = p.next() {
		if t.kind != '{' {
			p.refuse("Only JSON object is allowed in array of $or relationship.")
		}
		count++
		p.scopes++
		p.scope = p.scopes
		p.branches = make([]map[string]*rule.Member, len(before), max(len(before), 1))
		for i, m := range before {
			p.branches[i] = maps.Clone(m)
			p.grow(len(m))
		}
		p.object()
		if all = append(all, p.branches...); len(all) > maxBranches {
			p.overgrown()
		}
	}
	if count < 2 {
		p.refuse("There must have at least 2 Objects in $or relationship.")
	}
	p.branches, p.scope = all, outer
}

// grow counts members, so that what $or multiplies to stays bounded.
func (p *parser) grow(n int) {
	if p.size += n; p.size > maxBranchMembers {
		p.overgrown()
	}
}

func (p *parser) overgrown() {
	panic(fault{reason: tooComplex, at: p.seen, complete: true})
}

// list reads the alternatives of the current member.
func (p *parser) list(start int) {
	m := &rule.Member{Path: joined(p.path), Scope: p.scope}
	for t := p.next(); t.kind != ']'; t = p.next() {
		at := t.at
		var made rule.Test
		switch t.kind {
		case '{':
			made = p.expression()
		case '"':
			p.finish(t)
			made = exactString(t.text)
		case '0':
			made = exactNumber(t.text)
		case 'a':
			made = rule.Test{Kind: rule.Literal, Text: t.text}
		default:
			p.refuse("Match value must be String, number, true, false, or null")
		}
		made.Src = string(p.src[at:p.at])
		m.Tests = append(m.Tests, made)
	}
	if len(m.Tests) == 0 {
		p.refuse("Empty arrays are not allowed")
	}
	m.Src = string(p.src[start:p.at])
	if len(p.branches) == 0 {
		p.branches = append(p.branches, map[string]*rule.Member{})
	}
	for _, b := range p.branches {
		if old := b[m.Path]; old != nil && old.Scope != m.Scope {
			// The service lets one silently replace the other.
			p.refuse("Path `%s` cannot be allowed multiple times", m.Path)
		}
		b[m.Path] = m
		p.grow(1)
	}
}

// joined returns the path that the steps make: the service joins them by dots
// and forgets a leading empty one.
func joined(steps []string) string {
	if len(steps) == 0 {
		return ""
	}
	last := len(steps) - 1
	if base := strings.Join(steps[:last], "."); base != "" {
		return base + "." + steps[last]
	}
	return steps[last]
}

// byPath orders members as the service does, by UTF-16 units.
func byPath(a, b *rule.Member) int {
	for i := 0; ; {
		if i == len(a.Path) || i == len(b.Path) {
			return cmp.Compare(len(a.Path), len(b.Path))
		}
		x, n := utf8.DecodeRuneInString(a.Path[i:])
		y, _ := utf8.DecodeRuneInString(b.Path[i:])
		if x != y {
			return slices.Compare(utf16.Encode([]rune{x}), utf16.Encode([]rune{y}))
		}
		i += n
	}
}

// reserved are the names that no member inside $or may have.
var reserved = map[string]bool{
	"exactly": true, "equals-ignore-case": true, "prefix": true, "suffix": true, "anything-but": true,
	"exists": true, "wildcard": true, "numeric": true, "cidr": true,
	"=": true, "<": true, "<=": true, ">": true, ">=": true,
	"regex": true, "not-wildcard": true, "not-equals-ignore-case": true,
	"date-after": true, "date-on-or-after": true, "date-before": true, "date-on-or-before": true,
	"in-date-range": true, "ip-address-in-range": true, "ip-address-not-in-range": true,
}
