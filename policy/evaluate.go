package policy

import "strings"

// Source is a document and what to call it.
type Source struct {
	Name     string // "arn:aws:iam::aws:policy/AdministratorAccess", or an inline policy's name
	Document *Document
}

// Set is everything that applies to one request.
type Set struct {
	Identity []Source // of the caller, and of the groups that it is in
	Boundary *Source  // nil: none
	Session  []Source // nil: the session has no policies of its own
	Resource []Source // of the resource; most have one or none
	// Trust says that the resource is a role, and its policy says whom it
	// trusts: that must always allow, in the same account too.
	Trust bool
}

// Evaluate decides (user guide of IAM, page
// reference_policies_evaluation-logic_policy-eval-denyallow).
func Evaluate(r *Request, set *Set) Decision {
	d := Decision{request: r, set: set}
	if set.denies(r, &d) {
		return d
	}
	resource := set.resource(r)
	p := &r.Principal
	if p.Service != "" || p.Federated != "" || p.Account == "" {
		// Whoever is of no account has no policies of its own.
		return d.by(ResourcePolicy, resource.statement, resource.source)
	}
	same := r.account() == p.Account
	if p.IsRoot() {
		if same && !set.Trust || resource.naming != unnamed {
			d.Allowed = true
			return d
		}
		return d.by(ResourcePolicy, nil, nil)
	}
	// A policy in the same account that names the caller needs no other; it
	// passes over the boundary and the session's policies only where it names
	// the very session or user.
	if same && resource.naming == bySession {
		return d.by(ResourcePolicy, resource.statement, resource.source)
	}
	granted := same && resource.naming >= directly
	if !granted {
		statement, source := allows(set.Identity, r)
		if statement == nil {
			return d.by(IdentityPolicy, nil, nil)
		}
		d = d.by(IdentityPolicy, statement, source)
	} else {
		d = d.by(ResourcePolicy, resource.statement, resource.source)
	}
	if set.Boundary != nil {
		if statement, _ := allows([]Source{*set.Boundary}, r); statement == nil {
			return d.by(BoundaryPolicy, nil, nil)
		}
	}
	if set.Session != nil {
		if statement, _ := allows(set.Session, r); statement == nil {
			return d.by(SessionPolicy, nil, nil)
		}
	}
	if !same && resource.naming == unnamed || set.Trust && resource.naming == unnamed {
		return d.by(ResourcePolicy, nil, nil)
	}
	return d
}

// account is the account that the resource is in.
func (r *Request) account() string {
	if r.ResourceAccount != "" {
		return r.ResourceAccount
	}
	if parts := strings.SplitN(r.Resource, ":", 6); len(parts) == 6 && parts[4] != "" {
		return parts[4]
	}
	return r.Principal.Account
}

// denies looks for an explicit deny in all that applies.
func (set *Set) denies(r *Request, d *Decision) bool {
	look := func(kind PolicyKind, sources ...Source) bool {
		for i := range sources {
			for _, s := range sources[i].Document.Statements {
				if s.Deny && s.covers(&r.Principal) != unnamed && s.applies(r) {
					d.Kind, d.Statement, d.Source, d.Explicit = kind, s, &sources[i], true
					return true
				}
			}
		}
		return false
	}
	return look(ResourcePolicy, set.Resource...) ||
		look(IdentityPolicy, set.Identity...) ||
		set.Boundary != nil && look(BoundaryPolicy, *set.Boundary) ||
		look(SessionPolicy, set.Session...)
}

// grant is what the resource's policies give.
type grant struct {
	naming
	statement *Statement
	source    *Source
}

// resource is the most that an allowing statement of the resource's policies
// gives.
func (set *Set) resource(r *Request) (g grant) {
	for i := range set.Resource {
		for _, s := range set.Resource[i].Document.Statements {
			if s.Deny {
				continue
			}
			if n := s.covers(&r.Principal); n > g.naming && s.applies(r) {
				g = grant{n, s, &set.Resource[i]}
			}
		}
	}
	return g
}

// allows finds a statement that allows.
func allows(sources []Source, r *Request) (*Statement, *Source) {
	for i := range sources {
		for _, s := range sources[i].Document.Statements {
			if !s.Deny && s.applies(r) {
				return s, &sources[i]
			}
		}
	}
	return nil, nil
}
