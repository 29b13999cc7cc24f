package policy

import (
	"slices"
	"strings"
)

// Principal is who makes a request.
type Principal struct {
	ARN     string // of the user, the role's session or the account's root; "" for an anonymous caller or a service
	Account string // 12 digits; "" for an anonymous caller or a service
	Role    string // for a session: the role's ARN, with its path
	Service string // for a service that acts on its own behalf: "events.amazonaws.com"
	// Federated is the ARN or name of the provider that vouches for a caller of
	// AssumeRoleWithWebIdentity.
	Federated string
}

// User is the principal of an ARN: a user, the account's root, or a role's
// session whose role has no path.
func User(arn string) Principal {
	p := Principal{ARN: arn}
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return p
	}
	p.Account = parts[4]
	if name, ok := strings.CutPrefix(parts[5], "assumed-role/"); ok && parts[2] == "sts" {
		name, _, _ = strings.Cut(name, "/")
		p.Role = parts[0] + ":" + parts[1] + ":iam::" + p.Account + ":role/" + name
	}
	return p
}

// Service is the principal of an AWS service that acts on its own behalf.
func Service(name string) Principal { return Principal{Service: name} }

// IsRoot tells the account itself, who needs no identity policies.
func (p *Principal) IsRoot() bool {
	return strings.HasPrefix(p.ARN, "arn:") && strings.HasSuffix(p.ARN, ":root") && strings.Contains(p.ARN, ":iam::")
}

// principals is the Principal or NotPrincipal element.
type principals struct {
	everyone  bool
	arns      []string // users, roles, sessions
	accounts  []string // "111122223333"
	services  []string
	federated []string
}

// naming is how a policy's principal covers a caller.
type naming int

const (
	unnamed   naming = iota
	byAccount        // its account is named, which leaves it to the account to allow
	directly         // its role is named, its service, its account where it is root, or everyone
	bySession        // the very session or user is named
)

// covers says how the element covers the caller.
func (ps *principals) covers(p *Principal) naming {
	switch {
	case ps.everyone:
		return directly
	case p.Service != "":
		if slices.Contains(ps.services, p.Service) {
			return directly
		}
		return unnamed
	case p.Federated != "":
		if slices.Contains(ps.federated, p.Federated) {
			return directly
		}
		return unnamed
	case p.ARN != "" && slices.Contains(ps.arns, p.ARN):
		return bySession
	case p.Role != "" && slices.Contains(ps.arns, p.Role):
		return directly
	case p.Account != "" && slices.Contains(ps.accounts, p.Account):
		if p.IsRoot() {
			return directly
		}
		return byAccount
	}
	return unnamed
}

// covers says how the statement's principal covers the caller. A statement
// without one, of an identity policy, covers whom it is attached to.
func (s *Statement) covers(p *Principal) naming {
	if s.principals == nil {
		return directly
	}
	n := s.principals.covers(p)
	if !s.notPrincipal {
		return n
	}
	if n == unnamed {
		return directly
	}
	return unnamed
}
