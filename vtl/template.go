package vtl

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"strings"
)

// Template is a parsed template. It is immutable.
type Template struct {
	source string
	block  []node
	macros map[string]*macro
}

// Mentions says whether a variable's name is anywhere in the template: what it
// does not mention it does not need.
func (t *Template) Mentions(name string) bool { return strings.Contains(t.source, name) }

// Limits bound one rendering. A zero field has the default.
type Limits struct {
	Output int // bytes of the text, and of any string on the way to it; default 10 MiB
	Steps  int // nodes evaluated, loops included; default 1,000,000
	Loops  int // iterations of one #foreach; default 1,000, as API Gateway's quota
	Depth  int // macros and definitions within each other; default 20, as Velocity
}

func (l Limits) orDefaults() Limits {
	return Limits{Output: cmp.Or(l.Output, 10<<20), Steps: cmp.Or(l.Steps, 1_000_000), Loops: cmp.Or(l.Loops, 1000), Depth: cmp.Or(l.Depth, 20)}
}

// ErrLimit is wrapped by the errors of renderings that went beyond a limit.
var ErrLimit = errors.New("the template goes beyond a limit")

// Error says where in a template something is wrong.
type Error struct {
	Line, Column int // from 1
	Err          error
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %v", e.Line, e.Column, e.Err)
}

// Unwrap is what is wrong there.
func (e *Error) Unwrap() error { return e.Err }

// at makes an Error of err, unless it is one.
func at(source string, pos int, err error) error {
	if _, is := errors.AsType[*Error](err); is || err == errBreak || err == errStop {
		return err
	}
	before := source[:min(pos, len(source))]
	line := strings.Count(before, "\n") + 1
	return &Error{Line: line, Column: len(before) - strings.LastIndexByte(before, '\n'), Err: err}
}

// Render renders the template with the variables, by name without the dollar
// sign. It changes the lists and maps among them where the template does, and
// not the map itself.
func (t *Template) Render(variables map[string]any, limits Limits) (string, error) {
	r := &rendering{vars: maps.Clone(variables), macros: t.macros, limits: limits.orDefaults()}
	if r.vars == nil {
		r.vars = map[string]any{}
	}
	err := r.block(t.block)
	if err != nil && err != errStop && err != errBreak {
		return "", err
	}
	return r.out.String(), nil
}

// Object is a host's value in templates.
type Object interface {
	// Property is $object.name, and whether there is one.
	Property(name string) (value any, ok bool)
	// Call is $object.name(args). ErrNoMethod, wrapped or not, makes the
	// reference an undefined one; other errors end the rendering.
	Call(name string, args []any) (any, error)
}

// ErrNoMethod is what an Object answers for a method that it does not have.
var ErrNoMethod = errors.New("no such method")
