package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"github.com/signalbox/signalbox/gateway/sigv4"
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
	AccessKeyID string // "" for a request that bears no signature
	Verified    bool   // the signature was verified; false for what development mode lets in
}

// Authenticate says who sends a request, for handlers of routes that ask for
// signatures (function URLs and APIs with AWS_IAM). It returns the body as the
// caller meant it: decoded where it came in the aws-chunked encoding. A request
// to be refused yields a *wire.Error, in the words of REST services.
func (g *Gateway) Authenticate(r *http.Request, body []byte) (Caller, []byte, error) {
	sig, signed, err := sigv4.Parse(r)
	c, body, err := g.authenticate(r, body, &sig, signed, err)
	if why, ok := errors.AsType[*refusal](err); ok {
		g.counters.refused.Add(1)
		err = why.in(restDialect)
	}
	return c, body, err
}

// authenticate goes on after sigv4.Parse. Its error is a *refusal where the
// caller is to blame.
func (g *Gateway) authenticate(r *http.Request, body []byte, sig *sigv4.Signature, signed bool, parseErr error) (Caller, []byte, error) {
	c := Caller{Account: DefaultAccount, Region: sig.Region, AccessKeyID: sig.AccessKeyID}
	if c.Region == "" || c.Region == "aws-global" {
		c.Region = g.config.Region
	}
	if !signed {
		if err := g.letIn(r, unsigned); err != nil {
			return c, nil, err
		}
		c.Principal = rootARN(c.Account)
		return c, body, nil
	}
	if sig.AccessKeyID == "" {
		return c, nil, ofSignature(parseErr)
	}
	known, err := g.lookup(r.Context(), sig)
	if errors.Is(err, ErrUnknownKey) {
		if err := g.letIn(r, unknownKey); err != nil {
			return c, nil, err
		}
		if isAccount(sig.AccessKeyID) {
			c.Account = sig.AccessKeyID
		}
		c.Principal = rootARN(c.Account)
		body, err = g.plain(sig, "", body)
		return c, body, err
	}
	if err != nil {
		return c, nil, err
	}
	if parseErr != nil {
		return c, nil, ofSignature(parseErr)
	}
	if !known.Expires.IsZero() && !g.config.Clock.Now().Before(known.Expires) {
		return c, nil, &refusal{why: expiredToken}
	}
	if err := g.verifier.Verify(sig, r, body, known.Secret); err != nil {
		return c, nil, ofSignature(err)
	}
	c.Account, c.Principal, c.Verified = known.Account, known.Principal, true
	body, err = g.plain(sig, known.Secret, body)
	return c, body, err
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
