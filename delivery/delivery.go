// Package delivery brings events from a subscription to its target.
//
// Everything that goes out goes out here: rules' targets, subscribers, pipes,
// topics, schedules and asynchronous function calls. A [Runner] serves one
// subscription. Events come to it in two ways:
//
//   - from a log, by [Runner.Offer]: the event is durable where it came from.
//     In the good case nothing is written: it is held in memory, delivered and
//     settled, and [Runner.Floor] moves up.
//   - directly, by [Runner.Submit]: the event is made durable here before
//     Submit returns.
//
// Each event is transformed, paced by the target's rate, and attempted. A
// failure that may pass becomes a durable retry (in an engine queue of the
// subscription's own) with its due time; then the floor may pass it. A final
// failure, or one too many, or too late, goes to the dead-letter queue, or is
// dropped where there is none. Every event offered or submitted ends in
// exactly one recorded [Outcome]; a crash may deliver it again, never lose it.
//
// What the dead-letter queue does not take waits in a durable queue of its own,
// and holds up nothing else.
//
// Runners share nothing but the engine: a slow or dead target holds its own
// runner's bounded window and nobody else's. A target that has failed many
// times on end without one success is taken for down: the runner takes no
// more than a bounded number of retries upon itself and leaves the rest where
// it lies; it goes on probing with the retries it has and, now and then, with
// an event that was not attempted yet, and when one succeeds the others are due
// at once. The numbers are the constants of settings.go.
//
// Where a subscription keeps order, one event of a group is on its way at a
// time. When it has to be retried, the group's later events are parked behind
// it in the durable queue, so that the floor passes them and other groups go
// on. As far as a bound they are also while the target is taken for down.
package delivery

import (
	"context"
	"time"

	"github.com/signalbox/signalbox/engine"
)

// Event is one event on its way to one target.
type Event struct {
	ID       string          // the event's id, the same on every redelivery
	Position engine.Position // its place in the subscription's log; 0 for one that was submitted
	Ingested time.Time       // when it was acknowledged: its age counts from here
	Data     []byte          // the event as it was matched (JSON); never changed
	Group    string          // order group, where the subscription keeps order
	Trace    string          // X-Ray trace header; may be empty
}

// Request is one event as the target is to get it.
type Request struct {
	Event   *Event
	Input   []byte // what the transform made of Event.Data
	Attempt int    // 1 for the first attempt
	// Sent, where it is not nil, is to be called once the request has left
	// for the receiver: a target with a [Pacer] is then paced by when its
	// requests leave. Without the call it is paced by its answers, which is
	// safe, but slower than its rate where it takes long to answer.
	Sent func()
}

// Target is where events go.
type Target interface {
	// Deliver makes one attempt at each request and answers one Result for
	// each, in their order. len(requests) is at most what MaxBatch says. It
	// returns when ctx ends at the latest; it never panics on any Input.
	Deliver(ctx context.Context, requests []Request) []Result
	// MaxBatch is how many requests one Deliver may take, at least 1.
	// Requests are never made to wait for others to fill a batch.
	MaxBatch() int
}

// Paced is a Target with a rate limit. The limit belongs to the thing itself
// (an API destination), so targets that share it share the Pacer.
type Paced interface {
	Target
	Pacer() *Pacer // nil: no limit
}

// Kind says what a failure means for the event.
type Kind uint8

const (
	Success   Kind = iota
	Retryable      // may pass: a time-out, a connection refused, 429, 5xx
	Throttled      // as Retryable; the target asked for less
	Permanent      // will not pass: no permission, no such resource, 4xx
)

// Result is what became of one attempt.
type Result struct {
	Kind       Kind
	Code       string        // of a failure, in the words of EventBridge's dead letters: "SDK_CLIENT_ERROR", "NO_RESOURCE", …
	Message    string        // of a failure, for people; holds no secret
	Status     int           // HTTP status, where the target speaks HTTP
	RetryAfter time.Duration // what the target asked for; 0: nothing; negative: no more attempts
}

