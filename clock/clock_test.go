package clock

import (
	"context"
	"errors"
	"testing"
	"time"
)

var epoch = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestTimersFireInTheOrderOfTheirDueTimes(t *testing.T) {
	f := NewFake(epoch)
	late, early := f.NewTimer(2*time.Hour), f.NewTimer(time.Hour)
	f.Advance(90 * time.Minute)
	if got := <-early.C; !got.Equal(epoch.Add(time.Hour)) {
		t.Errorf("the early timer saw %v, want its own due time", got)
	}
	select {
	case <-late.C:
		t.Error("the late timer fired before its time")
	default:
	}
	if due, ok := f.Next(); !ok || !due.Equal(epoch.Add(2*time.Hour)) {
		t.Errorf("Next() = %v, %v; want the late timer", due, ok)
	}
	f.Advance(30 * time.Minute)
	<-late.C
	if got, want := f.Now(), epoch.Add(2*time.Hour); !got.Equal(want) {
		t.Errorf("Now() = %v, want %v", got, want)
	}
}

func TestAStoppedTimerDoesNotFire(t *testing.T) {
	f := NewFake(epoch)
	timer := f.NewTimer(time.Second)
	if !timer.Stop() {
		t.Error("the first Stop reports that the timer was not set")
	}
	if timer.Stop() {
		t.Error("the second Stop reports that the timer was set")
	}
	f.Advance(time.Minute)
	select {
	case <-timer.C:
		t.Error("fired though stopped")
	default:
	}
}

func TestWaitForTimersSeesTheWaiter(t *testing.T) {
	f := NewFake(epoch)
	done := make(chan error, 1)
	go func() { done <- Sleep(t.Context(), f, time.Hour) }()
	if err := f.WaitForTimers(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	f.Advance(time.Hour)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWithTimeoutEndsByTheClock(t *testing.T) {
	f := NewFake(epoch)
	ctx, cancel := WithTimeout(t.Context(), f, time.Minute)
	defer cancel()
	if ctx.Err() != nil {
		t.Fatal("ended before its time")
	}
	f.Advance(time.Minute)
	<-ctx.Done()
	if !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		t.Errorf("cause = %v", context.Cause(ctx))
	}
}
