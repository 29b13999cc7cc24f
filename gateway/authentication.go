package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"github.com/signalbox/signalbox/gateway/sigv4"
	"github.com/signalbox/signalbox/wire"
)

// Mode says who is let in.
type Mode int

const (
	// Development lets in, beside those whose keys are known, everyone on this
	// machine: an unknown access key of 12 digits is that account, any other is
	// [DefaultAccount], and so is a request without signature.
	Development Mode = iota
	// Required lets in only requests signed with keys that are known.
	Required
)

// UnmarshalText reads "development" or "required".
func (m *Mode) UnmarshalText(text []byte) error {
	switch string(text) {
	case "development":
		*m = Development
	case "required":
		*m = Required
	default:
		return fmt.Errorf("%q is not a mode of authentication: it is development or required", text)
	}
	return nil
}

// String is the mode's name, as UnmarshalText reads it.
func (m Mode) String() string {
	if m == Required {
		return "required"
	}
	return "development"
}

// What is taken where a request does not say.
const (
	DefaultAccount = "000000000000"
	DefaultRegion  = "us-east-1"
)

// Caller is who sends a request.
type Caller struct {
	Account     string // 12 digits
	Region      string // of the signature's scope
	Principal   string // ARN, "" for an anonymous caller
	Session     *wire.Session
	AccessKeyID string // "" for a request that bears no signature
	Verified    bool   // the signature is that of a known key; false for what development mode lets in
}

// Authenticate says who sends a request, for handlers of routes that ask for
// signatures (function URLs and APIs with AWS_IAM). It returns the body as the
// caller meant it: decoded where it came in the aws-chunked encoding. A request
// to be refused yields a *wire.Error, in the words of REST services.
func (g *Gateway) Authenticate(r *http.Request, body []byte) (Caller, []byte, error) {
	sig, signed, err := sigv4.Parse(r)
	c, secret, err := g.identify(r, &sig, signed, err)
	if err == nil {
		body, err = g.prove(r, body, &sig, secret)
	}
	if why, ok := errors.AsType[*refusal](err); ok {
		g.counters.refused.Add(1)
		err = why.in(restDialect)
	}
	return c, body, err
}

// identify finds out who a request claims to come from, and the secret that
// must have signed it: "" where nothing is to be proven. It goes on after
// sigv4.Parse. Its error is a *refusal where the caller is to blame.
func (g *Gateway) identify(r *http.Request, sig *sigv4.Signature, signed bool, parseErr error) (c Caller, secret string, err error) {
	c = Caller{Account: DefaultAccount, Region: sig.Region, AccessKeyID: sig.AccessKeyID}
	if c.Region == "" || c.Region == "aws-global" {
		c.Region = g.config.Region
	}
	if !signed {
		c.Principal = rootARN(c.Account)
		return c, "", g.letIn(r, unsigned)
	}
	if sig.AccessKeyID == "" {
		return c, "", ofSignature(parseErr)
	}
	known, err := g.lookup(r.Context(), sig)
	switch {
	case errors.Is(err, ErrUnknownKey):
		if isAccount(sig.AccessKeyID) {
			c.Account = sig.AccessKeyID
		}
		c.Principal = rootARN(c.Account)
		return c, "", g.letIn(r, unknownKey)
	case err != nil:
		return c, "", err
	case parseErr != nil:
		return c, "", ofSignature(parseErr)
	case !known.Expires.IsZero() && !g.config.Clock.Now().Before(known.Expires):
		return c, "", &refusal{why: expiredToken}
	case known.Secret == "":
		return c, "", fmt.Errorf("the access key %s has no secret", sig.AccessKeyID)
	}
	c.Account, c.Principal, c.Session, c.Verified = known.Account, known.Principal, known.Session, true
	return c, known.Secret, nil
}

// prove verifies the signature, where a secret is to be proven, and returns the
// body as it was meant.
func (g *Gateway) prove(r *http.Request, body []byte, sig *sigv4.Signature, secret string) ([]byte, error) {
	if secret != "" {
		if err := g.verifier.Verify(sig, r, body, secret); err != nil {
			return nil, ofSignature(err)
		}
	}
	return g.plain(sig, secret, body)
}

func (g *Gateway) lookup(ctx context.Context, sig *sigv4.Signature) (Credential, error) {
	if g.config.Keys == nil {
		return Credential{}, ErrUnknownKey
	}
	c, err := g.config.Keys.Lookup(ctx, sig.AccessKeyID, sig.SessionToken)
	switch {
	case err == nil, errors.Is(err, ErrUnknownKey):
		return c, err
	case errors.Is(err, ErrInvalidToken):
		return c, &refusal{why: unknownKey}
	}
	return c, fmt.Errorf("look up the access key: %w", err)
}

// letIn says whether a request that proves nothing may come in.
func (g *Gateway) letIn(r *http.Request, why reason) error {
	if g.config.Auth == Required {
		return &refusal{why: why}
	}
	if g.isTrusted(peer(r)) {
		return nil
	}
	return &refusal{why, "in development mode unsigned requests and unknown keys are accepted from this machine only; sign with a key that Signalbox knows"}
}

// isTrusted tells the peers whom development mode lets in. The zero address is
// that of a Unix socket.
func (g *Gateway) isTrusted(a netip.Addr) bool {
	return !a.IsValid() || a.IsLoopback() || slices.ContainsFunc(g.config.Trusted, func(p netip.Prefix) bool { return p.Contains(a) })
}

// peer is the address at the other end of the connection, not what headers say.
func peer(r *http.Request) netip.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		if r.RemoteAddr == "" || r.RemoteAddr == "@" {
			return netip.Addr{}
		}
		return netip.IPv6Unspecified() // trusted by nobody
	}
	return a.Addr().Unmap().WithZone("")
}
