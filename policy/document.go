package policy

import "fmt"

// Kind is what a policy is for; it says which elements a statement must have.
type Kind int

const (
	// Identity policies say what those whom they are attached to may do: a
	// statement has no principal, and names resources. So do permissions
	// boundaries and session policies.
	Identity Kind = iota
	// Resource policies say who may use what they are attached to: a statement
	// has a principal, and need not name resources.
	Resource
	// Trust policies say who may assume a role: a statement has a principal
	// and no resource, and its actions are those of sts.
	Trust
)

// Versions of the policy language.
const (
	Version2008 = "2008-10-17" // without variables
	Version2012 = "2012-10-17"
)

// Document is a policy that was read. It is immutable.
type Document struct {
	Version    string // Version2008 where the text has none
	ID         string
	Statements []*Statement
}

// Statement is one statement of a document.
type Statement struct {
	Sid   string
	Index int // in the document, from 0
	Deny  bool

	principals   *principals // nil: not said
	notPrincipal bool
	actions      []*glob
	notAction    bool
	resources    []*glob // nil: not said
	notResource  bool
	conditions   []condition
}

// String names the statement, for people: its Sid or its place.
func (s *Statement) String() string {
	if s.Sid != "" {
		return fmt.Sprintf("statement %q", s.Sid)
	}
	return fmt.Sprintf("statement %d", s.Index+1)
}

// applies says whether the statement is about the request: its principal (where
// it names one), action, resource and conditions.
func (s *Statement) applies(r *Request) bool {
	return s.matchesAction(r) && s.matchesResource(r) && s.matchesConditions(r)
}

func (s *Statement) matchesAction(r *Request) bool {
	return s.notAction != matchAny(s.actions, lower(r.Action), r)
}

func (s *Statement) matchesResource(r *Request) bool {
	if s.resources == nil {
		return true
	}
	return s.notResource != matchAny(s.resources, r.Resource, r)
}

func (s *Statement) matchesConditions(r *Request) bool {
	for i := range s.conditions {
		if !s.conditions[i].holds(r) {
			return false
		}
	}
	return true
}

// Keys are the context keys that the document's conditions and variables ask
// for, as they are first written, each once, in the order of their appearance.
func (d *Document) Keys() []string {
	var keys []string
	seen := map[string]bool{}
	add := func(key string) {
		if !seen[lower(key)] {
			seen[lower(key)] = true
			keys = append(keys, key)
		}
	}
	for _, s := range d.Statements {
		for _, g := range s.resources {
			g.keys(add)
		}
		for i := range s.conditions {
			add(s.conditions[i].name)
			for _, v := range s.conditions[i].values {
				v.keys(add)
			}
		}
	}
	return keys
}
