package table

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// TokenLife is how long a transaction's token is remembered.
const TokenLife = 10 * time.Minute

// ErrMismatch is the answer to a token that was used for another request.
var ErrMismatch = errors.New("the token was used with other parameters")

// Token makes a transaction idempotent.
type Token struct {
	Scope  string // account and region
	Text   string
	Digest []byte // of the request
	Done   bool   // set where the transaction was done before
}

func (t *Token) key() []byte {
	b := append([]byte{foreign, roomTokens}, t.Scope...)
	return append(append(b, 0), t.Text...)
}

func (t *Token) check(r pebble.Reader, now time.Time) (done bool, err error) {
	v, release, err := get(r, t.key())
	defer release()
	if err != nil || len(v) < 8 || expired(v, now) {
		return false, err
	}
	if !bytes.Equal(v[8:], t.Digest) {
		return false, ErrMismatch
	}
	t.Done = true
	return true, nil
}

func expired(v []byte, now time.Time) bool {
	at := time.UnixMilli(int64(binary.BigEndian.Uint64(v)))
	return now.Sub(at) >= TokenLife
}

func (t *Token) write(b *pebble.Batch, now time.Time) error {
	v := binary.BigEndian.AppendUint64(nil, uint64(now.UnixMilli()))
	return b.Set(t.key(), append(v, t.Digest...), nil)
}
