package events

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/wire"
)

// maxPolicy bounds a bus's policy, in bytes (EventBridge quotas).
const maxPolicy = 10240

// maxPolicyDepth bounds a policy's nesting: none that means something goes deeper.
const maxPolicyDepth = 20

// statement is one statement of a bus's resource policy, as IAM writes them.
type statement struct {
	Sid          string          `json:"Sid,omitempty"`
	Effect       string          `json:"Effect"`
	Principal    json.RawMessage `json:"Principal,omitempty"`
	NotPrincipal json.RawMessage `json:"NotPrincipal,omitempty"`
	Action       json.RawMessage `json:"Action,omitempty"`
	NotAction    json.RawMessage `json:"NotAction,omitempty"`
	Resource     json.RawMessage `json:"Resource,omitempty"`
	NotResource  json.RawMessage `json:"NotResource,omitempty"`
	Condition    json.RawMessage `json:"Condition,omitempty"`
}

func (st *statement) check() error {
	one := func(a, b json.RawMessage) bool { return (a == nil) != (b == nil) }
	switch {
	case st.Effect != "Allow" && st.Effect != "Deny":
		return errors.New("each statement needs Effect, Allow or Deny")
	case !one(st.Principal, st.NotPrincipal):
		return errors.New("each statement needs one of Principal and NotPrincipal")
	case !one(st.Action, st.NotAction):
		return errors.New("each statement needs one of Action and NotAction")
	case st.Resource != nil && st.NotResource != nil:
		return errors.New("a statement has both Resource and NotResource")
	}
	return nil
}

// policy is a bus's policy document. The zero policy has no statement.
type policy struct {
	Version   string      `json:"Version"`
	ID        string      `json:"Id,omitempty"`
	Statement []statement `json:"Statement"`
}

const policyVersion = "2012-10-17"

// policy is the bus's policy document, absent where it has no statement.
func (b *bus) policy() *string {
	if len(b.Policy.Statement) == 0 {
		return nil
	}
	return new(api.JSON(b.Policy))
}

// PutPermission implements [api.API]: one statement by its members, or the whole
// policy. A statement takes the place of one with its id.
func (s *Service) PutPermission(ctx context.Context, in *api.PutPermissionInput) (*api.PutPermissionOutput, error) {
	_, err := s.changeBus(ctx, in.EventBusName, func(b *bus) (err error) {
		if in.Policy != nil {
			b.Policy, err = parsePolicy(in)
		} else {
			b.Policy, err = withStatement(b, in)
		}
		if err == nil && len(wire.Value(b.policy())) > maxPolicy {
			err = wire.Errorf(api.CodePolicyLengthExceededException, "The policy of event bus %s would exceed the %d bytes allowed.", b.Name, maxPolicy)
		}
		return err
	})
	return &api.PutPermissionOutput{}, err
}

func parsePolicy(in *api.PutPermissionInput) (policy, error) {
	if in.StatementId != nil || in.Action != nil || in.Principal != nil || in.Condition != nil {
		return policy{}, api.Invalid("Parameter Policy cannot be used together with StatementId, Action, Principal or Condition.")
	}
	p, err := readPolicy(*in.Policy)
	if err != nil {
		return policy{}, api.Invalid("Parameter Policy is not valid. Reason: %s.", err)
	}
	return p, nil
}

// readPolicy reads a policy document, whose statements may be one or a list.
func readPolicy(text string) (policy, error) {
	if _, err := compactObject(text); err != nil {
		return policy{}, err
	}
	if wire.Deeper(text, maxPolicyDepth) {
		return policy{}, fmt.Errorf("it nests more than %d levels deep", maxPolicyDepth)
	}
	var document struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	if err := strictly([]byte(text), &document); err != nil {
		return policy{}, err
	}
	p := policy{Version: document.Version, ID: document.ID}
	if p.Version == "" {
		p.Version = policyVersion
	}
	if p.Version != policyVersion && p.Version != "2008-10-17" {
		return policy{}, fmt.Errorf("there is no policy version %q", p.Version)
	}
	switch {
	case len(document.Statement) == 0:
		return policy{}, errors.New("Statement is missing")
	case document.Statement[0] != '[':
		document.Statement = slices.Concat([]byte("["), document.Statement, []byte("]"))
	}
	if err := strictly(document.Statement, &p.Statement); err != nil {
		return policy{}, fmt.Errorf("Statement: %w", err)
	}
	if len(p.Statement) == 0 {
		return policy{}, errors.New("Statement is empty")
	}
	for i := range p.Statement {
		if err := p.Statement[i].check(); err != nil {
			return policy{}, err
		}
	}
	return p, nil
}

// strictly decodes JSON whose members are all known.
func strictly(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func withStatement(b *bus, in *api.PutPermissionInput) (policy, error) {
	switch {
	case in.StatementId == nil:
		return policy{}, api.Invalid("Parameter StatementId must be specified.")
	case in.Action == nil:
		return policy{}, api.Invalid("Parameter Action must be specified.")
	case in.Principal == nil:
		return policy{}, api.Invalid("Parameter Principal must be specified.")
	}
	st := statement{
		Sid: *in.StatementId, Effect: "Allow",
		Action: json.RawMessage(api.JSON(*in.Action)), Resource: json.RawMessage(api.JSON(b.arn())),
	}
	if *in.Principal == "*" {
		st.Principal = json.RawMessage(`"*"`)
	} else {
		st.Principal = json.RawMessage(api.JSON(map[string]string{"AWS": arn.New("iam", "", *in.Principal, "root").String()}))
	}
	if c := in.Condition; c != nil {
		st.Condition = json.RawMessage(api.JSON(map[string]map[string]string{*c.Type: {*c.Key: *c.Value}}))
	}
	p := b.Policy
	if p.Version == "" {
		p.Version = policyVersion
	}
	p.Statement = slices.Clone(p.Statement)
	if i := slices.IndexFunc(p.Statement, func(o statement) bool { return o.Sid == st.Sid }); i >= 0 {
		p.Statement[i] = st
	} else {
		p.Statement = append(p.Statement, st)
	}
	return p, nil
}

// RemovePermission implements [api.API].
func (s *Service) RemovePermission(ctx context.Context, in *api.RemovePermissionInput) (*api.RemovePermissionOutput, error) {
	_, err := s.changeBus(ctx, in.EventBusName, func(b *bus) error {
		switch {
		case wire.Value(in.RemoveAllPermissions):
			b.Policy = policy{}
			return nil
		case in.StatementId == nil:
			return api.Invalid("Parameter StatementId must be specified, or RemoveAllPermissions set.")
		}
		i := slices.IndexFunc(b.Policy.Statement, func(o statement) bool { return o.Sid == *in.StatementId })
		if i < 0 {
			return api.NotFound("Statement with the provided id does not exist.")
		}
		b.Policy.Statement = slices.Delete(slices.Clone(b.Policy.Statement), i, i+1)
		return nil
	})
	return &api.RemovePermissionOutput{}, err
}
