package policy

import "fmt"

// PolicyKind says which of the policies that apply decided.
type PolicyKind int

// The kinds of policies.
const (
	IdentityPolicy PolicyKind = iota
	ResourcePolicy
	BoundaryPolicy
	SessionPolicy
)

// Decision is the answer to a request. Its text says why.
type Decision struct {
	Allowed  bool
	Explicit bool       // a statement denies, rather than none allowing
	Kind     PolicyKind // of the policy that decided, or of those that lack an allow
	// Statement decided, of Source's document. Both are nil where no statement
	// allows, and where root is allowed without one.
	Statement *Statement
	Source    *Source

	request *Request
	set     *Set
}

// by settles what a kind of policies gave: an allow where there is a statement.
func (d Decision) by(kind PolicyKind, s *Statement, source *Source) Decision {
	d.Kind, d.Allowed = kind, s != nil
	d.Statement, d.Source = s, source
	if s == nil {
		d.Source = nil
	}
	return d
}

// String says what decided: "no identity-based policy allows events:PutEvents on
// arn:…".
func (d Decision) String() string {
	if d.request == nil {
		return "nothing was asked"
	}
	what := d.request.Action + " on " + d.request.Resource
	switch {
	case d.Statement != nil && d.Allowed:
		return fmt.Sprintf("%s of %s allows %s", d.Statement, d.Source.Name, what)
	case d.Statement != nil:
		return fmt.Sprintf("%s of %s denies %s", d.Statement, d.Source.Name, what)
	case d.Allowed:
		return "the account's root may do everything in it"
	}
	return fmt.Sprintf("no %s allows %s", d.kindName(), what)
}

// Message is the refusal in AWS's words (user guide of IAM, page
// troubleshoot_access-denied).
func (d Decision) Message() string {
	r := d.request
	who := r.Principal.ARN
	switch {
	case r.Principal.Service != "":
		who = r.Principal.Service
	case r.Principal.Federated != "":
		who = r.Principal.Federated
	case who == "":
		who = "anonymous"
	}
	text := "User: " + who + " is not authorized to perform: " + r.Action
	if r.Resource != "" {
		text += " on resource: " + r.Resource
	}
	if d.Explicit {
		article := "an"
		if d.Kind != IdentityPolicy {
			article = "a"
		}
		return text + " with an explicit deny in " + article + " " + d.kindName()
	}
	return text + " because no " + d.kindName() + " allows the " + r.Action + " action"
}

func (d Decision) kindName() string {
	switch {
	case d.Kind == ResourcePolicy && d.set.Trust:
		return "role trust policy"
	case d.Kind == ResourcePolicy:
		return "resource-based policy"
	case d.Kind == BoundaryPolicy:
		return "permissions boundary"
	case d.Kind == SessionPolicy:
		return "session policy"
	}
	return "identity-based policy"
}
