package sigv4

import (
	"crypto/sha256"
	"strings"
	"sync"
)

// signingKey is a derived key in the two forms that HMAC wants it in, one block
// each: computing a signature then costs two hashes and nothing else.
type signingKey struct {
	inner, outer [sha256.BlockSize]byte
}

func newSigningKey(key []byte) signingKey {
	if len(key) > sha256.BlockSize {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	var k signingKey
	copy(k.inner[:], key)
	copy(k.outer[:], key)
	for i := range k.inner {
		k.inner[i] ^= 0x36
		k.outer[i] ^= 0x5c
	}
	return k
}

// begin starts a message in b; finish gives the code of the message so written.
func (k *signingKey) begin(b []byte) []byte { return append(b, k.inner[:]...) }

func (k *signingKey) finish(message []byte) [sha256.Size]byte {
	var outer [sha256.BlockSize + sha256.Size]byte
	sum := sha256.Sum256(message)
	copy(outer[:], k.outer[:])
	copy(outer[sha256.BlockSize:], sum[:])
	return sha256.Sum256(outer[:])
}

func (k *signingKey) sum(message string) [sha256.Size]byte {
	return k.finish(append(k.begin(nil), message...))
}

// deriveKey is step 3 of "Create a signed API request".
func deriveKey(secret, date, region, service string) signingKey {
	k := newSigningKey([]byte("AWS4" + secret))
	for _, part := range [...]string{date, region, service, "aws4_request"} {
		sum := k.sum(part)
		k = newSigningKey(sum[:])
	}
	return k
}

// maxKeys bounds the cache: signers × days × regions × services.
const maxKeys = 4096

// keyCache holds derived keys. Only keys whose signature held are put, so that
// strangers cannot fill it.
type keyCache struct {
	mu   sync.RWMutex // guards keys
	keys map[cacheKey]cached
}

type cacheKey struct{ accessKeyID, scope string }

type cached struct {
	secret string // for which the key was derived
	key    signingKey
}

func (c *keyCache) get(sig *Signature, secret string) (signingKey, bool) {
	c.mu.RLock()
	k, ok := c.keys[cacheKey{sig.AccessKeyID, sig.Scope}]
	c.mu.RUnlock()
	if !ok || k.secret != secret {
		return signingKey{}, false
	}
	return k.key, true
}

func (c *keyCache) put(sig *Signature, secret string, key signingKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil || len(c.keys) >= maxKeys {
		c.keys = map[cacheKey]cached{}
	}
	// Cloned, for they are pieces of a whole request.
	c.keys[cacheKey{strings.Clone(sig.AccessKeyID), strings.Clone(sig.Scope)}] = cached{strings.Clone(secret), key}
}
