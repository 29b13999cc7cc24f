// Package verdict is what Lambda authorizers say of a request, and how long it
// is kept: the policy that they return, decided by as IAM's are, and a cache
// of answers by what identified the caller.
package verdict

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/policy"
)

// Policy is an authorizer's policyDocument.
type Policy struct{ document *policy.Document }

// UnmarshalJSON implements [json.Unmarshaler]. What is no policy is an error.
func (p *Policy) UnmarshalJSON(data []byte) (err error) {
	p.document, err = policy.Parse(data, policy.Identity)
	return err
}

// Given says whether there is a policy.
func (p *Policy) Given() bool { return p.document != nil }

// Decide says whether a request may invoke the method that an ARN names, and
// whether that is denied in so many words. Conditions may ask for the request's
// aws:SourceIp, aws:UserAgent and aws:Referer.
func (p *Policy) Decide(arn string, r *http.Request, sourceIP string) (allowed, denied bool) {
	account := ""
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		account = parts[4]
	}
	q := policy.Request{
		Principal: policy.Principal{ARN: "arn:aws:iam::" + account + ":user/caller", Account: account},
		Action:    "execute-api:Invoke", Resource: arn,
	}
	for key, value := range map[string]string{"aws:SourceIp": sourceIP, "aws:UserAgent": r.UserAgent(), "aws:Referer": r.Referer()} {
		if value != "" {
			q.Set(key, value)
		}
	}
	d := policy.Evaluate(&q, &policy.Set{Identity: []policy.Source{{Name: "authorizer", Document: p.document}}})
	return d.Allowed, d.Explicit
}

// maxKept bounds what a cache holds; full, it is emptied.
const maxKept = 10_000

// Cache keeps answers until their time is over. Its zero value is empty. It is
// safe for concurrent use.
type Cache[V any] struct {
	mu   sync.Mutex // guards kept
	kept map[string]entry[V]
}

type entry[V any] struct {
	value V
	until time.Time
}

// Get returns an answer that is still good.
func (c *Cache[V]) Get(name string, now time.Time) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.kept[name]
	if !ok || !now.Before(e.until) {
		return v, false
	}
	return e.value, true
}

// Put keeps an answer until a time.
func (c *Cache[V]) Put(name string, v V, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) >= maxKept {
		c.kept = map[string]entry[V]{}
	}
	c.kept[name] = entry[V]{v, until}
}

// Key is the name of an answer: of an authorizer, for what identified a caller.
func Key(parts ...string) string { return strings.Join(parts, "\x00") }
