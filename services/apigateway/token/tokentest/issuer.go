// Package tokentest is an issuer of JSON Web Tokens for tests: it publishes keys
// over HTTP and signs by them.
package tokentest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Issuer publishes keys, and signs by them.
type Issuer struct {
	URL string // its address, which tokens name as iss

	t     testing.TB
	mu    sync.Mutex // guards what follows
	keys  map[string]*rsa.PrivateKey
	asked int
	down  bool
}

// New starts an issuer that has the key "one".
func New(t testing.TB) *Issuer {
	t.Helper()
	i := &Issuer{t: t, keys: map[string]*rsa.PrivateKey{}}
	i.Turn("one")
	s := httptest.NewServer(i)
	t.Cleanup(s.Close)
	i.URL = s.URL
	return i
}

// ServeHTTP implements [http.Handler].
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.down {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/keys"})
		return
	}
	i.asked++
	var set jose.JSONWebKeySet
	for id, k := range i.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.Public(), KeyID: id, Algorithm: "RS256", Use: "sig"})
	}
	_ = json.NewEncoder(w).Encode(set)
}

// Asked counts how often the keys were asked for.
func (i *Issuer) Asked() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked
}

// Fail lets the issuer answer with errors, or well again.
func (i *Issuer) Fail(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}

// Turn makes and publishes another key.
func (i *Issuer) Turn(id string) {
	i.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		i.t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys[id] = key
}

// Withdraw takes a key back.
func (i *Issuer) Withdraw(id string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.keys, id)
}

// Key is one of the keys.
func (i *Issuer) Key(id string) *rsa.PrivateKey {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys[id]
}

// Token is a token signed with the key "one". The claim iss is the issuer's
// unless another is given.
func (i *Issuer) Token(claims map[string]any) string {
	i.t.Helper()
	if _, there := claims["iss"]; !there {
		claims["iss"] = i.URL
	}
	return i.Sign("one", i.Key("one"), jose.RS256, claims)
}

// Sign signs claims with any key.
func (i *Issuer) Sign(id string, key any, algorithm jose.SignatureAlgorithm, claims map[string]any) string {
	i.t.Helper()
	options := &jose.SignerOptions{}
	if id != "" {
		options.WithHeader("kid", id)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		i.t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		i.t.Fatal(err)
	}
	return text
}
