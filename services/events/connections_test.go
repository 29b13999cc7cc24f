package events_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/signalbox/signalbox/server"
	"github.com/signalbox/signalbox/signalboxtest"
)

func basic(user, password string) *eventbridge.CreateConnectionInput {
	return &eventbridge.CreateConnectionInput{
		AuthorizationType: types.ConnectionAuthorizationTypeBasic,
		AuthParameters: &types.CreateConnectionAuthRequestParameters{
			BasicAuthParameters: &types.CreateConnectionBasicAuthRequestParameters{Username: &user, Password: &password},
		},
	}
}

func apiKey(name, value string) *eventbridge.CreateConnectionInput {
	return &eventbridge.CreateConnectionInput{
		AuthorizationType: types.ConnectionAuthorizationTypeApiKey,
		AuthParameters: &types.CreateConnectionAuthRequestParameters{
			ApiKeyAuthParameters: &types.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: &name, ApiKeyValue: &value},
		},
	}
}

func oauth(endpoint string, method types.ConnectionOAuthHttpMethod) *eventbridge.CreateConnectionInput {
	return &eventbridge.CreateConnectionInput{
		AuthorizationType: types.ConnectionAuthorizationTypeOauthClientCredentials,
		AuthParameters: &types.CreateConnectionAuthRequestParameters{
			OAuthParameters: &types.CreateConnectionOAuthRequestParameters{
				AuthorizationEndpoint: &endpoint, HttpMethod: method,
				ClientParameters: &types.CreateConnectionOAuthClientRequestParameters{ClientID: aws.String("client"), ClientSecret: aws.String("hush-client")},
			},
		},
	}
}

// connection makes a connection and returns its ARN.
func (w *world) connection(name string, in *eventbridge.CreateConnectionInput) string {
	w.t.Helper()
	in.Name = &name
	return *must(w.events.CreateConnection(w.ctx, in))(w.t).ConnectionArn
}

// destination makes an API destination that is called with POST, and returns its ARN.
func (w *world) destination(name, connection, endpoint string, rate int32) string {
	w.t.Helper()
	return *must(w.events.CreateApiDestination(w.ctx, &eventbridge.CreateApiDestinationInput{
		Name: &name, ConnectionArn: &connection, HttpMethod: types.ApiDestinationHttpMethodPost,
		InvocationEndpoint: &endpoint, InvocationRateLimitPerSecond: &rate,
	}))(w.t).ApiDestinationArn
}

func invocation() *types.ConnectionHttpParameters {
	return &types.ConnectionHttpParameters{
		HeaderParameters:      []types.ConnectionHeaderParameter{{Key: aws.String("X-Secret"), Value: aws.String("hush-header"), IsValueSecret: true}, {Key: aws.String("X-Open"), Value: aws.String("open")}},
		QueryStringParameters: []types.ConnectionQueryStringParameter{{Key: aws.String("secret"), Value: aws.String("hush-query"), IsValueSecret: true}},
		BodyParameters:        []types.ConnectionBodyParameter{{Key: aws.String("secret"), Value: aws.String("hush-body"), IsValueSecret: true}, {Key: aws.String("open"), Value: aws.String("open")}},
	}
}

