package delivery

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/signalbox/signalbox/clock"
)

// send lets askers send count requests in sum through p and returns when they
// arrived: setUp after they were let go, they leave; up to network later, they
// are there.
func send(p *Pacer, askers, count int, setUp func(i int) time.Duration, network time.Duration) []time.Time {
	var mu sync.Mutex
	var arrived []time.Time
	var wg sync.WaitGroup
	left := count
	for range askers {
		wg.Go(func() {
			for {
				mu.Lock()
				if left == 0 {
					mu.Unlock()
					return
				}
				left--
				i := count - left - 1
				mu.Unlock()
				granted := make(chan struct{})
				turn, now := p.ask(func(*turn) { close(granted) })
				if !now {
					<-granted
				}
				wg.Go(func() {
					time.Sleep(setUp(i))
					turn.sent()
					time.Sleep(time.Duration(rand.Int64N(int64(network) + 1)))
					mu.Lock()
					arrived = append(arrived, time.Now())
					mu.Unlock()
				})
			}
		})
	}
	wg.Wait()
	slices.SortFunc(arrived, time.Time.Compare)
	return arrived
}

// most is the most arrivals in any second.
func most(arrived []time.Time) int {
	n, first := 0, 0
	for i, t := range arrived {
		for t.Sub(arrived[first]) >= time.Second {
			first++
		}
		n = max(n, i-first+1)
	}
	return n
}

func TestReceiverNeverSeesMoreThanTheRateInAnySecond(t *testing.T) {
	for _, rate := range []int{1, 2, 3, 20, 100, 300, 1000} {
		for _, askers := range []int{1, 7} {
			t.Run(fmt.Sprintf("%d a second among %d", rate, askers), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := NewPacer(clock.Real(), rate)
					setUp := func(i int) time.Duration {
						if i < 5 {
							return 120 * time.Millisecond // connections are made
						}
						return time.Duration(rand.Int64N(int64(2 * time.Millisecond)))
					}
					start := time.Now()
					count := max(100, 20*rate)
					arrived := send(p, askers, count, setUp, 35*time.Millisecond)
					if n := most(arrived); n > rate {
						t.Errorf("%d arrived within one second, %d are allowed", n, rate)
					}
					took := arrived[len(arrived)-1].Sub(start)
					if reached := float64(count-1) / took.Seconds(); rate > 1 && reached < 0.95*float64(rate) {
						t.Errorf("%.1f a second reached of %d: less than 95 %%", reached, rate)
					}
				})
			})
		}
	}
}

func TestRateHoldsWhereRequestsTakeLongToLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(clock.Real(), 20)
		arrived := send(p, 3, 200, func(int) time.Duration {
			return time.Duration(rand.Int64N(int64(900 * time.Millisecond)))
		}, 35*time.Millisecond)
		if n := most(arrived); n > 20 {
			t.Errorf("%d arrived within one second, 20 are allowed", n)
		}
	})
}

func TestPacerSharersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(clock.Real(), 10)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var counts [3]int
		var wg sync.WaitGroup
		for i := range counts {
			wg.Go(func() {
				for p.Wait(ctx) == nil {
					counts[i]++
				}
			})
		}
		time.Sleep(30 * time.Second)
		cancel()
		wg.Wait()
		if slices.Max(counts[:])-slices.Min(counts[:]) > 1 {
			t.Errorf("the shares are %v", counts)
		}
	})
}

func TestPacer(t *testing.T) {
	bubble := func(name string, f func(t *testing.T)) {
		t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
	}
	bubble("without a rate nobody waits", func(t *testing.T) {
		p, start := NewPacer(clock.Real(), 0), time.Now()
		for range 10_000 {
			if err := p.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if time.Since(start) != 0 {
			t.Errorf("it took %v", time.Since(start))
		}
	})
	bubble("a request that was never sent gives its place back", func(t *testing.T) {
		p, start := NewPacer(clock.Real(), 1), time.Now()
		turn, now := p.ask(nil)
		if !now {
			t.Fatal("the first one had to wait")
		}
		turn.cancel()
		if err := p.Wait(t.Context()); err != nil || time.Since(start) != 0 {
			t.Errorf("the second waited %v, error %v", time.Since(start), err)
		}
	})
	bubble("a request that has not left holds its place", func(t *testing.T) {
		p := NewPacer(clock.Real(), 1)
		turn, _ := p.ask(nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := p.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("another one went meanwhile: %v", err)
		}
		turn.sent()
		start := time.Now()
		if err := p.Wait(t.Context()); err != nil || time.Since(start) < time.Second {
			t.Errorf("the next one went %v after it had left, error %v", time.Since(start), err)
		}
	})
	bubble("who gives up waiting takes no place", func(t *testing.T) {
		p := NewPacer(clock.Real(), 1)
		_ = p.Wait(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		for range 10 {
			if err := p.Wait(ctx); err == nil {
				t.Fatal("nobody should have had a turn yet")
			}
		}
		if err := p.Wait(t.Context()); err != nil || time.Since(start) > 1100*time.Millisecond {
			t.Errorf("the next turn came after %v, error %v", time.Since(start), err)
		}
	})
	bubble("a new rate holds for those who wait", func(t *testing.T) {
		p := NewPacer(clock.Real(), 1)
		start := time.Now()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { _ = p.Wait(t.Context()) })
		}
		synctest.Wait()
		p.Set(100)
		wg.Wait()
		if took := time.Since(start); took > time.Second {
			t.Errorf("20 took %v at 100 a second", took)
		}
	})
}

func TestAPacerGoesOnWhereTheClockIsSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clk := &leaps{Clock: clock.Real()}
		p := NewPacer(clk, 10)
		began := time.Now()
		for i := range 100 {
			if i == 20 || i == 50 {
				clk.leap(-time.Hour)
			}
			if i == 60 { // while one waits
				time.AfterFunc(time.Millisecond, func() { clk.leap(-time.Hour) })
			}
			if err := p.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took < 9*time.Second || took > 12*time.Second {
			t.Errorf("a hundred at ten a second took %v", took)
		}
	})
}
