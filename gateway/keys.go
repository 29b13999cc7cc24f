package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/signalbox/signalbox/wire"
)

// Credential is what is known of an access key.
type Credential struct {
	Secret    string
	Account   string    // 12 digits
	Principal string    // ARN of whom the key belongs to
	Expires   time.Time // zero for keys that do not
	Session   *wire.Session
}

// Keys answers who an access key is. sessionToken is what came with the key, ""
// for none. The error is, or wraps, [ErrUnknownKey] or [ErrInvalidToken] when
// the caller is to blame; any other is answered as an internal failure.
// A credential that has expired is returned like any other.
type Keys interface {
	Lookup(ctx context.Context, accessKeyID, sessionToken string) (Credential, error)
}

// The ways in which a key is refused.
var (
	// ErrUnknownKey: the key is nobody's.
	ErrUnknownKey = errors.New("the access key is not known")
	// ErrInvalidToken: the key is known, and the session token is not its own.
	ErrInvalidToken = errors.New("the session token does not belong to the access key")
)

// Chain asks several for a key, in their order, until one knows it.
func Chain(keys ...Keys) Keys { return chain(keys) }

type chain []Keys

// Lookup implements [Keys].
func (c chain) Lookup(ctx context.Context, accessKeyID, sessionToken string) (Credential, error) {
	for _, k := range c {
		if found, err := k.Lookup(ctx, accessKeyID, sessionToken); !errors.Is(err, ErrUnknownKey) {
			return found, err
		}
	}
	return Credential{}, ErrUnknownKey
}
