// Package permission is the resource policies of functions and layers: lists of
// statements that are added and removed one at a time, each with a revision
// that tells whether somebody else was faster.
//
//	AddPermission ── Principal, Statement ──► Policy.With ──► a new Policy, kept by who asked
//	GetPolicy     ◄── Policy.Document
//
// It promises: a Policy is never changed in place, and no document is longer
// than AWS allows.
package permission

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/services/lambda/api"
)

// Policy is a resource policy; the zero value is none.
type Policy struct {
	Statements []Statement
	Revision   string
}

// Statement is one permission, as the policy document shows it.
type Statement struct {
	Sid       string
	Effect    string
	Principal any // "*", {"Service": …} or {"AWS": …}
	Action    string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

// maxPolicy is how large a policy document may be, in bytes (Lambda quotas).
const maxPolicy = 20 << 10

// Document is the policy as IAM writes it.
func (p Policy) Document() (string, error) {
	text, err := json.Marshal(struct {
		Version   string
		ID        string `json:"Id"`
		Statement []Statement
	}{"2012-10-17", "default", p.Statements})
	if err != nil {
		return "", fmt.Errorf("writing a policy: %w", err)
	}
	return string(text), nil
}

// With is the policy with one statement more, and that statement as JSON.
func (p Policy) With(st Statement) (Policy, string, error) {
	if slices.ContainsFunc(p.Statements, func(o Statement) bool { return o.Sid == st.Sid }) {
		return p, "", api.Conflict("The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", st.Sid)
	}
	text, err := json.Marshal(st)
	if err != nil {
		return p, "", fmt.Errorf("writing a statement: %w", err)
	}
	p = Policy{append(slices.Clone(p.Statements), st), uuid.NewString()}
	document, err := p.Document()
	if err != nil {
		return p, "", err
	}
	if len(document) > maxPolicy {
		return p, "", api.Refuse(api.CodePolicyLengthExceededException, "The final policy size (%d) is bigger than the limit (%d).", len(document), maxPolicy)
	}
	return p, string(text), nil
}

// Without is the policy with one statement less.
func (p Policy) Without(sid string) (Policy, error) {
	if len(p.Statements) == 0 {
		return p, api.NotFound("No policy is associated with the given resource.")
	}
	at := slices.IndexFunc(p.Statements, func(st Statement) bool { return st.Sid == sid })
	if at < 0 {
		return p, api.NotFound("Statement %s is not found in resource policy.", sid)
	}
	return Policy{slices.Delete(slices.Clone(p.Statements), at, at+1), uuid.NewString()}, nil
}

var (
	principalService = regexp.MustCompile(`^[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|alexa\.amazon\.com)$|^alexa-[a-z-]+\.amazon\.com$`)
	principalAccount = regexp.MustCompile(`^\d{12}$`)
)

// Principal is whom a request names, as a statement has it.
func Principal(text string) (any, error) {
	switch {
	case text == "*":
		return "*", nil
	case principalService.MatchString(text):
		return map[string]string{"Service": text}, nil
	case principalAccount.MatchString(text):
		return map[string]string{"AWS": "arn:aws:iam::" + text + ":root"}, nil
	case strings.HasPrefix(text, "arn:"):
		return map[string]string{"AWS": text}, nil
	}
	return nil, api.Invalid("The provided principal was invalid. Please check the principal and try again.")
}
