package access

import (
	"context"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/policy"
	"github.com/signalbox/signalbox/wire"
)

// Request is something that is done on someone's behalf: a rule's event comes to
// its target, a pipe reads its source, a function URL is called.
type Request struct {
	Service string // that does it: "events.amazonaws.com"
	Role    string // ARN of the role that it does it as; "": as itself, by the resource's policy
	Session string // the session's name, of a role
	// Principal is the ARN of a caller who does it itself, in the place of
	// Service and Role.
	Principal string
	Narrowed  *wire.Session // of Principal's credentials; nil: nothing more is known
	Source    string        // ARN of what it is done for: the rule (aws:SourceArn)
	Action    string        // "sqs:SendMessage"
	Resource  string        // ARN
	Context   map[string][]string
}

// Authorize is nil where the policies allow the request, and always but in mode
// enforce. The error is a *Denied.
func (g *Guard) Authorize(ctx context.Context, r Request) error {
	if g.config.Mode == Off {
		return nil
	}
	who, denied := g.allowed(ctx, r)
	if denied == nil {
		return nil
	}
	return g.settle(ctx, note{who, r.Action, r.Resource, r.Source}, denied)
}

// allowed decides, and says who it was that asked.
func (g *Guard) allowed(ctx context.Context, r Request) (who string, denied *Denied) {
	need := wire.Permission{Action: r.Action, Resource: r.Resource, Context: map[string][]string{}}
	for key, values := range r.Context {
		need.Context[key] = values
	}
	if a, err := arn.Parse(r.Source); err == nil {
		need.Context["aws:sourcearn"], need.Context["aws:sourceaccount"] = []string{r.Source}, []string{a.Account}
	}
	switch {
	case r.Principal != "":
		call := *wire.FromContext(ctx) // has all but the caller
		call.Session = r.Narrowed
		return r.Principal, g.decide(ctx, g.config.Identities.Caller(r.Principal), &call, need)
	case r.Role == "":
		need.Context["aws:principalservicename"] = []string{r.Service}
		return r.Service, g.decide(ctx, Caller{Principal: policy.Service(r.Service), Known: true}, nil, need)
	}
	a, err := arn.Parse(r.Role)
	if err != nil {
		return r.Role, &Denied{Message: "The role " + r.Role + " is not an ARN", Why: err.Error()}
	}
	if denied := g.trusts(ctx, r, need.Context); denied != nil {
		return r.Role, denied
	}
	session := arn.New("sts", "", a.Account, "assumed-role/"+a.Resource[strings.LastIndexByte(a.Resource, '/')+1:]+"/"+r.Session).String()
	// What the role does is not the service's: the source is no longer told.
	return session, g.decide(ctx, g.config.Identities.Caller(session), nil, wire.Permission{Action: r.Action, Resource: r.Resource, Context: r.Context})
}

// trusts asks whether the service may act as the role.
func (g *Guard) trusts(ctx context.Context, r Request, context map[string][]string) *Denied {
	if _, ok := g.config.Identities.Trust(r.Role); !ok {
		return &Denied{Message: r.Service + " is unable to assume role " + r.Role, Why: "there is no role " + r.Role}
	}
	denied := g.decide(ctx, Caller{Principal: policy.Service(r.Service), Known: true}, nil, wire.Permission{Action: assumeRole, Resource: r.Role, Context: context})
	if denied != nil {
		denied.Message = r.Service + " is unable to assume role " + r.Role
	}
	return denied
}
