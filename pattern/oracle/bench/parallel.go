package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/signalbox/signalbox/pattern"
	"github.com/signalbox/signalbox/pattern/internal/lots"
)

// parallel writes how many events all cores match at once, compared with one:
// with one matcher for all, and with a matcher and events for each, which tells
// what the machine lets threads do that share nothing at all.
func parallel(w io.Writer, slice time.Duration, events [][]byte) error {
	set := lots.Many(1_000, true)
	shared, apart := make([]side, runtime.GOMAXPROCS(0)), make([]side, runtime.GOMAXPROCS(0))
	for t := range shared {
		m, err := matcherOf(set)
		if err != nil {
			return err
		}
		apart[t] = side{m, lots.Events(len(events))}
		shared[t] = side{apart[0].matcher, events}
	}
	var one, together, each rate
	for range 3 {
		// By turns, so that what else the machine does hits all.
		for _, run := range []struct {
			sides []side
			best  *rate
		}{{shared[:1], &one}, {shared, &together}, {apart, &each}} {
			r, err := matchOn(run.sides, slice)
			if err != nil {
				return err
			}
			*run.best = rate{max(run.best.own, r.own), max(run.best.clock, r.clock)}
		}
	}
	fmt.Fprintf(w, "\nOn several threads (%s): one matches %s events/s; %d with one matcher %.2f times as many by their own time and %.2f times by the clock, with a matcher for each %.2f and %.2f times.\n",
		set.Name, thousands(int64(one.own)), len(shared), together.own/one.own, together.clock/one.clock, each.own/one.own, each.clock/one.clock)
	return nil
}

// side is what one thread works with.
type side struct {
	matcher *pattern.Matcher[int]
	events  [][]byte
}

// rate is events per second.
type rate struct {
	own   float64 // of the threads' own processor time, added up
	clock float64
}

// matchOn matches on a thread for each side at once for a time.
func matchOn(sides []side, slice time.Duration) (rate, error) {
	n := len(sides)
	var wg sync.WaitGroup
	var ready sync.WaitGroup
	rates, errs := make([]float64, n), make([]error, n)
	done := make([]int, n)
	ready.Add(n)
	var begin time.Time
	start := make(chan struct{})
	for t, s := range sides {
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			ready.Done()
			<-start
			var keys []int
			own := threadTime()
			for time.Since(begin) < slice {
				for range 1_000 {
					if keys, errs[t] = s.matcher.Match(keys[:0], s.events[(done[t]+t*len(s.events)/n)%len(s.events)]); errs[t] != nil {
						return
					}
					done[t]++
				}
			}
			rates[t] = float64(done[t]) / (threadTime() - own).Seconds()
		})
	}
	ready.Wait()
	begin = time.Now()
	close(start)
	wg.Wait()
	took := time.Since(begin).Seconds()
	var r rate
	for t := range n {
		r.own += rates[t]
		r.clock += float64(done[t]) / took
	}
	return r, errors.Join(errs...)
}
