package token

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/signalbox/signalbox/clock"
)

// How issuers are asked.
const (
	keptFor    = 2 * time.Hour
	soonest    = 10 * time.Second // between two questions to one issuer
	patience   = 5 * time.Second  // with an issuer
	maxAnswer  = 1 << 20          // bytes of an issuer's answer
	maxIssuers = 1000             // whose keys are kept
)

// keys are the published keys of issuers.
type keys struct {
	client *http.Client
	clock  clock.Clock

	mu      sync.Mutex // guards issuers
	issuers map[string]*issuer
}

// issuer is one issuer's keys. Its lock is held while it is asked, so that many
// requests ask once.
type issuer struct {
	mu    sync.Mutex // guards what follows
	set   jose.JSONWebKeySet
	asked time.Time
	err   error // of the last question
}

// find returns the key with an identifier, nil where the issuer has none.
func (k *keys) find(ctx context.Context, address, id string) (*jose.JSONWebKey, error) {
	k.mu.Lock()
	i := k.issuers[address]
	if i == nil {
		if k.issuers == nil || len(k.issuers) >= maxIssuers {
			k.issuers = map[string]*issuer{}
		}
		i = &issuer{}
		k.issuers[address] = i
	}
	k.mu.Unlock()

	i.mu.Lock()
	defer i.mu.Unlock()
	now := k.clock.Now()
	age := now.Sub(i.asked)
	found := i.key(id)
	if i.asked.IsZero() || age >= keptFor || found == nil && age >= soonest {
		set, err := k.ask(ctx, address)
		if ctx.Err() != nil {
			return nil, ctx.Err() // nobody waits any more; the next one asks
		}
		i.asked, i.err = now, err
		if err == nil {
			i.set = set
		}
		found = i.key(id)
	}
	if found == nil && i.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIssuer, i.err)
	}
	return found, nil
}

func (i *issuer) key(id string) *jose.JSONWebKey {
	for _, key := range i.set.Key(id) {
		if key.IsPublic() && (key.Use == "" || key.Use == "sig") {
			return &key
		}
	}
	return nil
}

// ask fetches an issuer's configuration, and the keys that it points to.
func (k *keys) ask(ctx context.Context, address string) (set jose.JSONWebKeySet, err error) {
	ctx, cancel := clock.WithTimeout(ctx, k.clock, patience)
	defer cancel()
	var configuration struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := k.fetch(ctx, strings.TrimSuffix(address, "/")+"/.well-known/openid-configuration", &configuration); err != nil {
		return set, fmt.Errorf("asking %s for its configuration: %w", address, err)
	}
	if configuration.Issuer != "" && configuration.Issuer != address {
		return set, fmt.Errorf("the configuration at %s is of another issuer: %s", address, configuration.Issuer)
	}
	if u, err := url.Parse(configuration.Keys); err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return set, fmt.Errorf("the configuration at %s has no usable jwks_uri", address)
	}
	if err := k.fetch(ctx, configuration.Keys, &set); err != nil {
		return set, fmt.Errorf("asking %s for its keys: %w", configuration.Keys, err)
	}
	return set, nil
}

func (k *keys) fetch(ctx context.Context, address string, out any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := k.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer is %s", resp.Status)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(out)
}
