package rest

import (
	"math"
	"sync"
	"time"

	"github.com/signalbox/signalbox/services/apigateway"
	"github.com/signalbox/signalbox/services/apigateway/throttle"
	"github.com/signalbox/signalbox/wire"
)

// usageOf is the API key of a request with its plan.
type usageOf struct{ apigateway.Usage }

// admit asks for the API key where the method does, and keeps to the limits of
// its plan and of the stage.
func (c *call) admit() error {
	now := c.Clock.Now()
	if m := c.setting(); m != nil && m.ThrottlingRateLimit >= 0 {
		name := "stage|" + c.a.API + "|" + c.a.Stage + "|" + *c.resource.Id + "|" + *c.method.HttpMethod
		if !c.Handler.usage.Take(name, m.ThrottlingRateLimit, float64(m.ThrottlingBurstLimit), now) {
			return refuse("THROTTLED")
		}
	}
	c.key = c.r.Header.Get("X-Api-Key")
	if value(c.api.ApiKeySource) == apigateway.ApiKeySourceTypeAuthorizer {
		c.key = c.usageKey
	}
	if !wire.Value(c.method.ApiKeyRequired) {
		return nil
	}
	u, ok := c.APIs.Usage(c.d.Scope, c.key, c.a.API, c.a.Stage)
	if c.key == "" || !ok {
		return refuse("INVALID_API_KEY")
	}
	c.usage = &usageOf{u}
	c.x.Context = nil // it is made anew
	plan := &u.Plan
	name := *plan.Id + "|" + *u.Key.Id
	if t := c.planThrottle(plan); t != nil && t.RateLimit != nil {
		if !c.Handler.usage.Take(name, *t.RateLimit, math.Max(1, float64(wire.Value(t.BurstLimit))), now) {
			return refuse("THROTTLED")
		}
	}
	if q := plan.Quota; q != nil && !c.Handler.usage.count(name, int(*q.Limit), period(*q.Period, int(wire.Value(q.Offset)), now)) {
		return refuse("QUOTA_EXCEEDED")
	}
	return nil
}

// planThrottle is the plan's limit for this method, else that for all.
func (c *call) planThrottle(p *apigateway.UsagePlan) *apigateway.ThrottleSettings {
	for _, st := range p.ApiStages {
		if *st.ApiId == c.a.API && *st.Stage == c.a.Stage {
			if t, ok := st.Throttle[*c.resource.Path+"/"+*c.method.HttpMethod]; ok {
				return &t
			}
		}
	}
	return p.Throttle
}

// setting is the stage's setting for this method: its own, else that for all.
func (c *call) setting() *apigateway.MethodSetting {
	for _, name := range []string{escapePath(*c.resource.Path) + "/" + *c.method.HttpMethod, "*/*"} {
		if m, ok := c.d.Stage.MethodSettings[name]; ok {
			return &m
		}
	}
	return nil
}

// period is when the quota's current period began: of a day, of a week from
// Sunday on, of a month; offset days later.
func period(kind string, offset int, now time.Time) time.Time {
	now = now.UTC()
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	switch kind {
	case apigateway.QuotaPeriodTypeWeek:
		return day.AddDate(0, 0, -((int(day.Weekday()) - offset + 7) % 7))
	case apigateway.QuotaPeriodTypeMonth:
		first := day.AddDate(0, 0, 1-day.Day()+offset)
		if first.After(day) {
			first = first.AddDate(0, -1, 0)
		}
		return first
	}
	return day
}

// usage counts requests by key and plan. It is in memory: a restart begins
// anew.
type usage struct {
	throttle.Buckets

	mu     sync.Mutex // guards counts
	counts map[string]*counter
}

type counter struct {
	n     int
	since time.Time
}

// count counts a request of the period that began at since, up to limit.
func (u *usage) count(name string, limit int, since time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	c := u.counts[name]
	if c == nil || !c.since.Equal(since) {
		if u.counts == nil {
			u.counts = map[string]*counter{}
		}
		c = &counter{since: since}
		u.counts[name] = c
	}
	if c.n >= limit {
		return false
	}
	c.n++
	return true
}