func TestSecretsOfConnectionsAreNeverTold(t *testing.T) {
	var data string
	w := newWorld(t, signalboxtest.With(func(c *server.Config) { data = c.Data }))
	in := oauth("http://localhost/token", types.ConnectionOAuthHttpMethodPost)
	in.AuthParameters.OAuthParameters.OAuthHttpParameters = invocation()
	in.AuthParameters.InvocationHttpParameters = invocation()
	w.connection("oauth", in)
	w.connection("basic", basic("user", "hush-password"))
	w.connection("key", apiKey("X-Key", "hush-key"))

	for _, name := range []string{"oauth", "basic", "key"} {
		out := must(w.events.DescribeConnection(w.ctx, &eventbridge.DescribeConnectionInput{Name: &name}))(t)
		text, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "hush") {
			t.Errorf("DescribeConnection tells a secret: %s", text)
		}
		uuid := `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`
		for what, pair := range map[string][2]string{
			"ConnectionArn": {*out.ConnectionArn, `^arn:aws:events:us-east-1:000000000000:connection/` + name + `/` + uuid + `$`},
			"SecretArn":     {*out.SecretArn, `^arn:aws:secretsmanager:us-east-1:000000000000:secret:events!connection/` + name + `/` + uuid + `-[0-9A-Za-z]{6}$`},
		} {
			if !regexp.MustCompile(pair[1]).MatchString(pair[0]) {
				t.Errorf("%s = %s", what, pair[0])
			}
		}
		if out.LastModifiedTime == nil || out.CreationTime == nil || out.LastAuthorizedTime == nil || out.ConnectionState != types.ConnectionStateAuthorized {
			t.Errorf("DescribeConnection = %s", text)
		}
	}
	out := must(w.events.DescribeConnection(w.ctx, &eventbridge.DescribeConnectionInput{Name: aws.String("oauth")}))(t)
	p := out.AuthParameters.InvocationHttpParameters
	if len(p.HeaderParameters) != 2 || p.HeaderParameters[0].Value != nil || !p.HeaderParameters[0].IsValueSecret || *p.HeaderParameters[1].Value != "open" {
		t.Errorf("InvocationHttpParameters = %+v, want names, and values that are no secrets", p)
	}
	if o := out.AuthParameters.OAuthParameters; *o.ClientParameters.ClientID != "client" || o.HttpMethod != types.ConnectionOAuthHttpMethodPost {
		t.Errorf("OAuthParameters = %+v", o)
	}
	w.Restart() // and all is written
	err := filepath.WalkDir(data, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "hush") {
			t.Errorf("%s holds a secret", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestConnectionsAndDestinationsAreRefusedInAWSsWords(t *testing.T) {
	w := newWorld(t)
	connection := w.connection("c", basic("u", "p"))
	w.destination("d", connection, "https://example.com/a", 10)
	nope, c, d := aws.String("nope"), aws.String("c"), aws.String("d")
	create := func(name string, in *eventbridge.CreateConnectionInput) func() error {
		in.Name = &name
		return func() error { return only(w.events.CreateConnection(w.ctx, in)) }
	}
	destination := func(change func(*eventbridge.CreateApiDestinationInput)) func() error {
		in := &eventbridge.CreateApiDestinationInput{
			Name: nope, ConnectionArn: &connection, HttpMethod: types.ApiDestinationHttpMethodPost, InvocationEndpoint: aws.String("https://example.com/a"),
		}
		change(in)
		return func() error { return only(w.events.CreateApiDestination(w.ctx, in)) }
	}
	refused(t, []refusal{
		{"a connection that exists", create("c", basic("u", "p")), exists, "Connection c already exists."},
		{"three mistakes at once", create("This should fail with two errors 123467890123412341234123412341234", &eventbridge.CreateConnectionInput{
			AuthorizationType: "INVALID", AuthParameters: basic("u", "p").AuthParameters}), validation,
			`3 validation errors detected: Value 'This should fail with two errors 123467890123412341234123412341234' at 'name' failed to satisfy constraint: Member must have length less than or equal to 64; Value 'This should fail with two errors 123467890123412341234123412341234' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+; Value 'INVALID' at 'authorizationType' failed to satisfy constraint: Member must satisfy enum value set: [`},
		{"credentials of another type", create("x", &eventbridge.CreateConnectionInput{
			AuthorizationType: types.ConnectionAuthorizationTypeApiKey, AuthParameters: basic("u", "hush").AuthParameters}), validation,
			"AuthParameters.ApiKeyAuthParameters.ApiKeyName must be specified for authorization type API_KEY"},
		{"an authorization endpoint that is no URL", create("x", oauth("example.com/token", types.ConnectionOAuthHttpMethodPost)), validation, "AuthorizationEndpoint"},
		{"a private API", create("x", &eventbridge.CreateConnectionInput{
			AuthorizationType: types.ConnectionAuthorizationTypeBasic, AuthParameters: basic("u", "p").AuthParameters,
			InvocationConnectivityParameters: &types.ConnectivityResourceParameters{ResourceParameters: &types.ConnectivityResourceConfigurationArn{ResourceConfigurationArn: aws.String("arn:aws:vpc-lattice:us-east-1:000000000000:resourceconfiguration/rcfg-00000000000000000")}},
		}), validation, "InvocationConnectivityParameters is not implemented by Signalbox"},
		{"to describe a connection that is not", func() error {
			return only(w.events.DescribeConnection(w.ctx, &eventbridge.DescribeConnectionInput{Name: nope}))
		}, notFound, "Failed to describe the connection(s). Connection 'nope' does not exist."},
		{"to update a connection that is not", func() error {
			return only(w.events.UpdateConnection(w.ctx, &eventbridge.UpdateConnectionInput{Name: nope}))
		}, notFound, "Connection 'nope' does not exist."},
		{"to delete a connection that is not", func() error {
			return only(w.events.DeleteConnection(w.ctx, &eventbridge.DeleteConnectionInput{Name: nope}))
		}, notFound, "Connection 'nope' does not exist."},
		{"to deauthorize a connection that is not", func() error {
			return only(w.events.DeauthorizeConnection(w.ctx, &eventbridge.DeauthorizeConnectionInput{Name: nope}))
		}, notFound, "Connection 'nope' does not exist."},
		{"to change the type without credentials", func() error {
			return only(w.events.UpdateConnection(w.ctx, &eventbridge.UpdateConnectionInput{Name: c, AuthorizationType: types.ConnectionAuthorizationTypeApiKey}))
		}, validation, "AuthParameters.ApiKeyAuthParameters.ApiKeyName"},
		{"to change the type with half of the credentials", func() error {
			return only(w.events.UpdateConnection(w.ctx, &eventbridge.UpdateConnectionInput{Name: c, AuthorizationType: types.ConnectionAuthorizationTypeOauthClientCredentials,
				AuthParameters: &types.UpdateConnectionAuthRequestParameters{OAuthParameters: &types.UpdateConnectionOAuthRequestParameters{
					ClientParameters: &types.UpdateConnectionOAuthClientRequestParameters{ClientID: aws.String("i")}}}}))
		}, validation, "AuthParameters.OAuthParameters.ClientParameters.ClientSecret"},
		{"a destination that exists", destination(func(in *eventbridge.CreateApiDestinationInput) { in.Name = d }), exists, "An api-destination 'd' already exists."},
		{"two mistakes at once", destination(func(in *eventbridge.CreateApiDestinationInput) {
			in.ConnectionArn, in.HttpMethod = aws.String("invalid-connection-arn"), "INVALID_METHOD"
		}), validation, "2 validation errors detected: Value 'invalid-connection-arn' at 'connectionArn' failed to satisfy constraint"},
		{"a connection that is not", destination(func(in *eventbridge.CreateApiDestinationInput) {
			in.ConnectionArn = aws.String("arn:aws:events:us-east-1:000000000000:connection/c/00000000-0000-4000-8000-000000000000")
		}), notFound, "Connection 'arn:aws:events:us-east-1:000000000000:connection/c/00000000-0000-4000-8000-000000000000' does not exist."},
		{"an endpoint that is no URL", destination(func(in *eventbridge.CreateApiDestinationInput) {
			in.InvocationEndpoint = aws.String("ftp://example.com")
		}), validation, "InvocationEndpoint"},
		{"a rate of 301", destination(func(in *eventbridge.CreateApiDestinationInput) { in.InvocationRateLimitPerSecond = aws.Int32(301) }), validation, "InvocationRateLimitPerSecond"},
		{"a rate of 0", destination(func(in *eventbridge.CreateApiDestinationInput) { in.InvocationRateLimitPerSecond = aws.Int32(0) }), validation, "'invocationRateLimitPerSecond'"},
		{"to describe a destination that is not", func() error {
			return only(w.events.DescribeApiDestination(w.ctx, &eventbridge.DescribeApiDestinationInput{Name: nope}))
		}, notFound, "Failed to describe the api-destination(s). An api-destination 'nope' does not exist."},
		{"to update a destination that is not", func() error {
			return only(w.events.UpdateApiDestination(w.ctx, &eventbridge.UpdateApiDestinationInput{Name: nope}))
		}, notFound, "An api-destination 'nope' does not exist."},
		{"to delete a destination that is not", func() error {
			return only(w.events.DeleteApiDestination(w.ctx, &eventbridge.DeleteApiDestinationInput{Name: nope}))
		}, notFound, "An api-destination 'nope' does not exist."},
	})
	if out := must(w.events.DescribeConnection(w.ctx, &eventbridge.DescribeConnectionInput{Name: c}))(t); out.AuthorizationType != types.ConnectionAuthorizationTypeBasic || *out.AuthParameters.BasicAuthParameters.Username != "u" {
		t.Errorf("a refused update changed the connection: %+v", out)
	}
}

func TestConnectionsAndDestinationsChangeInPlace(t *testing.T) {
	w := newWorld(t)
	c, d := aws.String("c"), aws.String("d")
	arn := w.connection("c", basic("u", "p"))
	w.destination("d", arn, "https://example.com/a", 10)
	updated := must(w.events.UpdateConnection(w.ctx, &eventbridge.UpdateConnectionInput{Name: c, Description: aws.String("new"),
		AuthParameters: &types.UpdateConnectionAuthRequestParameters{BasicAuthParameters: &types.UpdateConnectionBasicAuthRequestParameters{Username: aws.String("v")}}}))(t)
	if *updated.ConnectionArn != arn || updated.ConnectionState != types.ConnectionStateAuthorized {
		t.Errorf("UpdateConnection = %+v", updated)
	}
	if out := must(w.events.DescribeConnection(w.ctx, &eventbridge.DescribeConnectionInput{Name: c}))(t); *out.AuthParameters.BasicAuthParameters.Username != "v" || *out.Description != "new" {
		t.Errorf("DescribeConnection = %+v", out)
	}
	must(w.events.UpdateConnection(w.ctx, &eventbridge.UpdateConnectionInput{Name: c, AuthorizationType: types.ConnectionAuthorizationTypeApiKey,
		AuthParameters: &types.UpdateConnectionAuthRequestParameters{ApiKeyAuthParameters: &types.UpdateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("k"), ApiKeyValue: aws.String("hush")}}}))(t)
	if out := must(w.events.DescribeConnection(w.ctx, &eventbridge.DescribeConnectionInput{Name: c}))(t); out.AuthParameters.BasicAuthParameters != nil || *out.AuthParameters.ApiKeyAuthParameters.ApiKeyName != "k" {
		t.Errorf("after its type changed, DescribeConnection = %+v", out.AuthParameters)
	}
	must(w.events.UpdateApiDestination(w.ctx, &eventbridge.UpdateApiDestinationInput{Name: d, HttpMethod: types.ApiDestinationHttpMethodPut, Description: aws.String("put")}))(t)
	state := func(want types.ApiDestinationState) {
		t.Helper()
		out := must(w.events.DescribeApiDestination(w.ctx, &eventbridge.DescribeApiDestinationInput{Name: d}))(t)
		if out.ApiDestinationState != want || out.HttpMethod != types.ApiDestinationHttpMethodPut || *out.InvocationEndpoint != "https://example.com/a" || *out.InvocationRateLimitPerSecond != 10 || *out.Description != "put" {
			t.Errorf("DescribeApiDestination = %+v, want it %s", out, want)
		}
	}
	state(types.ApiDestinationStateActive)
	if out := must(w.events.DeauthorizeConnection(w.ctx, &eventbridge.DeauthorizeConnectionInput{Name: c}))(t); out.ConnectionState != types.ConnectionStateDeauthorized {
		t.Errorf("DeauthorizeConnection = %+v", out)
	}
	state(types.ApiDestinationStateInactive)
	must(w.events.UpdateConnection(w.ctx, &eventbridge.UpdateConnectionInput{Name: c,
		AuthParameters: &types.UpdateConnectionAuthRequestParameters{ApiKeyAuthParameters: &types.UpdateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("k"), ApiKeyValue: aws.String("hush")}}}))(t)
	state(types.ApiDestinationStateActive)
	if out := must(w.events.DeleteConnection(w.ctx, &eventbridge.DeleteConnectionInput{Name: c}))(t); out.ConnectionState != types.ConnectionStateDeleting {
		t.Errorf("DeleteConnection = %+v", out)
	}
	state(types.ApiDestinationStateInactive)
	must(w.events.DeleteApiDestination(w.ctx, &eventbridge.DeleteApiDestinationInput{Name: d}))(t)
}
