// Package buspolicy reads and makes the resource policies of event buses, as IAM
// writes them (EventBridge user guide, page eb-event-bus-perms). A [Policy] never
// changes: what adds to one returns another.
package buspolicy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/wire"
)

// maxDepth bounds a policy's nesting: none that means something goes deeper.
const maxDepth = 20

// Statement is one statement of a bus's resource policy, as IAM writes them.
type Statement struct {
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

func (st *Statement) check() error {
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

// Policy is a bus's policy document. The zero policy has no Statement.
type Policy struct {
	Version   string      `json:"Version"`
	ID        string      `json:"Id,omitempty"`
	Statement []Statement `json:"Statement"`
}

const version = "2012-10-17"

// Read reads a policy document, whose statements may be one or a list.
func Read(text string) (Policy, error) {
	if !json.Valid([]byte(text)) || !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
		return Policy{}, errors.New("it is not a JSON object")
	}
	if wire.Deeper(text, maxDepth) {
		return Policy{}, fmt.Errorf("it nests more than %d levels deep", maxDepth)
	}
	var document struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	if err := strictly([]byte(text), &document); err != nil {
		return Policy{}, err
	}
	p := Policy{Version: document.Version, ID: document.ID}
	if p.Version == "" {
		p.Version = version
	}
	if p.Version != version && p.Version != "2008-10-17" {
		return Policy{}, fmt.Errorf("there is no policy version %q", p.Version)
	}
	switch {
	case len(document.Statement) == 0:
		return Policy{}, errors.New("Statement is missing")
	case document.Statement[0] != '[':
		document.Statement = slices.Concat([]byte("["), document.Statement, []byte("]"))
	}
	if err := strictly(document.Statement, &p.Statement); err != nil {
		return Policy{}, fmt.Errorf("Statement: %w", err)
	}
	if len(p.Statement) == 0 {
		return Policy{}, errors.New("Statement is empty")
	}
	for i := range p.Statement {
		if err := p.Statement[i].check(); err != nil {
			return Policy{}, err
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

// With is the policy with the statement that a request describes by its members,
// in the place of one with its id.
func (p Policy) With(busARN string, in *api.PutPermissionInput) (Policy, error) {
	switch {
	case in.StatementId == nil:
		return Policy{}, api.Invalid("Parameter StatementId must be specified.")
	case in.Action == nil:
		return Policy{}, api.Invalid("Parameter Action must be specified.")
	case in.Principal == nil:
		return Policy{}, api.Invalid("Parameter Principal must be specified.")
	}
	st := Statement{
		Sid: *in.StatementId, Effect: "Allow",
		Action: json.RawMessage(api.JSON(*in.Action)), Resource: json.RawMessage(api.JSON(busARN)),
	}
	if *in.Principal == "*" {
		st.Principal = json.RawMessage(`"*"`)
	} else {
		st.Principal = json.RawMessage(api.JSON(map[string]string{"AWS": arn.New("iam", "", *in.Principal, "root").String()}))
	}
	if c := in.Condition; c != nil {
		st.Condition = json.RawMessage(api.JSON(map[string]map[string]string{*c.Type: {*c.Key: *c.Value}}))
	}
	if p.Version == "" {
		p.Version = version
	}
	p.Statement = slices.Clone(p.Statement)
	if i := slices.IndexFunc(p.Statement, func(o Statement) bool { return o.Sid == st.Sid }); i >= 0 {
		p.Statement[i] = st
	} else {
		p.Statement = append(p.Statement, st)
	}
	return p, nil
}

// Without is the policy without the statement of that id; ok tells whether it had one.
func (p Policy) Without(id string) (_ Policy, ok bool) {
	i := slices.IndexFunc(p.Statement, func(o Statement) bool { return o.Sid == id })
	if i < 0 {
		return p, false
	}
	p.Statement = slices.Delete(slices.Clone(p.Statement), i, i+1)
	return p, true
}

// Text is the document, absent where it has no statement.
func (p Policy) Text() *string {
	if len(p.Statement) == 0 {
		return nil
	}
	return new(api.JSON(p))
}
