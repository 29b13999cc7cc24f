package token_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/services/apigateway/token"
	"github.com/signalbox/signalbox/services/apigateway/token/tokentest"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestATokenIsGoodOnlyWhereAllOfItIs(t *testing.T) {
	i := tokentest.New(t)
	i.Turn("two")
	v := token.NewVerifier(http.DefaultClient, clock.NewFake(start))
	in := func(d time.Duration) int64 { return start.Add(d).Unix() }
	for name, c := range map[string]struct {
		change map[string]any // of the claims; nil takes one out
		id     string
		key    any
		alg    jose.SignatureAlgorithm
		spoil  func(string) string
		want   string // of the error; "" for none
	}{
		"all is well":                          {},
		"an audience among several":            {change: map[string]any{"aud": []string{"other", "app"}}},
		"client_id stands in for aud":          {change: map[string]any{"aud": nil, "client_id": "app"}},
		"aud goes before client_id":            {change: map[string]any{"aud": "other", "client_id": "app"}, want: "the token does not have a valid audience"},
		"no audience":                          {change: map[string]any{"aud": nil}, want: "the token does not have a valid audience"},
		"another issuer":                       {change: map[string]any{"iss": "https://evil.example"}, want: "the token does not have a valid issuer"},
		"expired":                              {change: map[string]any{"exp": in(-time.Second)}, want: "the token has expired"},
		"expiring at this moment":              {change: map[string]any{"exp": in(0)}, want: "the token has expired"},
		"never expiring":                       {change: map[string]any{"exp": nil}, want: "the token does not expire"},
		"expiring at a text":                   {change: map[string]any{"exp": "never"}, want: "the token's exp is no number"},
		"not valid yet":                        {change: map[string]any{"nbf": in(time.Minute)}, want: "the token is not valid yet"},
		"issued in the future":                 {change: map[string]any{"iat": in(time.Minute)}, want: "the token was issued in the future"},
		"a key that the issuer does not have":  {id: "three", want: "unable to find a key of the issuer with the token's kid"},
		"no kid":                               {id: "-", want: "unable to read the token's kid"},
		"signed with another of the keys":      {id: "two", want: "the token's signature is invalid"},
		"signed with a secret, the public key": {key: i.Key("one").N.Bytes(), alg: jose.HS256, want: "the token is signed by an algorithm that is not supported"},
		"another payload under the signature": {spoil: func(s string) string {
			p := strings.Split(s, ".")
			return p[0] + "." + strings.ToLower(p[1]) + "." + p[2]
		}, want: "the token"},
		"a signature cut off":                     {spoil: func(s string) string { return s[:strings.LastIndex(s, ".")+1] }, want: "the token's signature is invalid"},
		"not signed at all":                       {spoil: func(s string) string { return "eyJhbGciOiJub25lIn0." + strings.Split(s, ".")[1] + "." }, want: "the token is"},
		"no token":                                {spoil: func(string) string { return "hello" }, want: "token contains an invalid number of segments"},
		"longer than any header may be":           {spoil: func(s string) string { return s + strings.Repeat("a", 20_000) }, want: "the token is too long"},
		"signed with PSS, which is RSA's as well": {alg: jose.PS256},
	} {
		claims := map[string]any{"iss": i.URL, "aud": "app", "exp": in(time.Hour), "iat": in(-time.Hour), "sub": "me"}
		for k, v := range c.change {
			if claims[k] = v; v == nil {
				delete(claims, k)
			}
		}
		id, key, alg := "one", any(i.Key("one")), jose.RS256
		if c.id != "" {
			id = strings.TrimPrefix(c.id, "-")
		}
		if c.key != nil {
			key = c.key
		}
		if c.alg != "" {
			alg = c.alg
		}
		text := i.Sign(id, key, alg, claims)
		if c.spoil != nil {
			text = c.spoil(text)
		}
		_, err := v.Verify(t.Context(), text, token.Expected{Issuers: []string{i.URL}, Audience: []string{"app"}})
		why, is := errors.AsType[*token.Invalid](err)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (!is || !strings.HasPrefix(why.Description, c.want)):
			t.Errorf("%s: error = %v, want %s", name, err, c.want)
		case is && why.Expired != (c.want == "the token has expired"):
			t.Errorf("%s: Expired = %v", name, why.Expired)
		}
	}
}

