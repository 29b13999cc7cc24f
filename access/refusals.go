package access

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// Refusal is something that policies do not allow, as often as it was asked for.
type Refusal struct {
	Principal string // ARN, or a service's name
	Action    string
	Resource  string
	Source    string // ARN of what it was done for; "" for a caller's own request
	Why       string // what decided, in words
	Enforced  bool   // it was refused; false: it was done, in mode audit
	Count     int
	First     time.Time
	Last      time.Time
}

// note is what tells refusals apart.
type note struct{ principal, action, resource, source string }

// maxRefusals bounds how many refusals are remembered; the one that was last
// asked for the longest ago makes room.
const maxRefusals = 1000

type refusals struct {
	mu    sync.Mutex // guards all and total
	all   map[note]*Refusal
	total uint64
}

// settle tells of a refusal, and returns it where it is enforced.
func (g *Guard) settle(ctx context.Context, n note, d *Denied) error {
	enforced := g.config.Mode == Enforce
	now := g.config.Clock.Now()
	g.refusals.mu.Lock()
	g.refusals.total++
	r := g.refusals.all[n]
	fresh := r == nil
	if fresh {
		r = &Refusal{Principal: n.principal, Action: n.action, Resource: n.resource, Source: n.source, Enforced: enforced, First: now}
		g.refusals.add(n, r)
	}
	r.Why, r.Last = d.Why, now
	r.Count++
	g.refusals.mu.Unlock()
	if fresh {
		level, text := slog.LevelWarn, "IAM would refuse this in mode enforce"
		if enforced {
			level, text = slog.LevelInfo, "refused by IAM"
		}
		g.config.Logger.Log(ctx, level, text, "principal", n.principal, "action", n.action, "resource", n.resource, "for", n.source, "why", d.Why)
	}
	if enforced {
		return d
	}
	return nil
}

func (r *refusals) add(n note, refusal *Refusal) {
	if r.all == nil {
		r.all = map[note]*Refusal{}
	}
	if len(r.all) >= maxRefusals {
		var oldest note
		for k, v := range r.all {
			if o := r.all[oldest]; o == nil || v.Last.Before(o.Last) {
				oldest = k
			}
		}
		delete(r.all, oldest)
	}
	r.all[n] = refusal
}

// Refusals lists what policies did not allow, the latest first.
func (g *Guard) Refusals() []Refusal {
	g.refusals.mu.Lock()
	defer g.refusals.mu.Unlock()
	list := make([]Refusal, 0, len(g.refusals.all))
	for _, r := range g.refusals.all {
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b Refusal) int {
		if c := b.Last.Compare(a.Last); c != 0 {
			return c
		}
		return strings.Compare(a.Principal+a.Action+a.Resource+a.Source, b.Principal+b.Action+b.Resource+b.Source)
	})
	return list
}

// Refused counts the requests that policies did not allow.
func (g *Guard) Refused() uint64 {
	g.refusals.mu.Lock()
	defer g.refusals.mu.Unlock()
	return g.refusals.total
}
