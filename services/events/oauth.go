package events

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/wire"
)

// tokens holds the OAuth tokens of connections. A token is fetched when it is
// first needed, once for all who wait for it, and anew before it expires.
type tokens struct {
	client *http.Client
	clock  clock.Clock

	mu   sync.Mutex // guards held
	held map[string]*token
}

// token is that of one connection.
type token struct {
	mu      sync.Mutex // guards what follows, and is held while it is fetched
	version int        // of the credentials it was fetched with
	value   string     // "Bearer …"; empty: none
	expires time.Time  // zero: unknown, used until it is refused
}

// early is how long before its end a token is fetched anew.
const early = time.Minute

// authorize signs a request with the connection's credentials. cached tells
// that this was done with a token that was fetched earlier.
func (o *outbound) authorize(ctx context.Context, r *http.Request, c *connection, auth *credentials) (cached bool, err error) {
	switch c.Type {
	case ConnectionAuthorizationTypeBasic:
		r.SetBasicAuth(*auth.BasicAuthParameters.Username, *auth.BasicAuthParameters.Password)
	case ConnectionAuthorizationTypeApiKey:
		r.Header.Set(*auth.ApiKeyAuthParameters.ApiKeyName, *auth.ApiKeyAuthParameters.ApiKeyValue)
	case ConnectionAuthorizationTypeOauthClientCredentials:
		value, cached, err := o.tokens.get(ctx, c, auth.OAuthParameters)
		if err != nil {
			return false, err
		}
		r.Header.Set("Authorization", value)
		return cached, nil
	}
	return false, nil
}

func (t *tokens) of(c *connection) *token {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.held[c.arn()]
	if k == nil {
		k = new(token)
		t.held[c.arn()] = k
	}
	return k
}

func (t *tokens) get(ctx context.Context, c *connection, p *CreateConnectionOAuthRequestParameters) (value string, cached bool, err error) {
	k := t.of(c)
	k.mu.Lock()
	defer k.mu.Unlock()
	now := t.clock.Now()
	if k.value != "" && k.version == c.Version && (k.expires.IsZero() || now.Before(k.expires.Add(-early))) {
		return k.value, true, nil
	}
	value, life, err := t.fetch(ctx, p)
	if err != nil {
		return "", false, err
	}
	k.value, k.version, k.expires = value, c.Version, time.Time{}
	if life > 0 {
		k.expires = now.Add(life)
	}
	return value, false, nil
}

// forget drops the connection's token, as one that was refused.
func (t *tokens) forget(c *connection) {
	k := t.of(c)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.value = ""
}

// tokenError is an authorization endpoint's refusal.
type tokenError struct {
	status int
	reason string
}

func (e *tokenError) Error() string { return "the authorization endpoint " + e.reason }

// fetch asks the authorization endpoint for a token (RFC 6749, section 4.4),
// with the client's id and secret in the body, or in the query of a GET.
func (t *tokens) fetch(ctx context.Context, p *CreateConnectionOAuthRequestParameters) (bearer string, life time.Duration, err error) {
	form := url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {*p.ClientParameters.ClientID},
		"client_secret": {*p.ClientParameters.ClientSecret},
	}
	extra := wire.Value(p.OAuthHttpParameters)
	for _, b := range extra.BodyParameters {
		form.Set(wire.Value(b.Key), wire.Value(b.Value))
	}
	endpoint, err := url.Parse(*p.AuthorizationEndpoint)
	if err != nil {
		return "", 0, &tokenError{reason: "is no URL"}
	}
	query := endpoint.Query()
	for _, q := range extra.QueryStringParameters {
		query.Set(wire.Value(q.Key), wire.Value(q.Value))
	}
	var body io.Reader
	if *p.HttpMethod == http.MethodGet {
		for name := range form {
			query.Set(name, form.Get(name))
		}
	} else {
		body = strings.NewReader(form.Encode())
	}
	endpoint.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, *p.HttpMethod, endpoint.String(), body)
	if err != nil {
		return "", 0, &tokenError{reason: "is no URL"}
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept", "application/json")
	for _, h := range extra.HeaderParameters {
		r.Header.Set(wire.Value(h.Key), wire.Value(h.Value))
	}
	response, err := t.client.Do(r)
	if err != nil {
		return "", 0, err
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return "", 0, &tokenError{status: response.StatusCode, reason: "answered " + response.Status}
	}
	return readToken(response.Body)
}

// readToken reads an access token response (RFC 6749, section 5.1). Servers
// are met that write expires_in as a string.
func readToken(body io.Reader) (bearer string, life time.Duration, err error) {
	var answer struct {
		AccessToken string      `json:"access_token"`
		ExpiresIn   json.Number `json:"expires_in"`
	}
	if err := json.NewDecoder(io.LimitReader(body, 1<<20)).Decode(&answer); err != nil || answer.AccessToken == "" {
		return "", 0, &tokenError{reason: "answered no access_token"}
	}
	seconds, err := answer.ExpiresIn.Float64()
	if err != nil && answer.ExpiresIn != "" {
		return "", 0, fmt.Errorf("the authorization endpoint answered expires_in %q", answer.ExpiresIn)
	}
	return "Bearer " + answer.AccessToken, time.Duration(seconds * float64(time.Second)), nil
}
