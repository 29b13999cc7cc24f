package sqs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/signalbox/signalbox/wire"
)

// policy is a queue's resource policy as far as AddPermission and
// RemovePermission change it; statements that they did not write stay as they are.
type policy struct {
	Version   string            `json:"Version"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

type statement struct {
	Sid       string         `json:"Sid"`
	Effect    string         `json:"Effect"`
	Principal map[string]any `json:"Principal"`
	Action    any            `json:"Action"`
	Resource  string         `json:"Resource"`
}

// grantable are the actions that can be given to others.
var grantable = []string{
	"*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl",
	"ListDeadLetterSourceQueues", "PurgeQueue", "ReceiveMessage", "SendMessage",
}

// AddPermission implements [API].
func (s *Service) AddPermission(ctx context.Context, in *AddPermissionInput) (*AddPermissionOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	added, err := q.newStatement(in)
	if err != nil {
		return nil, err
	}
	return nil, s.store.update(ctx, q.address, func(d *document) (bool, error) {
		p := policy{Version: "2008-10-17", ID: q.arn() + "/SQSDefaultPolicy"}
		if text := d.Attributes[QueueAttributeNamePolicy]; text != "" {
			var err error
			if p, err = parsePolicy(text); err != nil {
				return false, err
			}
		}
		if p.index(*in.Label) >= 0 {
			return false, invalidValue(*in.Label, "Label", "Already exists.")
		}
		p.Statement = append(p.Statement, added)
		return true, s.setPolicy(d, p)
	})
}

func (q *queue) newStatement(in *AddPermissionInput) (json.RawMessage, error) {
	switch {
	case in.Label == nil || !validName(*in.Label):
		return nil, wire.Errorf(codeInvalidParameterValue, "Label can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	case len(in.AWSAccountIds) == 0:
		return nil, missing("PrincipalId")
	case len(in.Actions) == 0:
		return nil, missing("Actions")
	case len(in.Actions) > 7:
		return nil, wire.Errorf(CodeOverLimit, "%d Actions were found, maximum allowed is 7.", len(in.Actions))
	}
	principals, actions := make([]string, 0, len(in.AWSAccountIds)), make([]string, 0, len(in.Actions))
	for _, id := range in.AWSAccountIds {
		if !isAccount(id) {
			return nil, invalidValue("["+id+"]", "PrincipalId", "Unable to verify.")
		}
		principals = append(principals, "arn:aws:iam::"+id+":root")
	}
	for _, action := range in.Actions {
		if !slices.Contains(grantable, action) {
			return nil, invalidValue("SQS:"+action, "ActionName", "Please refer to the appropriate WSDL for a list of valid actions.")
		}
		actions = append(actions, "SQS:"+action)
	}
	b, err := json.Marshal(statement{
		Sid: *in.Label, Effect: "Allow", Principal: map[string]any{"AWS": oneOrMany(principals)},
		Action: oneOrMany(actions), Resource: q.arn(),
	})
	if err != nil {
		return nil, fmt.Errorf("writing the policy of %s: %w", q.key(), err)
	}
	return b, nil
}

// RemovePermission implements [API].
func (s *Service) RemovePermission(ctx context.Context, in *RemovePermissionInput) (*RemovePermissionOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if in.Label == nil {
		return nil, missing("Label")
	}
	return nil, s.store.update(ctx, q.address, func(d *document) (bool, error) {
		var p policy
		if text := d.Attributes[QueueAttributeNamePolicy]; text != "" {
			if p, err = parsePolicy(text); err != nil {
				return false, err
			}
		}
		i := p.index(*in.Label)
		if i < 0 {
			return false, invalidValue(*in.Label, "Label", "can't find label.")
		}
		p.Statement = slices.Delete(p.Statement, i, i+1)
		return true, s.setPolicy(d, p)
	})
}

func (s *Service) setPolicy(d *document, p policy) error {
	d.Modified = s.clock.Now().UnixMilli()
	if len(p.Statement) == 0 {
		delete(d.Attributes, QueueAttributeNamePolicy)
		return nil
	}
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("writing a policy: %w", err)
	}
	if d.Attributes == nil {
		d.Attributes = map[string]string{}
	}
	d.Attributes[QueueAttributeNamePolicy] = string(b)
	return nil
}

// parsePolicy reads a policy whose Statement is a list or, as IAM allows, one statement.
func parsePolicy(text string) (policy, error) {
	var loose struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &loose); err != nil {
		return policy{}, wire.Errorf(CodeInvalidAttributeValue, "Invalid value for the parameter Policy.")
	}
	p := policy{Version: loose.Version, ID: loose.ID}
	if json.Unmarshal(loose.Statement, &p.Statement) != nil && len(loose.Statement) > 0 {
		p.Statement = []json.RawMessage{loose.Statement}
	}
	return p, nil
}

func (p policy) index(label string) int {
	return slices.IndexFunc(p.Statement, func(raw json.RawMessage) bool {
		var st struct{ Sid string }
		return json.Unmarshal(raw, &st) == nil && st.Sid == label
	})
}

func oneOrMany(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}
