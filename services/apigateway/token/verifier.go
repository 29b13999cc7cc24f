package token

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/signalbox/signalbox/clock"
)

// Invalid is why a token is refused, in the words of error_description.
type Invalid struct {
	Description string
	Expired     bool
}

// Error implements [error].
func (e *Invalid) Error() string { return e.Description }

func invalid(format string, args ...any) error {
	return &Invalid{Description: fmt.Sprintf(format, args...)}
}

// ErrIssuer is wrapped by the errors of issuers whose keys could not be had.
var ErrIssuer = errors.New("OIDC discovery endpoint communication error")

// Expected is what a token must say.
type Expected struct {
	Issuers  []string // one of them; addresses
	Audience []string // one of them; none: any
}

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	clock clock.Clock
	keys  keys
}

// NewVerifier makes a Verifier that asks issuers by a client.
func NewVerifier(client *http.Client, clk clock.Clock) *Verifier {
	return &Verifier{clock: clk, keys: keys{client: client, clock: clk}}
}

// algorithms are those that API Gateway takes.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512}

// maxToken bounds tokens, in bytes: API Gateway takes headers of 10,240 in all.
const maxToken = 16 << 10

// Bearer is a token as a header has it, with or without "Bearer " before it.
func Bearer(text string) string {
	if scheme, rest, _ := strings.Cut(text, " "); strings.EqualFold(scheme, "Bearer") {
		text = rest
	}
	return strings.TrimSpace(text)
}

// Verify reads a token and returns its claims. The error is an [*Invalid] where
// the token is to blame, and wraps [ErrIssuer] where the issuer is.
func (v *Verifier) Verify(ctx context.Context, text string, want Expected) (Claims, error) {
	if len(text) > maxToken {
		return nil, invalid("the token is too long")
	}
	if strings.Count(text, ".") != 2 {
		return nil, invalid("token contains an invalid number of segments")
	}
	signed, err := jwt.ParseSigned(text, algorithms)
	if err != nil {
		return nil, invalid("%s", reason(err))
	}
	var claims Claims
	if err := signed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		return nil, invalid("the token's claims are no JSON object")
	}
	issuer := claims.text("iss")
	if !slices.Contains(want.Issuers, issuer) {
		return nil, invalid("the token does not have a valid issuer")
	}
	id := signed.Headers[0].KeyID
	if id == "" {
		return nil, invalid("unable to read the token's kid")
	}
	key, err := v.keys.find(ctx, issuer, id)
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, invalid("unable to find a key of the issuer with the token's kid")
	}
	if err := signed.Claims(key.Key, &claims); err != nil {
		return nil, invalid("the token's signature is invalid")
	}
	return claims, claims.check(want.Audience, v.clock.Now())
}

// reason is why a token could not be read.
func reason(err error) string {
	if _, is := errors.AsType[*jose.ErrUnexpectedSignatureAlgorithm](err); is {
		return "the token is signed by an algorithm that is not supported"
	}
	return "the token is malformed"
}

// check looks at audience and times.
func (c Claims) check(audience []string, now time.Time) error {
	for _, t := range []struct {
		claim string
		bad   func(at time.Time) bool
		err   *Invalid
	}{
		{"exp", func(at time.Time) bool { return !now.Before(at) }, &Invalid{Description: "the token has expired", Expired: true}},
		{"nbf", func(at time.Time) bool { return now.Before(at) }, &Invalid{Description: "the token is not valid yet"}},
		{"iat", func(at time.Time) bool { return now.Before(at) }, &Invalid{Description: "the token was issued in the future"}},
	} {
		at, ok, err := c.time(t.claim)
		if err != nil {
			return err
		}
		if ok && t.bad(at) {
			return t.err
		}
	}
	if _, ok := c["exp"]; !ok {
		return invalid("the token does not expire")
	}
	if len(audience) == 0 {
		return nil
	}
	said := c.list("aud")
	if _, ok := c["aud"]; !ok {
		said = c.list("client_id")
	}
	for _, a := range said {
		if slices.Contains(audience, a) {
			return nil
		}
	}
	return invalid("the token does not have a valid audience")
}
