package table

import (
	"bytes"
	"context"
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

// Tokens are kept by when they were used, in buckets of TokenLife, so that those
// that are over are forgotten a bucket at a time.

func bucketKey(now time.Time, ago int64) []byte {
	bucket := now.UnixMilli()/TokenLife.Milliseconds() - ago
	return binary.BigEndian.AppendUint64([]byte{foreign, roomTokens}, uint64(max(0, bucket)))
}

func (t *Token) key(now time.Time, ago int64) []byte {
	b := append(bucketKey(now, ago), t.Scope...)
	return append(append(b, 0), t.Text...)
}

func (t *Token) check(r pebble.Reader, now time.Time) (done bool, err error) {
	for ago := range int64(2) {
		if done, err := t.checkIn(r, t.key(now, ago), now); done || err != nil {
			return done, err
		}
	}
	return false, nil
}

func (t *Token) checkIn(r pebble.Reader, key []byte, now time.Time) (done bool, err error) {
	v, release, err := get(r, key)
	defer release()
	if err != nil || len(v) < 8 {
		return false, err
	}
	at := time.UnixMilli(int64(binary.BigEndian.Uint64(v)))
	if now.Sub(at) >= TokenLife {
		return false, nil
	}
	if !bytes.Equal(v[8:], t.Digest) {
		return false, ErrMismatch
	}
	t.Done = true
	return true, nil
}

func (t *Token) write(b *pebble.Batch, now time.Time) error {
	v := binary.BigEndian.AppendUint64(nil, uint64(now.UnixMilli()))
	return b.Set(t.key(now, 0), append(v, t.Digest...), nil)
}

// ForgetTokens forgets the tokens that are over.
func (s *Tables) ForgetTokens(ctx context.Context) error {
	lower, upper := []byte{foreign, roomTokens}, bucketKey(s.clock.Now(), 1)
	found := false
	err := s.store.View(func(r pebble.Reader) error {
		return scan(r, lower, upper, false, func(_, _ []byte) (bool, error) {
			found = true
			return false, nil
		})
	})
	if err != nil || !found {
		return err
	}
	return s.store.Transact(ctx, 64, func(_ pebble.Reader, w *pebble.Batch, _ func(string, []byte)) error {
		return w.DeleteRange(lower, upper, nil)
	})
}
