package policy

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds how deep a text may nest: no policy that means something goes
// deeper.
const maxDepth = 10

type rawDocument struct {
	Version   *string        `json:"Version"`
	ID        *string        `json:"Id"`
	Statement jsontext.Value `json:"Statement"`
}

type rawStatement struct {
	Sid          *string        `json:"Sid"`
	Effect       *string        `json:"Effect"`
	Principal    jsontext.Value `json:"Principal"`
	NotPrincipal jsontext.Value `json:"NotPrincipal"`
	Action       jsontext.Value `json:"Action"`
	NotAction    jsontext.Value `json:"NotAction"`
	Resource     jsontext.Value `json:"Resource"`
	NotResource  jsontext.Value `json:"NotResource"`
	Condition    jsontext.Value `json:"Condition"`
}

// Parse reads a policy of the given kind. The error is an [*Error].
func Parse(text []byte, kind Kind) (*Document, error) {
	d, err := parse(text, kind)
	if err != nil {
		return nil, err
	}
	return d, nil
}

func parse(text []byte, kind Kind) (*Document, *Error) {
	if tooDeep(text) {
		return nil, errSyntax
	}
	var raw rawDocument
	if !strictly(text, &raw) || len(raw.Statement) == 0 {
		return nil, errSyntax
	}
	d := &Document{Version: Version2008}
	if raw.ID != nil {
		d.ID = *raw.ID
	}
	if raw.Version != nil {
		d.Version = *raw.Version
	}
	switch {
	case d.Version != Version2008 && d.Version != Version2012:
		return nil, errSyntax
	case d.Version == Version2008 && kind == Identity && raw.Version != nil:
		return nil, malformed("Policy document must be version 2012-10-17 or greater.")
	}
	var statements []jsontext.Value
	if raw.Statement.Kind() == '[' {
		if !strictly(raw.Statement, &statements) {
			return nil, errSyntax
		}
	} else {
		statements = []jsontext.Value{raw.Statement}
	}
	sids := map[string]bool{}
	for i, text := range statements {
		s, err := parseStatement(text, kind, d.Version)
		if err != nil {
			return nil, err
		}
		if s.Sid != "" && sids[s.Sid] && kind == Identity {
			return nil, malformed("Statement IDs (SID) in a single policy must be unique.")
		}
		sids[s.Sid] = true
		s.Index = i
		d.Statements = append(d.Statements, s)
	}
	if len(d.Statements) == 0 {
		return nil, errSyntax
	}
	return d, nil
}

// strictly decodes JSON whose members are all known and told once.
func strictly(text []byte, into any) bool {
	return json.Unmarshal(text, into, json.RejectUnknownMembers(true)) == nil
}

