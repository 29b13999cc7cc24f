// Package enginetest holds what every engine must pass.
//
// [Run] is the conformance suite: it tests, one by one, what the comments of
// package engine promise. [Workload] is for crashes: it works on an engine
// from many goroutines, remembers what was acknowledged or seen, and checks
// that an engine opened after a crash still has all of it.
package enginetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
)

// Harness is one engine under test, empty at first.
type Harness struct {
	Engine engine.Engine
	// Clock is what the engine takes the time from. Where it is nil the
	// tests that turn it are skipped.
	Clock *clock.Fake
	// Reopen closes the engine and opens it again over what it has stored.
	// Where it is nil the tests that need it are skipped.
	Reopen func(t *testing.T) engine.Engine
}

// Epoch is a time for the clocks of tests to begin with.
var Epoch = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Run tests engines. start makes a new one for each test; what must be given
// back it leaves to t.Cleanup.
func Run(t *testing.T, start func(t *testing.T) Harness) {
	for _, room := range []struct {
		name  string
		tests []test
	}{
		{"Records", recordTests},
		{"Logs", logTests},
		{"Queues", queueTests},
		{"Leases", leaseTests},
		{"Blobs", blobTests},
		{"Life", lifeTests},
	} {
		t.Run(room.name, func(t *testing.T) {
			for _, test := range room.tests {
				t.Run(test.name, func(t *testing.T) {
					h := &harness{Harness: start(t), T: t}
					test.run(h)
				})
			}
		})
	}
}

type test struct {
	name string
	run  func(h *harness)
}

// harness is a Harness with what tests often do.
type harness struct {
	Harness
	*testing.T
}

func (h *harness) ctx() context.Context { return h.Context() }

func (h *harness) needClock() {
	h.Helper()
	if h.Clock == nil {
		h.Skip("the engine's clock cannot be turned")
	}
}

func (h *harness) reopen() {
	h.Helper()
	if h.Reopen == nil {
		h.Skip("the engine cannot be reopened")
	}
	h.Engine = h.Reopen(h.T)
}

func (h *harness) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// is checks that an error is of a kind; nil for none.
func (h *harness) is(err, kind error) {
	h.Helper()
	if kind == nil && err != nil || !errors.Is(err, kind) {
		h.Fatalf("the error is %v, want %v", err, kind)
	}
}

func (h *harness) equal(got, want any) {
	h.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		h.Fatalf("got  %s\nwant %s", g, w)
	}
}

// ask runs f in a goroutine and hands out its error.
func ask(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return done
}

// patience bounds waiting for what must happen; only failures take so long.
const patience = 20 * time.Second

func (h *harness) patient() (context.Context, context.CancelFunc) {
	return context.WithTimeout(h.ctx(), patience)
}