// Policy bounds the retries of an event.
type Policy struct {
	MaxRetries int           // attempts after the first: 0 to 185
	MaxAge     time.Duration // since Event.Ingested: 1 minute to 24 hours; no attempt begins later
	Base, Cap  time.Duration // exponential back-off with full jitter; zero: 1 s and 10 min
}

// DefaultPolicy is that of a rule's target (EventBridge user guide, page
// eb-rule-retry-policy): 185 retries within 24 hours.
var DefaultPolicy = Policy{MaxRetries: 185, MaxAge: 24 * time.Hour}

// Order is what a subscription keeps of its log's order.
type Order uint8

const (
	Unordered Order = iota // none: events are delivered side by side
	PerGroup               // events of one group one after another; a failing head holds its group only
)

// Outcome is how an event's delivery ended.
type Outcome uint8

const (
	Delivered    Outcome = iota + 1
	DeadLettered         // handed to the dead-letter queue
	Dropped              // given up with no dead-letter queue, or one that cannot be reached
)

// Dead is an event that was given up.
type Dead struct {
	Event    *Event
	Input    []byte
	Last     Result
	Attempts int
	// Exhausted is what ran out: "MaximumRetryAttempts",
	// "MaximumEventAgeInSeconds", or empty where the failure was final.
	Exhausted string
}

// DeadLetters is a dead-letter queue as a subscription sees it.
type DeadLetters interface {
	// Bury keeps the event, durably. The Result's Kind tells whether it
	// did, whether to try again, or whether it never will.
	Bury(ctx context.Context, d Dead) Result
}

// Attempt is the record of one attempt.
type Attempt struct {
	Number   int // 1 for the first
	Start    time.Time
	Duration time.Duration
	Result   Result
}

// Observer is told what happens to events. Its methods are called from the
// runner's goroutines, must not block, and keep none of the pointers.
type Observer interface {
	// Attempted is called after every attempt that failed.
	Attempted(e *Event, a Attempt)
	// Settled is called once an event has its outcome, with its last attempt.
	Settled(e *Event, o Outcome, last Attempt)
}

// Config describes one subscription's deliveries. Target is required.
type Config struct {
	Target      Target
	Transform   func(dst []byte, e *Event) ([]byte, error) // nil: the event as it is. An error is a permanent failure
	Policy      Policy
	DeadLetters DeadLetters // nil: what is given up is dropped
	Order       Order       // as the runner was opened; [Runner.Update] does not change it
	Paused      bool        // the runner is opened paused; later [Runner.Pause] and [Runner.Resume] change it
	// Concurrency bounds the Deliver calls under way at a time; 0: 64.
	Concurrency int
	// Window bounds the events held in memory, delivered or waiting for
	// their rate; 0: 1024, or more where the target takes batches. While there
	// are retries, a quarter of it, at most 256, is theirs. Beside it 16 MB of
	// events are the bound, and 4 MB of retries.
	Window int
	// Memory is shared with other runners, to bound what all of them hold; as
	// the runner was opened. nil: it has its own bounds alone.
	Memory   *Memory
	Timeout  time.Duration // of one attempt; 0: 30 s
	Observer Observer      // may be nil
}

// Status is what a person wants to know of a runner.
type Status struct {
	Held      int       // in memory: under way or waiting for their turn
	Retries   int       // on disk: they wait for their next attempt, or to be buried
	Burials   int       // of these, the ones that were given up and wait for the dead-letter queue
	Oldest    time.Time // ingestion of the oldest event not settled; zero where there is none
	Down      bool      // the target is taken for down
	Delivered uint64    // since start
	Dead      uint64    // dead-lettered since start
	Dropped   uint64    // dropped since start
	LastError *Attempt  // the last failed attempt since the last success; nil where there is none
}
