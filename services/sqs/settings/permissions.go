package settings

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/services/sqs/refuse"
	"github.com/signalbox/signalbox/wire"
)

// document is a queue's resource policy as far as AddPermission and
// RemovePermission change it; statements that they did not write stay as they are.
type document struct {
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

// Statement is one permission for others, under its label.
type Statement struct {
	label string
	text  json.RawMessage
}

// NewStatement is the statement that AddPermission writes: the accounts may do
// the actions with the queue. Errors are InvalidParameterValue,
// MissingParameter and OverLimit.
func NewStatement(q address.Queue, label *string, accounts, actions []string) (Statement, error) {
	switch {
	case label == nil || !address.ValidName(*label):
		return Statement{}, refuse.Invalidf("Label can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	case len(accounts) == 0:
		return Statement{}, refuse.Missing("PrincipalId")
	case len(actions) == 0:
		return Statement{}, refuse.Missing("Actions")
	case len(actions) > 7:
		return Statement{}, wire.Errorf("OverLimit", "%d Actions were found, maximum allowed is 7.", len(actions))
	}
	principals, granted := make([]string, 0, len(accounts)), make([]string, 0, len(actions))
	for _, id := range accounts {
		if !address.IsAccount(id) {
			return Statement{}, refuse.Value("["+id+"]", "PrincipalId", "Unable to verify.")
		}
		principals = append(principals, "arn:aws:iam::"+id+":root")
	}
	for _, action := range actions {
		if !slices.Contains(grantable, action) {
			return Statement{}, refuse.Value("SQS:"+action, "ActionName", "Please refer to the appropriate WSDL for a list of valid actions.")
		}
		granted = append(granted, "SQS:"+action)
	}
	b, err := json.Marshal(statement{
		Sid: *label, Effect: "Allow", Principal: map[string]any{"AWS": oneOrMany(principals)},
		Action: oneOrMany(granted), Resource: q.ARN(),
	})
	if err != nil {
		return Statement{}, fmt.Errorf("writing the policy of %s: %w", q.Key(), err)
	}
	return Statement{*label, b}, nil
}

// Permit adds a statement to the policy of the queue that has the attributes. A
// label that the policy has is the error InvalidParameterValue.
func (a Attributes) Permit(q address.Queue, s Statement) error {
	p := document{Version: "2008-10-17", ID: q.ARN() + "/SQSDefaultPolicy"}
	if text := a[policy]; text != "" {
		var err error
		if p, err = parsePolicy(text); err != nil {
			return err
		}
	}
	if p.index(s.label) >= 0 {
		return refuse.Value(s.label, "Label", "Already exists.")
	}
	p.Statement = append(p.Statement, s.text)
	return a.setPolicy(p)
}

// Forbid takes the statement with the label out of the policy. A label that the
// policy does not have is the error InvalidParameterValue.
func (a Attributes) Forbid(label string) error {
	var p document
	if text := a[policy]; text != "" {
		var err error
		if p, err = parsePolicy(text); err != nil {
			return err
		}
	}
	i := p.index(label)
	if i < 0 {
		return refuse.Value(label, "Label", "can't find label.")
	}
	p.Statement = slices.Delete(p.Statement, i, i+1)
	return a.setPolicy(p)
}

func (a Attributes) setPolicy(p document) error {
	if len(p.Statement) == 0 {
		delete(a, policy)
		return nil
	}
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("writing a policy: %w", err)
	}
	a[policy] = string(b)
	return nil
}

// parsePolicy reads a policy whose Statement is a list or, as IAM allows, one statement.
func parsePolicy(text string) (document, error) {
	var loose struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &loose); err != nil {
		return document{}, wire.Errorf(codeInvalidValue, "Invalid value for the parameter Policy.")
	}
	p := document{Version: loose.Version, ID: loose.ID}
	if json.Unmarshal(loose.Statement, &p.Statement) != nil && len(loose.Statement) > 0 {
		p.Statement = []json.RawMessage{loose.Statement}
	}
	return p, nil
}

func (p document) index(label string) int {
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
