package delivery

import "time"

const (
	defaultConcurrency = 64
	defaultWindow      = 1024
	defaultTimeout     = 30 * time.Second

	// maxHeldBytes bounds the events from the log in memory, maxLeasedBytes
	// the retries. Either is exceeded by at most one lot.
	maxHeldBytes   = 16 << 20
	maxLeasedBytes = 4 << 20

	// maxLeased bounds the retries in memory; they have at most a quarter
	// of the window.
	maxLeased = 256

	// downAfter failures on end, without one success, a target is taken for down.
	downAfter = 20

	// While the target is down a runner has at most downRetries durable
	// retries; where the policy allows few retries for each event, as many
	// as come to downAttempts attempts: the events shall not wait for one
	// another to be given up.
	downRetries  = 256
	downAttempts = 16384

	// probeEvery is how often, beyond that bound, an event that was not
	// attempted yet shows whether it is the target that fails, or what was
	// attempted before.
	probeEvery = 15 * time.Second

	// dropPatience is how long Drop waits for attempts under way to end.
	dropPatience = time.Second

	// minLease is how long retries are leased at least.
	minLease = 10 * time.Minute
)

// settings is a Config with its defaults filled in. It never changes.
type settings struct {
	Config
	maxBatch   int
	pacer      *Pacer
	share      int           // of the window, for retries
	retryBound int           // while the target is down
	lease      time.Duration // of retries
	margin     time.Duration // of a lease that an attempt needs to begin with
}

func newSettings(cfg Config) *settings {
	s := &settings{Config: cfg, maxBatch: max(1, cfg.Target.MaxBatch()), pacer: pacerOf(cfg.Target)}
	if s.Concurrency <= 0 {
		s.Concurrency = defaultConcurrency
	}
	if s.Window <= 0 {
		s.Window = max(defaultWindow, 8*s.maxBatch)
	}
	if s.Timeout <= 0 {
		s.Timeout = defaultTimeout
	}
	p := &s.Policy
	p.MaxRetries = max(0, p.MaxRetries)
	if p.MaxAge <= 0 {
		p.MaxAge = DefaultPolicy.MaxAge
	}
	if p.Base <= 0 {
		p.Base = defaultBase
	}
	if p.Cap <= 0 {
		p.Cap = max(defaultCap, p.Base)
	}
	s.share = max(1, min(maxLeased, s.Window/4))
	s.retryBound = max(downRetries, downAttempts/(p.MaxRetries+1))
	s.lease = max(minLease, 4*s.Timeout)
	s.margin = 2*s.Timeout + time.Minute
	return s
}

func pacerOf(t Target) *Pacer {
	if p, ok := t.(Paced); ok {
		return p.Pacer()
	}
	return nil
}
