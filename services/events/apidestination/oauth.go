package apidestination

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/services/events/api"
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
	mu      sync.Mutex // guards what follows
	version int        // of the credentials it was fetched with
	value   string     // "Bearer …"; empty: none
	renew   time.Time  // when to fetch it anew; zero: when it is refused
	expires time.Time
	fetch   *fetch // under way; nil: none
}

// fetch is one for all who wait for it.
type fetch struct {
	version int
	done    chan struct{} // closed once what follows is set
	value   string
	err     error
}

const (
	// early is how long before its end a token is fetched anew, or a quarter
	// of its life where that is less.
	early = time.Minute
	// longestLife bounds what is believed of expires_in.
	longestLife = 365 * 24 * time.Hour
)

// authorize signs a request with the connection's credentials. cached tells
// that this was done with a token that was fetched earlier.
func (o *outbound) authorize(ctx context.Context, r *http.Request, c *connection, auth *credentials) (cached bool, err error) {
	switch c.Type {
	case api.ConnectionAuthorizationTypeBasic:
		r.SetBasicAuth(*auth.BasicAuthParameters.Username, *auth.BasicAuthParameters.Password)
	case api.ConnectionAuthorizationTypeApiKey:
		r.Header.Set(*auth.ApiKeyAuthParameters.ApiKeyName, *auth.ApiKeyAuthParameters.ApiKeyValue)
	case api.ConnectionAuthorizationTypeOauthClientCredentials:
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

// get returns the connection's token. cached tells that it was fetched earlier.
func (t *tokens) get(ctx context.Context, c *connection, p *api.CreateConnectionOAuthRequestParameters) (value string, cached bool, err error) {
	k := t.of(c)
	for {
		k.mu.Lock()
		if k.fresh(c, t.clock.Now()) {
			defer k.mu.Unlock()
			return k.value, true, nil
		}
		f := k.fetch
		if f == nil || f.version != c.Version {
			f = &fetch{version: c.Version, done: make(chan struct{})}
			k.fetch = f
			k.mu.Unlock()
			return t.lead(ctx, k, f, p)
		}
		k.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return "", false, context.Cause(ctx)
		}
		if f.err == nil || !errors.Is(f.err, context.Canceled) {
			return f.value, false, f.err
		} // else who fetched it gave up
	}
}

// lead fetches a token for all who wait for f. Where that fails, a token that
// is still good serves on.
func (t *tokens) lead(ctx context.Context, k *token, f *fetch, p *api.CreateConnectionOAuthRequestParameters) (value string, cached bool, err error) {
	value, life, err := t.fetch(ctx, p)
	k.mu.Lock()
	defer k.mu.Unlock()
	now := t.clock.Now()
	switch {
	case err == nil:
		k.value, k.version, k.renew, k.expires = value, f.version, time.Time{}, time.Time{}
		if life > 0 {
			k.expires = now.Add(life)
			k.renew = k.expires.Add(-min(early, life/4))
		}
	case k.value != "" && k.version == f.version && now.Before(k.expires):
		value, cached, err = k.value, true, nil
	}
	if k.fetch == f {
		k.fetch = nil
	}
	f.value, f.err = value, err
	close(f.done)
	return value, cached, err
}

// fresh tells whether the token can be used as it is. The caller holds mu.
func (k *token) fresh(c *connection, now time.Time) bool {
	return k.value != "" && k.version == c.Version && (k.renew.IsZero() || now.Before(k.renew))
}

// drop forgets all of a connection that was deleted.
func (t *tokens) drop(c *connection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.held, c.arn())
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
func (t *tokens) fetch(ctx context.Context, p *api.CreateConnectionOAuthRequestParameters) (bearer string, life time.Duration, err error) {
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
		return "", 0, &tokenError{status: response.StatusCode, reason: fmt.Sprintf("answered HTTP status %d", response.StatusCode)}
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
		return "", 0, &tokenError{reason: "answered no number of seconds in expires_in"}
	}
	seconds = min(max(seconds, 0), longestLife.Seconds())
	return "Bearer " + answer.AccessToken, time.Duration(seconds * float64(time.Second)), nil
}
