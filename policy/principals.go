package policy

import (
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

var (
	accountForm = regexp.MustCompile(`^\d{12}$`)
	whoForm     = regexp.MustCompile(`^arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|(user|role|assumed-role|federated-user|oidc-provider|saml-provider)/.+)$`)
	uniqueForm  = regexp.MustCompile(`^A[A-Z]{3}[A-Z0-9]{12,}$`)
	serviceForm = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
)

// readPrincipals reads the Principal element: "*", or an object of lists by kind.
func readPrincipals(v jsontext.Value) (*principals, *Error) {
	if v.Kind() == '"' {
		var s string
		if json.Unmarshal(v, &s) != nil || s != "*" {
			return nil, noPrincipal("STRING", s)
		}
		return &principals{everyone: true}, nil
	}
	var byKind map[string]jsontext.Value
	if v.Kind() != '{' || json.Unmarshal(v, &byKind) != nil || len(byKind) == 0 {
		return nil, errSyntax
	}
	ps := &principals{}
	for kind, value := range byKind {
		list, ok := texts(value)
		if !ok {
			return nil, errSyntax
		}
		for _, who := range list {
			if !ps.add(kind, who) {
				return nil, noPrincipal(strings.ToUpper(kind), who)
			}
		}
	}
	return ps, nil
}

func noPrincipal(kind, who string) *Error {
	e := malformed("Invalid principal in policy: %q:%q", kind, who)
	e.Principal = who
	return e
}

// add takes up one principal; false where it is none.
func (ps *principals) add(kind, who string) bool {
	switch kind {
	case "AWS":
		switch {
		case who == "*":
			ps.everyone = true
		case accountForm.MatchString(who):
			ps.accounts = append(ps.accounts, who)
		case !whoForm.MatchString(who):
			return uniqueForm.MatchString(who) // of someone who is gone: matches nobody
		case strings.HasSuffix(who, ":root"):
			ps.accounts = append(ps.accounts, strings.Split(who, ":")[4])
		default:
			ps.arns = append(ps.arns, who)
		}
	case "Service":
		if !serviceForm.MatchString(who) {
			return false
		}
		ps.services = append(ps.services, who)
	case "Federated":
		ps.federated = append(ps.federated, who)
	case "CanonicalUser":
	default:
		return false
	}
	return true
}