// tooDeep looks no further than the brackets, before anything follows them down.
func tooDeep(text []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

var (
	identitySid = regexp.MustCompile(`^[0-9A-Za-z]*$`)
	actionForm  = regexp.MustCompile(`^([A-Za-z0-9-]+):([A-Za-z0-9*?-]+)$`)
)

func parseStatement(text jsontext.Value, kind Kind, version string) (*Statement, *Error) {
	var raw rawStatement
	if text.Kind() != '{' || !strictly(text, &raw) {
		return nil, errSyntax
	}
	s := &Statement{}
	if raw.Sid != nil {
		s.Sid = *raw.Sid
		if kind != Resource && !identitySid.MatchString(s.Sid) {
			return nil, malformed("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*")
		}
	}
	switch {
	case raw.Effect == nil:
		return nil, malformed("Missing required field Effect")
	case *raw.Effect == "Deny":
		s.Deny = true
	case *raw.Effect != "Allow":
		return nil, malformed("Invalid effect: %s", *raw.Effect)
	}
	variables := version == Version2012
	for _, step := range []func() *Error{
		func() *Error { return s.readPrincipal(&raw, kind) },
		func() *Error { return s.readActions(&raw, kind) },
		func() *Error { return s.readResources(&raw, kind, variables) },
		func() *Error { return s.readConditions(raw.Condition, variables) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Statement) readPrincipal(raw *rawStatement, kind Kind) *Error {
	one, err := oneOf(raw.Principal, raw.NotPrincipal)
	switch {
	case err != nil:
		return err
	case kind == Identity && one != nil:
		return malformed("Policy document should not specify a principal.")
	case kind == Identity:
		return nil
	case one == nil:
		return malformed("Missing required field Principal")
	case kind == Trust && raw.NotPrincipal != nil && !s.Deny:
		return malformed("Allow with NotPrincipal is not allowed.")
	}
	s.notPrincipal = raw.NotPrincipal != nil
	s.principals, err = readPrincipals(one)
	return err
}

func (s *Statement) readActions(raw *rawStatement, kind Kind) *Error {
	one, err := oneOf(raw.Action, raw.NotAction)
	if err != nil {
		return err
	}
	if one == nil {
		return malformed("Policy statement must contain actions.")
	}
	s.notAction = raw.NotAction != nil
	list, ok := texts(one)
	if !ok {
		return errSyntax
	}
	if len(list) == 0 {
		return malformed("Policy statement must contain actions.")
	}
	for _, action := range list {
		if err := checkAction(action, kind); err != nil {
			return err
		}
		s.actions = append(s.actions, newGlob(lower(action), true, false))
	}
	return nil
}

func checkAction(action string, kind Kind) *Error {
	switch {
	case kind == Trust && action != "*" && !strings.HasPrefix(lower(action), "sts:"):
		return malformed("AssumeRole policy may only specify STS AssumeRole actions.")
	case action == "*" || actionForm.MatchString(action):
		return nil
	case !strings.Contains(action, ":"):
		return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
	case strings.Count(action, ":") > 1:
		return malformed("Actions/Condition can contain only one colon.")
	case strings.ContainsAny(action[:strings.IndexByte(action, ':')], "*? "):
		return malformed("Vendor %s is not valid", action[:strings.IndexByte(action, ':')])
	}
	return errSyntax
}

func (s *Statement) readResources(raw *rawStatement, kind Kind, variables bool) *Error {
	one, err := oneOf(raw.Resource, raw.NotResource)
	switch {
	case err != nil:
		return err
	case kind == Trust && one != nil:
		return malformed("Has prohibited field Resource")
	case one == nil && kind == Identity:
		return malformed("Policy statement must contain resources.")
	case one == nil:
		return nil
	}
	s.notResource = raw.NotResource != nil
	list, ok := texts(one)
	if !ok {
		return errSyntax
	}
	if len(list) == 0 && kind == Identity {
		return malformed("Policy statement must contain resources.")
	}
	s.resources = []*glob{}
	for _, resource := range list {
		if err := checkResource(resource, kind); err != nil {
			return err
		}
		g := newGlob(resource, true, variables)
		g.arn = true
		s.resources = append(s.resources, g)
	}
	return nil
}

func checkResource(resource string, kind Kind) *Error {
	if resource == "*" || kind != Identity {
		return nil
	}
	parts := strings.SplitN(resource, ":", 6)
	if parts[0] != "arn" || len(parts) < 6 && !strings.HasSuffix(resource, "*") {
		return malformed("Resource %s must be in ARN format or \"*\".", resource)
	}
	if len(parts) > 1 && !slices.Contains([]string{"aws", "aws-cn", "aws-us-gov", "*"}, parts[1]) && !strings.HasPrefix(parts[1], "${") {
		return malformed("Partition \"%s\" is not valid for resource \"%s\".", parts[1], resource)
	}
	return nil
}

// oneOf is whichever of an element and its negation is there; not both.
func oneOf(element, negated jsontext.Value) (jsontext.Value, *Error) {
	if element != nil && negated != nil {
		return nil, errSyntax
	}
	if element != nil {
		return element, nil
	}
	return negated, nil
}

// texts reads a string or a list of strings.
func texts(v jsontext.Value) ([]string, bool) {
	if v.Kind() != '[' {
		v = slices.Concat([]byte("["), v, []byte("]"))
	}
	var list []jsontext.Value
	if json.Unmarshal(v, &list) != nil {
		return nil, false
	}
	out := make([]string, len(list))
	for i, item := range list {
		if item.Kind() != '"' || json.Unmarshal(item, &out[i]) != nil {
			return nil, false
		}
	}
	return out, true
}

// scalars reads a string, number or boolean, or a list of them, as texts.
func scalars(v jsontext.Value) ([]string, bool) {
	if v.Kind() != '[' {
		v = slices.Concat([]byte("["), v, []byte("]"))
	}
	var list []jsontext.Value
	if json.Unmarshal(v, &list) != nil {
		return nil, false
	}
	out := make([]string, len(list))
	for i, item := range list {
		switch item.Kind() {
		case '"':
			if json.Unmarshal(item, &out[i]) != nil {
				return nil, false
			}
		case '0', 't', 'f':
			out[i] = string(bytes.TrimSpace(item))
		default:
			return nil, false
		}
	}
	return out, true
}
