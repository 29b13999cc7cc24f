package wire

import (
	"context"
	"strings"

	"github.com/signalbox/signalbox/arn"
)

// Scope is whose things and where: the names of a service's things are unique
// within one.
type Scope struct{ Account, Region string }

// ScopeOf is the scope of the request that ctx carries.
func ScopeOf(ctx context.Context) Scope {
	r := FromContext(ctx)
	return Scope{Account: r.Account, Region: r.Region}
}

// ScopeOfARN is the scope that a thing's ARN names.
func ScopeOfARN(a arn.ARN) Scope { return Scope{Account: a.Account, Region: a.Region} }

// ARN names a thing of the scope.
func (s Scope) ARN(service, resource string) string {
	return arn.New(service, s.Region, s.Account, resource).String()
}

// Key is the key of a thing's document: account, region and the names, each
// followed by what no name contains. Key() is what the keys of all begin with.
func (s Scope) Key(names ...string) string {
	return s.Account + "|" + s.Region + "|" + strings.Join(names, "|")
}
