package access

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/policy"
	"github.com/signalbox/signalbox/wire"
)

// Caller is a principal with all that its policies say of it.
type Caller struct {
	policy.Principal
	Known    bool // there is such a user or role; the account's root always is known
	Identity []policy.Source
	Boundary *policy.Source
	// Context are the keys that follow from who it is, in lower case:
	// aws:username, aws:userid, aws:principaltag/…
	Context map[string][]string
}

// Identities knows the principals.
type Identities interface {
	// Caller finds whom an ARN names: a user, an account's root, a role's
	// session. One that is not known has no policies.
	Caller(principalARN string) Caller
	// Trust is the trust policy of a role; ok is false where there is no such
	// role.
	Trust(roleARN string) (document string, ok bool)
}

// Config is what a guard works with. Identities is needed.
type Config struct {
	Mode       Mode
	Identities Identities
	// ResourcePolicies are the policy documents of a resource; none where it has
	// none, or there is no such resource.
	ResourcePolicies func(ctx context.Context, resourceARN string) []string
	// Needs says what a service's requests need, by the service's model name.
	Needs  map[string]func(in any, r *wire.Request) []wire.Permission
	Clock  clock.Clock
	Logger *slog.Logger
}

// Guard decides. It is safe for concurrent use.
type Guard struct {
	config   Config
	parsed   policy.Cache
	refusals refusals
}

// New is a guard.
func New(c Config) *Guard {
	if c.Clock == nil {
		c.Clock = clock.Real()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.ResourcePolicies == nil {
		c.ResourcePolicies = func(context.Context, string) []string { return nil }
	}
	return &Guard{config: c}
}

// Mode is how the guard was made.
func (g *Guard) Mode() Mode { return g.config.Mode }

// Denied is why something is refused.
type Denied struct {
	Message string // in AWS's words
	Why     string // what decided, in words
}

// Error is the message.
func (d *Denied) Error() string { return d.Message }

// Call decides on a caller's request; it has the form of wire.Service.Authorize.
// In mode enforce the error is a *wire.Error.
func (g *Guard) Call(ctx context.Context, in any) error {
	r := wire.FromContext(ctx)
	if g.config.Mode == Off || r.Principal == "" { // of the latter the operation itself knows who may
		return nil
	}
	for _, need := range g.needs(in, r) {
		if strings.HasSuffix(r.Principal, ":root") && own(need, r.Account) {
			continue
		}
		denied := g.decide(ctx, g.config.Identities.Caller(r.Principal), r, need)
		if denied == nil {
			continue
		}
		if g.settle(ctx, note{r.Principal, need.Action, need.Resource, ""}, denied) != nil {
			return wire.Errorf(wire.CodeAccessDenied, "%s", denied.Message)
		}
	}
	return nil
}

// Resource is what a request is about, as far as its service says so; else "".
func (g *Guard) Resource(ctx context.Context, in any) string {
	if resource := g.needs(in, wire.FromContext(ctx))[0].Resource; resource != "*" {
		return resource
	}
	return ""
}

// needs is what a request needs, with what the service left open.
func (g *Guard) needs(in any, r *wire.Request) []wire.Permission {
	var needs []wire.Permission
	if of := g.config.Needs[r.Service]; of != nil {
		needs = of(in, r)
	}
	if needs == nil {
		needs = []wire.Permission{{}}
	}
	for i := range needs {
		if needs[i].Action == "" {
			needs[i].Action = prefix(r.Service) + ":" + r.Operation
		}
		if needs[i].Resource == "" {
			needs[i].Resource = "*"
		}
	}
	return needs
}

// prefix is what a service's actions begin with, where it is not the model's name.
func prefix(service string) string {
	switch service {
	case "stepfunctions":
		return "states"
	case "dynamodbstreams":
		return "dynamodb"
	case "sesv2":
		return "ses"
	case "apigatewayv2":
		return "apigateway"
	case "apigatewaymanagementapi":
		return "execute-api"
	case "eventbridgev2":
		return "events"
	}
	return service
}

// own says whether a permission is about the account itself, where its root may
// do everything. Whom a role trusts is asked of root too.
func own(need wire.Permission, account string) bool {
	a, err := arn.Parse(need.Resource)
	return err != nil || !ofRole(need.Action) && (a.Account == "" || a.Account == account)
}

const assumeRole = "sts:AssumeRole"

// ofRole says whether an action is a role's to allow, in its trust policy.
func ofRole(action string) bool { return action == assumeRole || action == "sts:TagSession" }

// decide is nil where the caller is allowed.
func (g *Guard) decide(ctx context.Context, c Caller, r *wire.Request, need wire.Permission) *Denied {
	q := &policy.Request{Principal: c.Principal, Action: need.Action, Resource: need.Resource, Context: map[string][]string{}}
	g.put(q, c.Context)
	if r != nil {
		q.Set("aws:RequestedRegion", r.Region)
		q.Set("aws:SecureTransport", strconv.FormatBool(r.Scheme == "https"))
		if r.SourceIP != nil {
			q.Set("aws:SourceIp", r.SourceIP.String())
		}
		if r.UserAgent != "" {
			q.Set("aws:UserAgent", r.UserAgent)
		}
		if r.Session != nil {
			for key, value := range r.Session.Tags {
				q.Set("aws:PrincipalTag/"+key, value)
			}
		}
	}
	g.put(q, need.Context)
	set := &policy.Set{Identity: c.Identity, Boundary: c.Boundary}
	if r != nil && r.Session != nil && r.Session.Policies != nil {
		set.Session = append([]policy.Source{}, g.sources("the session's policy", policy.Identity, r.Session.Policies...)...)
	}
	if ofRole(need.Action) {
		set.Trust = true
		if text, ok := g.config.Identities.Trust(need.Resource); ok {
			set.Resource = g.sources("the trust policy of "+need.Resource, policy.Trust, text)
		}
	} else if need.Resource != "*" {
		set.Resource = g.sources("the policy of "+need.Resource, policy.Resource, g.config.ResourcePolicies(ctx, need.Resource)...)
	}
	d := policy.Evaluate(q, set)
	if d.Allowed {
		return nil
	}
	denied := &Denied{Message: d.Message(), Why: d.String()}
	if strings.HasPrefix(need.Action, "sqs:") { // SQS tells its actions in lower case
		denied.Message = strings.ReplaceAll(denied.Message, need.Action, strings.ToLower(need.Action))
	}
	if !c.Known && c.Role != "" {
		denied.Why += "; there is no role " + c.Role
	}
	return denied
}

// put adds context, with the keys that every request has.
func (g *Guard) put(q *policy.Request, context map[string][]string) {
	now := g.config.Clock.Now().UTC()
	q.Set("aws:CurrentTime", now.Format(time.RFC3339))
	q.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	q.Set("aws:PrincipalIsAWSService", strconv.FormatBool(q.Principal.Service != ""))
	for key, values := range context {
		q.Set(key, values...)
	}
}

// sources reads policies. One that cannot be read allows nothing and denies
// nothing.
func (g *Guard) sources(name string, kind policy.Kind, texts ...string) []policy.Source {
	var list []policy.Source
	for _, text := range texts {
		d, err := g.parsed.Parse(text, kind)
		if err != nil {
			g.config.Logger.Warn("a policy cannot be read", "policy", name, "error", err)
			continue
		}
		list = append(list, policy.Source{Name: name, Document: d})
	}
	return list
}