func TestKeysAreKeptAndAskedForAnewWhenTheyTurn(t *testing.T) {
	i := tokentest.New(t)
	turned := clock.NewFake(start)
	v := token.NewVerifier(http.DefaultClient, turned)
	verify := func(id string) error {
		text := i.Sign(id, i.Key(id), jose.RS256, map[string]any{"iss": i.URL, "exp": start.Add(24 * time.Hour).Unix()})
		_, err := v.Verify(context.Background(), text, token.Expected{Issuers: []string{i.URL}})
		return err
	}
	step := func(what, id string, good bool, asked int) {
		t.Helper()
		if err := verify(id); (err == nil) != good || i.Asked() != asked {
			t.Fatalf("%s: %v, asked %d times, want %d", what, err, i.Asked(), asked)
		}
	}
	step("the first", "one", true, 1)
	step("kept", "one", true, 1)
	i.Turn("two")
	step("a new key, at once", "two", false, 1)
	turned.Advance(11 * time.Second)
	step("a new key, later", "two", true, 2)
	i.Withdraw("one")
	step("a key that was withdrawn, still kept", "two", true, 2)
	turned.Advance(2 * time.Hour)
	step("after two hours", "two", true, 3)
	i.Fail(true)
	step("the issuer is down", "two", true, 3)
	turned.Advance(2 * time.Hour)
	step("the issuer is down for long, and its keys are what they were", "two", true, 3)
	i.Turn("three")
	turned.Advance(time.Minute)
	if err := verify("three"); !errors.Is(err, token.ErrIssuer) {
		t.Errorf("an unknown key while the issuer is down: %v", err)
	}
}

func TestClaimsReachIntegrationsAsText(t *testing.T) {
	var c token.Claims
	if err := json.Unmarshal([]byte(`{"exp":1900000000,"email_verified":true,"groups":["a","b"],"sub":"me","address":{"city":"x"},"none":null,"scope":"orders:read  orders:write"}`), &c); err != nil {
		t.Fatal(err)
	}
	got := c.Texts()
	for name, want := range map[string]string{"exp": "1900000000", "email_verified": "true", "groups": "[a b]", "sub": "me", "address": `{"city":"x"}`, "none": ""} {
		if got[name] != want {
			t.Errorf("%s = %q, want %q", name, got[name], want)
		}
	}
	if s := c.Scopes(); len(s) != 2 || s[1] != "orders:write" {
		t.Errorf("scopes = %q", s)
	}
	if !c.Opens([]string{"x", "orders:read"}) || c.Opens([]string{"orders"}) {
		t.Error("scopes are compared wrongly")
	}
	if err := json.Unmarshal([]byte(`{"scp":["a","b"]}`), &c); err != nil || len(c.Scopes()) != 2 {
		t.Errorf("scp: %v %v", err, c.Scopes())
	}
}

func FuzzTokensNeverPanic(f *testing.F) {
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJSUzI1NiIsImtpZCI6Im9uZSJ9.eyJpc3MiOiJ4IiwiZXhwIjoxfQ.AAAA")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	v := token.NewVerifier(&http.Client{Transport: nowhere{}}, clock.NewFake(start))
	f.Fuzz(func(t *testing.T, text string) {
		if claims, err := v.Verify(t.Context(), text, token.Expected{Issuers: []string{"x", ""}}); err == nil {
			t.Errorf("%q is good: %v", text, claims)
		}
	})
}

// nowhere is a network in which nobody answers.
type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("nowhere") }
