package events

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

// maxPolicy bounds a bus's policy, in bytes (EventBridge quotas).
const maxPolicy = 10240

// statement is one statement of a bus's resource policy, as IAM writes them.
type statement struct {
	Sid       string          `json:"Sid,omitempty"`
	Effect    string          `json:"Effect"`
	Principal json.RawMessage `json:"Principal,omitempty"`
	Action    json.RawMessage `json:"Action,omitempty"`
	Resource  json.RawMessage `json:"Resource,omitempty"`
	Condition json.RawMessage `json:"Condition,omitempty"`
}

type policy struct {
	Version   string      `json:"Version"`
	Statement []statement `json:"Statement"`
}

// policy is the bus's policy document, absent where it has no statement.
func (b *bus) policy() *string {
	if len(b.Policy) == 0 {
		return nil
	}
	return new(quote(policy{Version: "2012-10-17", Statement: b.Policy}))
}

// quote is v as JSON; v is of this package's own making and always has one.
func quote(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// PutPermission implements [API]: one statement by its members, or the whole
// policy. A statement takes the place of one with its id.
func (s *Service) PutPermission(ctx context.Context, in *PutPermissionInput) (*PutPermissionOutput, error) {
	_, err := s.changeBus(ctx, in.EventBusName, func(b *bus) (err error) {
		if in.Policy != nil {
			b.Policy, err = parsePolicy(in)
		} else {
			b.Policy, err = withStatement(b, in)
		}
		if err == nil && len(wire.Value(b.policy())) > maxPolicy {
			err = wire.Errorf(CodePolicyLengthExceededException, "The policy of event bus %s would exceed the %d bytes allowed.", b.Name, maxPolicy)
		}
		return err
	})
	return &PutPermissionOutput{}, err
}

func parsePolicy(in *PutPermissionInput) ([]statement, error) {
	if in.StatementId != nil || in.Action != nil || in.Principal != nil || in.Condition != nil {
		return nil, invalid("Parameter Policy cannot be used together with StatementId, Action, Principal or Condition.")
	}
	var p struct {
		Version   string
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(*in.Policy), &p); err != nil || len(p.Statement) == 0 {
		return nil, invalid("Parameter Policy is not valid. Reason: it must be a JSON policy document with a Statement.")
	}
	var list []statement
	if err := json.Unmarshal(p.Statement, &list); err != nil {
		list = make([]statement, 1)
		if err := json.Unmarshal(p.Statement, &list[0]); err != nil {
			return nil, invalid("Parameter Policy is not valid. Reason: Statement must be a statement or a list of statements.")
		}
	}
	for _, st := range list {
		if (st.Effect != "Allow" && st.Effect != "Deny") || st.Principal == nil || st.Action == nil {
			return nil, invalid("Parameter Policy is not valid. Reason: each statement needs Effect (Allow or Deny), Principal and Action.")
		}
	}
	return list, nil
}

func withStatement(b *bus, in *PutPermissionInput) ([]statement, error) {
	switch {
	case in.StatementId == nil:
		return nil, invalid("Parameter StatementId must be specified.")
	case in.Action == nil:
		return nil, invalid("Parameter Action must be specified.")
	case in.Principal == nil:
		return nil, invalid("Parameter Principal must be specified.")
	}
	st := statement{
		Sid: *in.StatementId, Effect: "Allow",
		Action: json.RawMessage(quote(*in.Action)), Resource: json.RawMessage(quote(b.arn())),
	}
	if *in.Principal == "*" {
		st.Principal = json.RawMessage(`"*"`)
	} else {
		st.Principal = json.RawMessage(quote(map[string]string{"AWS": arn.New("iam", "", *in.Principal, "root").String()}))
	}
	if c := in.Condition; c != nil {
		st.Condition = json.RawMessage(quote(map[string]map[string]string{*c.Type: {*c.Key: *c.Value}}))
	}
	list := slices.Clone(b.Policy)
	if i := slices.IndexFunc(list, func(o statement) bool { return o.Sid == st.Sid }); i >= 0 {
		list[i] = st
		return list, nil
	}
	return append(list, st), nil
}

// RemovePermission implements [API].
func (s *Service) RemovePermission(ctx context.Context, in *RemovePermissionInput) (*RemovePermissionOutput, error) {
	_, err := s.changeBus(ctx, in.EventBusName, func(b *bus) error {
		switch {
		case wire.Value(in.RemoveAllPermissions):
			b.Policy = nil
			return nil
		case in.StatementId == nil:
			return invalid("Parameter StatementId must be specified, or RemoveAllPermissions set.")
		case len(b.Policy) == 0:
			return notFound("EventBus does not have a policy.")
		}
		i := slices.IndexFunc(b.Policy, func(o statement) bool { return o.Sid == *in.StatementId })
		if i < 0 {
			return notFound("Statement with the provided id does not exist.")
		}
		b.Policy = slices.Delete(slices.Clone(b.Policy), i, i+1)
		return nil
	})
	return &RemovePermissionOutput{}, err
}
