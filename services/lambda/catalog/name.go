package catalog

import (
	"context"
	"regexp"
	"strings"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/wire"
)

// Latest is the version that can be changed.
const Latest = "$LATEST"

// Name is a function as a request names it.
type Name struct {
	wire.Scope
	Function  string
	Qualifier string // version or alias; empty: none was given
}

// nameForm takes apart a name, a partial ARN (account:function:name) or a whole
// one, each with or without a qualifier.
var nameForm = regexp.MustCompile(`^(?:arn:aws[a-zA-Z-]*:lambda:)?(?:([a-z]{2}(?:-[a-z]+)+-\d):)?(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9_-]+)(?::([$a-zA-Z0-9_.-]+))?$`)

// Read takes a name apart; sc is where it is where it does not say so itself.
func Read(sc wire.Scope, text string) (Name, bool) {
	m := nameForm.FindStringSubmatch(text)
	if m == nil {
		return Name{}, false
	}
	n := Name{Scope: sc, Function: m[3], Qualifier: m[4]}
	if m[1] != "" {
		n.Region = m[1]
	}
	if m[2] != "" {
		n.Account = m[2]
	}
	return n, true
}

// Locate reads the name of a request, with the qualifier that may be given
// beside it.
func Locate(ctx context.Context, text string, qualifier *string) (Name, error) {
	n, ok := Read(wire.ScopeOf(ctx), text)
	if !ok {
		return Name{}, api.Breaks(text, "functionName", "Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?")
	}
	if qualifier != nil && *qualifier != "" {
		if n.Qualifier != "" && n.Qualifier != *qualifier {
			return Name{}, api.Invalid("The derived qualifier from the function name does not match the specified qualifier.")
		}
		n.Qualifier = *qualifier
	}
	return n, nil
}

// Key is that of the function's documents.
func (n Name) Key(more ...string) string {
	return n.Scope.Key(append([]string{n.Function}, more...)...)
}

// ARN is the function's, with the qualifier where one was given.
func (n Name) ARN() string { return FunctionARN(n.Scope, n.Function, n.Qualifier) }

// FunctionARN names a function, or a version or alias of it.
func FunctionARN(sc wire.Scope, function, qualifier string) string {
	if qualifier != "" {
		function += ":" + qualifier
	}
	return sc.ARN("lambda", "function:"+function)
}

// IsVersion tells whether a qualifier is a version's number.
func IsVersion(q string) bool {
	return q != "" && strings.Trim(q, "0123456789") == ""
}
