package server

import (
	"context"
	"fmt"
	"strings"

	"github.com/signalbox/signalbox/access"
	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/gateway"
	"github.com/signalbox/signalbox/services/apigateway"
	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/streams"
	"github.com/signalbox/signalbox/services/events"
	"github.com/signalbox/signalbox/services/iam"
	"github.com/signalbox/signalbox/services/lambda"
	"github.com/signalbox/signalbox/services/logs"
	"github.com/signalbox/signalbox/services/pipes"
	"github.com/signalbox/signalbox/services/sqs"
	"github.com/signalbox/signalbox/services/sts"
	"github.com/signalbox/signalbox/wire"
)

// mode is how IAM is taken: as it was said, or as fits the callers.
func (c *Config) mode() access.Mode {
	switch {
	case c.IAM != nil:
		return *c.IAM
	case c.Auth == gateway.Required:
		return access.Enforce
	}
	return access.Audit
}

// owners are those who have things with policies of their own.
type owners struct {
	queues    *sqs.Service
	groups    *logs.Service
	functions *lambda.Service
	tables    *dynamodb.Service
	out       *outlets // has the event buses, once they are open
}

// newGuard makes what decides who may do what.
func newGuard(c Config, identities *iam.Service, o owners) *access.Guard {
	return access.New(access.Config{
		Mode: c.mode(), Identities: identities, ResourcePolicies: o.policies, Clock: c.Clock, Logger: c.Logger,
		Needs: map[string]func(any, *wire.Request) []wire.Permission{
			"events": events.Needs, "sqs": sqs.Needs, "logs": logs.Needs, "lambda": lambda.Needs, "sts": sts.Needs, "iam": identities.Needs,
			"dynamodb": dynamodb.Needs, "dynamodbstreams": streams.Needs, "pipes": pipes.Needs,
			"apigateway": access.RESTNeeds("apigateway", apigateway.NewService((*apigateway.Service)(nil))), // a table alone
		},
	})
}

// policies are the resource policies of the thing with that ARN.
func (o owners) policies(ctx context.Context, text string) []string {
	a, err := arn.Parse(text)
	if err != nil {
		return nil
	}
	switch a.Service {
	case "sqs":
		return o.queues.ResourcePolicies(text)
	case "logs":
		return o.groups.ResourcePolicies(text)
	case "events":
		if buses := o.out.buses.Load(); buses != nil {
			return buses.ResourcePolicies(ctx, text)
		}
	case "dynamodb":
		return o.tables.ResourcePolicies(text)
	case "lambda":
		ctx = wire.NewContext(ctx, &wire.Request{Account: a.Account, Region: a.Region})
		if document, err := o.functions.Policy(ctx, text); err == nil && document != "" {
			return []string{document}
		}
	}
	return nil
}

// userKeys are the access keys of IAM's users.
type userKeys struct{ identities *iam.Service }

// Lookup implements [gateway.Keys].
func (k userKeys) Lookup(_ context.Context, id, sessionToken string) (gateway.Credential, error) {
	key, ok, err := k.identities.Key(id)
	switch {
	case err != nil:
		return gateway.Credential{}, err
	case !ok:
		return gateway.Credential{}, gateway.ErrUnknownKey
	case sessionToken != "" || !key.Active:
		return gateway.Credential{}, fmt.Errorf("%w, or the key is inactive", gateway.ErrInvalidToken)
	}
	return gateway.Credential{Secret: key.Secret, Account: key.Account, Principal: key.Principal}, nil
}

// authorize asks the guard, and notes that the caller's key was used.
func authorize(guard *access.Guard, identities *iam.Service) func(context.Context, any) error {
	return func(ctx context.Context, in any) error {
		r := wire.FromContext(ctx)
		if strings.HasPrefix(r.AccessKeyID, "AKIA") {
			if err := identities.Used(ctx, r.AccessKeyID, r.Service, r.Region); err != nil {
				return err
			}
		}
		if r.Trace != "" {
			r.Resource = guard.Resource(ctx, in)
		}
		return guard.Call(ctx, in)
	}
}

// tokens opens sts.
func tokens(c Config, keys *gateway.Keyring, identities *iam.Service) *sts.Service {
	t := sts.New(c.Clock, keys)
	t.Identities = identities
	t.AccountOf = func(id string) (string, bool) {
		if root := keys.Root(); root.AccessKeyID == id {
			return root.Account, true
		}
		key, ok, err := identities.Key(id)
		return key.Account, ok && err == nil
	}
	return t
}

// Refusals lists what IAM's policies did not allow, the latest first; in mode
// audit it was done all the same.
func (s *Server) Refusals() []access.Refusal { return s.guard.Refusals() }
