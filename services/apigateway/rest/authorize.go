package rest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/services/apigateway"
	"github.com/signalbox/signalbox/services/apigateway/backend"
	"github.com/signalbox/signalbox/wire"
)

// authorize lets in whom the method's authorization lets in.
func (c *call) authorize() error {
	switch kind := value(c.method.AuthorizationType); kind {
	case "", "NONE":
		return nil
	case "AWS_IAM":
		return c.authorizeIAM()
	case "CUSTOM":
		return c.authorizeCustom()
	default:
		return &refusal{kind: "AUTHORIZER_CONFIGURATION_ERROR", message: kind + " authorization is not implemented by Signalbox",
			cause: fmt.Errorf("%s authorization is not implemented", kind)}
	}
}

func (c *call) authorizeIAM() error {
	if c.r.Header.Get("Authorization") == "" && !c.r.URL.Query().Has("X-Amz-Signature") {
		return refuse("MISSING_AUTHENTICATION_TOKEN")
	}
	caller, body, err := c.Authenticate(c.r, c.x.Body)
	if err != nil {
		if e, is := errors.AsType[*wire.Error](err); is {
			return &refusal{kind: "INVALID_SIGNATURE", message: e.Message}
		}
		return err
	}
	c.caller, c.x.Body = caller, body
	c.x.Context = c.context()
	return nil
}

// verdict is what a Lambda authorizer said.
type verdict struct {
	Principal string
	UsageKey  string
	Context   map[string]any
	Policy    policy
	latency   time.Duration
	until     time.Time
}

type policy struct {
	Statement []statement
}

type statement struct {
	Effect   string
	Action   texts
	Resource texts
}

// texts is one text or several.
type texts []string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(t))
}

// variables are $context.authorizer's.
func (v *verdict) variables() map[string]any {
	all := map[string]any{"principalId": v.Principal, "integrationLatency": v.latency.Milliseconds()}
	for name, value := range v.Context {
		all[name] = scalarText(value)
	}
	return all
}

func scalarText(v any) any {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	}
	return nil
}

// authorizeCustom asks a Lambda authorizer (user guide, page
// apigateway-use-lambda-authorizer). Its answer is kept as long as it says.
func (c *call) authorizeCustom() error {
	a := c.d.Definition.Authorizers[value(c.method.AuthorizerId)]
	if a == nil {
		return refuse("AUTHORIZER_CONFIGURATION_ERROR")
	}
	arn := c.arn(c.a.Path)
	event, identity, err := c.authorizerEvent(a, arn)
	if err != nil {
		return err
	}
	now := c.Clock.Now()
	ttl := time.Duration(wire.Value(a.AuthorizerResultTtlInSeconds)) * time.Second
	sum := sha256.Sum256([]byte(c.a.API + "|" + c.a.Stage + "|" + *a.Id + "|" + identity))
	name := hex.EncodeToString(sum[:])
	v := c.verdicts.get(name, now)
	if v == nil || ttl == 0 || identity == "" {
		if v, err = c.ask(a, event); err != nil {
			return err
		}
		v.latency, v.until = c.Clock.Now().Sub(now), now.Add(ttl)
		c.verdicts.put(name, v)
	}
	if !v.Policy.allows(arn) {
		message := "User is not authorized to access this resource"
		if v.Policy.denies(arn) {
			message += " with an explicit deny in an identity-based policy"
		}
		return &refusal{kind: "ACCESS_DENIED", message: message}
	}
	c.verdict = v
	c.x.Context = c.context()
	return nil
}

// arn names a method of the stage.
func (c *call) arn(path string) string {
	return fmt.Sprintf("arn:aws:execute-api:%s:%s:%s/%s/%s%s", c.d.Region, c.d.Account, c.a.API, c.a.Stage, c.r.Method, path)
}

