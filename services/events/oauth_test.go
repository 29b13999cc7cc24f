package events_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/signalboxtest"
)

// issuer is a token endpoint whose tokens are numbered.
func issuer(t testing.TB, lifetime string) *endpoint {
	e := newEndpoint(t)
	var n atomic.Int32
	e.answers(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"access_token":"hush-%d","token_type":"Bearer"%s}`, n.Add(1), lifetime)
	})
	return e
}

// bearer waits for the next call and returns its token's number.
func (e *endpoint) bearer(t testing.TB) string {
	t.Helper()
	return strings.TrimPrefix(e.next(t).header.Get("Authorization"), "Bearer hush-")
}

func TestATokenIsFetchedOnceAndAgainBeforeItExpires(t *testing.T) {
	now := clock.NewFake(time.Now())
	w := newWorld(t, signalboxtest.WithClock(now))
	e, tokens := newEndpoint(t), issuer(t, `,"expires_in":"3600"`)
	in := oauth(tokens.URL+"/token?tenant=1", types.ConnectionOAuthHttpMethodPost)
	in.AuthParameters.OAuthParameters.OAuthHttpParameters = invocation()
	w.calls(w.connection("c", in), e.URL, nil)
	order := func() string {
		t.Helper()
		w.put(entry("default", "shop", "order", `{}`))
		return e.bearer(t)
	}
	if got := order(); got != "1" {
		t.Errorf("the first call has token %q", got)
	}
	c := tokens.next(t)
	form := "client_id=client&client_secret=hush-client&grant_type=client_credentials&open=open&secret=hush-body"
	if c.method != "POST" || c.body != form || c.query.Get("tenant") != "1" || c.query.Get("secret") != "hush-query" || c.header.Get("X-Secret") != "hush-header" ||
		c.header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("the token was asked for with %+v", c)
	}
	now.Advance(58 * time.Minute)
	if got := order(); got != "1" {
		t.Errorf("after 58 minutes the call has token %q, want the first", got)
	}
	tokens.quiet(t)
	now.Advance(90 * time.Second)
	if got := order(); got != "2" {
		t.Errorf("half a minute before it expires the call has token %q, want a new one", got)
	}
	tokens.next(t)
	// While no new one can be had, one that is still good serves on.
	tokens.answers(status(500))
	now.Advance(59*time.Minute + 30*time.Second)
	if got := order(); got != "2" {
		t.Errorf("with the issuer failing the call has token %q, want the second", got)
	}
}

func TestATokenIsAskedForWithGET(t *testing.T) {
	w := newWorld(t)
	e, tokens := newEndpoint(t), issuer(t, "")
	w.calls(w.connection("c", oauth(tokens.URL, types.ConnectionOAuthHttpMethodGet)), e.URL, nil)
	w.put(entry("default", "shop", "order", `{}`))
	e.bearer(t)
	if c := tokens.next(t); c.method != "GET" || c.query.Get("client_secret") != "hush-client" || c.query.Get("grant_type") != "client_credentials" || c.body != "" {
		t.Errorf("the token was asked for with %+v", c)
	}
}

func TestATokenThatIsRefusedIsFetchedAnewOnce(t *testing.T) {
	w := newWorld(t)
	e, tokens := newEndpoint(t), issuer(t, "")
	letters := w.calls(w.connection("c", oauth(tokens.URL, types.ConnectionOAuthHttpMethodPost)), e.URL, nil)
	e.answers(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer hush-1" {
			w.WriteHeader(401)
		}
	})
	w.put(entry("default", "shop", "order", `{}`))
	if got := e.bearer(t); got != "1" {
		t.Fatalf("token %q", got)
	}
	w.empty(letters)
	// Now only the second token is good.
	e.answers(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer hush-2" {
			w.WriteHeader(401)
		}
	})
	w.put(entry("default", "shop", "order", `{}`))
	if first, second := e.bearer(t), e.bearer(t); first != "1" || second != "2" {
		t.Errorf("called with tokens %s and %s, want 1 and 2", first, second)
	}
	w.empty(letters)
	// Now none is.
	e.answers(status(401))
	w.put(entry("default", "shop", "order", `{}`))
	if first, second := e.bearer(t), e.bearer(t); first != "2" || second != "3" {
		t.Errorf("called with tokens %s and %s, want 2 and 3", first, second)
	}
	if d := w.dead(letters); d.attributes["ERROR_CODE"] != "SDK_CLIENT_ERROR" || !strings.Contains(d.attributes["ERROR_MESSAGE"], "401") {
		t.Errorf("dead letter = %v", d.attributes)
	}
	e.quiet(t)
}

func TestAnUpdatedConnectionFetchesATokenOfItsOwn(t *testing.T) {
	w := newWorld(t)
	e, tokens := newEndpoint(t), issuer(t, `,"expires_in":3600`)
	w.calls(w.connection("c", oauth(tokens.URL, types.ConnectionOAuthHttpMethodPost)), e.URL, nil)
	w.put(entry("default", "shop", "order", `{}`))
	e.bearer(t)
	must(w.events.UpdateConnection(w.ctx, &eventbridge.UpdateConnectionInput{Name: aws.String("c"), AuthParameters: &types.UpdateConnectionAuthRequestParameters{
		OAuthParameters: &types.UpdateConnectionOAuthRequestParameters{ClientParameters: &types.UpdateConnectionOAuthClientRequestParameters{ClientSecret: aws.String("hush-new")}}}}))(t)
	w.put(entry("default", "shop", "order", `{}`))
	if got := e.bearer(t); got != "2" {
		t.Errorf("after the update the call has token %s, want the second", got)
	}
	tokens.next(t)
	if c := tokens.next(t); !strings.Contains(c.body, "client_secret=hush-new") || !strings.Contains(c.body, "client_id=client") {
		t.Errorf("the second token was asked for with %s", c.body)
	}
}

func TestManyCallsWaitForOneToken(t *testing.T) {
	w := newWorld(t)
	e, tokens := newEndpoint(t), newEndpoint(t)
	go1 := make(chan struct{})
	tokens.answers(func(w http.ResponseWriter, r *http.Request) {
		<-go1
		fmt.Fprint(w, `{"access_token":"hush-1","expires_in":3600}`)
	})
	w.calls(w.connection("c", oauth(tokens.URL, types.ConnectionOAuthHttpMethodPost)), e.URL, nil)
	w.put(numbered("default", "shop", 0, 10)...)
	tokens.next(t)
	close(go1)
	for range 10 {
		e.bearer(t)
	}
	tokens.quiet(t)
}

func TestATokenEndpointThatFailsIsTriedAgain(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"the authorization endpoint answered HTTP status 500": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			fmt.Fprint(w, "hush")
		},
		"answered no access_token": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"token":"hush"}`) },
		"expires_in": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, `{"access_token":"hush","expires_in":"soon"}`)
		},
	}
	for text, answer := range answers {
		t.Run(text, func(t *testing.T) {
			now := clock.NewFake(time.Now())
			w := newWorld(t, signalboxtest.WithClock(now))
			e, tokens := newEndpoint(t), newEndpoint(t)
			tokens.answers(answer)
			letters := w.calls(w.connection("c", oauth(tokens.URL, types.ConnectionOAuthHttpMethodPost)), e.URL, func(to *types.Target) {
				to.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(2)}
			})
			w.put(entry("default", "shop", "order", `{}`))
			tokens.next(t)
			for range 2 {
				w.again(now, 1)
				tokens.next(t)
			}
			d := w.dead(letters)
			if d.attributes["RETRY_ATTEMPTS"] != "2" || d.attributes["EXHAUSTED_RETRY_CONDITION"] != "MaximumRetryAttempts" || strings.Contains(fmt.Sprint(d), "hush") {
				t.Errorf("dead letter = %v", d.attributes)
			}
			if text != "expires_in" && !strings.Contains(d.attributes["ERROR_MESSAGE"], text) {
				t.Errorf("dead letter = %v, want …%s…", d.attributes, text)
			}
			e.quiet(t)
		})
	}
}
