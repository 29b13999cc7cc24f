package lambda

import (
	"context"
	"regexp"
	"strings"

	"github.com/signalbox/signalbox/wire"
)

const latest = "$LATEST"

// name is a function as a request names it.
type name struct {
	wire.Scope
	function  string
	qualifier string // version or alias; empty: none was given
}

// nameForm takes apart a name, a partial ARN (account:function:name) or a whole
// one, each with or without a qualifier.
var nameForm = regexp.MustCompile(`^(?:arn:aws[a-zA-Z-]*:lambda:)?(?:([a-z]{2}(?:-[a-z]+)+-\d):)?(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9_-]+)(?::([$a-zA-Z0-9_.-]+))?$`)

// locate reads the name of a request, with the qualifier that may be given
// beside it.
func locate(ctx context.Context, text string, qualifier *string) (name, error) {
	m := nameForm.FindStringSubmatch(text)
	if m == nil {
		return name{}, breaks(text, "functionName", "Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?")
	}
	n := name{Scope: wire.ScopeOf(ctx), function: m[3], qualifier: m[4]}
	if m[1] != "" {
		n.Region = m[1]
	}
	if m[2] != "" {
		n.Account = m[2]
	}
	if qualifier != nil && *qualifier != "" {
		if n.qualifier != "" && n.qualifier != *qualifier {
			return name{}, invalid("The derived qualifier from the function name does not match the specified qualifier.")
		}
		n.qualifier = *qualifier
	}
	return n, nil
}

// key is that of the function's documents.
func (n name) key(more ...string) string {
	return n.Scope.Key(append([]string{n.function}, more...)...)
}

// arn is the function's, with the qualifier where one was given.
func (n name) arn() string { return functionARN(n.Scope, n.function, n.qualifier) }

func functionARN(sc wire.Scope, function, qualifier string) string {
	if qualifier != "" {
		function += ":" + qualifier
	}
	return sc.ARN("lambda", "function:"+function)
}

// isVersion tells whether a qualifier is a version's number.
func isVersion(q string) bool {
	return q != "" && strings.Trim(q, "0123456789") == ""
}