// authorizerEvent is the authorizer's input, and what its answer is kept by.
func (c *call) authorizerEvent(a *apigateway.Authorizer, arn string) (event map[string]any, identity string, err error) {
	var values []string
	for source := range strings.SplitSeq(value(a.IdentitySource), ",") {
		if source = strings.TrimSpace(source); source == "" {
			continue
		}
		found, ok := c.x.Value(source)
		if !ok || found[0] == "" {
			return nil, "", refuse("UNAUTHORIZED")
		}
		values = append(values, found[0])
	}
	event = map[string]any{"type": *a.Type, "methodArn": arn}
	if *a.Type == apigateway.AuthorizerTypeToken {
		token := strings.Join(values, "")
		if expression := value(a.IdentityValidationExpression); expression != "" {
			if re, err := regexp.Compile("^(?:" + expression + ")$"); err != nil || !re.MatchString(token) {
				return nil, "", refuse("UNAUTHORIZED")
			}
		}
		event["authorizationToken"] = token
		return event, token, nil
	}
	e := c.event()
	for name, v := range map[string]any{
		"resource": e.Resource, "path": e.Path, "httpMethod": e.HTTPMethod, "headers": e.Headers, "multiValueHeaders": e.MultiValueHeaders,
		"queryStringParameters": e.QueryStringParameters, "multiValueQueryStringParameters": e.MultiValueQueryStringParameters,
		"pathParameters": e.PathParameters, "stageVariables": e.StageVariables, "requestContext": e.RequestContext,
	} {
		event[name] = v
	}
	return event, strings.Join(values, "\x00"), nil
}

func (c *call) ask(a *apigateway.Authorizer, event map[string]any) (*verdict, error) {
	function, ok := backend.Function(c.x.StageVariable(value(a.AuthorizerUri)))
	if !ok {
		return nil, refuse("AUTHORIZER_CONFIGURATION_ERROR")
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	answer, err := c.Functions.Invoke(c.ctx, backend.Invocation{
		Function: function, Payload: payload, Role: value(a.AuthorizerCredentials),
		Source: fmt.Sprintf("arn:aws:execute-api:%s:%s:%s/authorizers/%s", c.d.Region, c.d.Account, c.a.API, *a.Id),
	})
	if err != nil {
		return nil, &refusal{kind: "AUTHORIZER_CONFIGURATION_ERROR", cause: fmt.Errorf("invoking the authorizer %s: %w", function, err)}
	}
	if answer.Failed {
		var e struct{ ErrorMessage string }
		if json.Unmarshal(answer.Payload, &e) == nil && e.ErrorMessage == "Unauthorized" {
			return nil, refuse("UNAUTHORIZED")
		}
		return nil, &refusal{kind: "AUTHORIZER_FAILURE", cause: fmt.Errorf("the authorizer %s failed: %s", function, clip(answer.Payload))}
	}
	var out struct {
		PrincipalID        string         `json:"principalId"`
		UsageIdentifierKey string         `json:"usageIdentifierKey"`
		Context            map[string]any `json:"context"`
		PolicyDocument     policy         `json:"policyDocument"`
	}
	d := json.NewDecoder(strings.NewReader(string(answer.Payload)))
	d.UseNumber()
	if err := d.Decode(&out); err != nil || out.PolicyDocument.Statement == nil {
		return nil, &refusal{kind: "AUTHORIZER_CONFIGURATION_ERROR", cause: fmt.Errorf("the authorizer %s gave no policy: %s", function, clip(answer.Payload))}
	}
	return &verdict{Principal: out.PrincipalID, UsageKey: out.UsageIdentifierKey, Context: out.Context, Policy: out.PolicyDocument}, nil
}

func (p policy) allows(arn string) bool { return p.says("Allow", arn) && !p.denies(arn) }

func (p policy) denies(arn string) bool { return p.says("Deny", arn) }

func (p policy) says(effect, arn string) bool {
	for _, s := range p.Statement {
		if s.Effect == effect && s.Action.match("execute-api:Invoke") && s.Resource.match(arn) {
			return true
		}
	}
	return false
}

// match tells whether one of the patterns, with * and ?, fits.
func (t texts) match(text string) bool {
	for _, pattern := range t {
		expression := "(?is)^" + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern)) + "$"
		if re, err := regexp.Compile(expression); err == nil && re.MatchString(text) {
			return true
		}
	}
	return false
}

// verdicts keeps authorizers' answers.
type verdicts struct {
	mu   sync.Mutex // guards kept
	kept map[string]*verdict
}

func (k *verdicts) get(name string, now time.Time) *verdict {
	k.mu.Lock()
	defer k.mu.Unlock()
	if v := k.kept[name]; v != nil && now.Before(v.until) {
		return v
	}
	return nil
}

func (k *verdicts) put(name string, v *verdict) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil || len(k.kept) >= maxCached {
		k.kept = map[string]*verdict{}
	}
	k.kept[name] = v
}

// readDeadline is taken off once the body was read: an integration may take its
// time.
func readDeadline(w http.ResponseWriter) {
	// A connection that cannot be told keeps its own.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
}

func escapePath(path string) string {
	return strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", "~1")
}
