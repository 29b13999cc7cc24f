package delivery

import (
	"context"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
)

const (
	// pacerSecond is the second that a pacer reckons with. The 40 ms over a
	// real one are for the network: requests may be under way for times that
	// differ by as much, and the receiver still never counts too many in
	// any second of its own. They cost 4 % of the rate.
	pacerSecond = 1040 * time.Millisecond
	// pacerCatchUp is how much lateness of timers and of the machine is made
	// up for by requests that follow more closely than evenly.
	pacerCatchUp = 50 * time.Millisecond
)

// Pacer keeps the requests to one thing below a rate: never more than so many
// in any one-second window as the receiver sees it. They are spread evenly
// over the second. All who share the thing share its pacer, and take turns.
//
// A request counts from the moment it has left, which only the target knows:
// [Request.Sent] tells. One that was let go and has not been told to have left
// may arrive at any moment, so it holds its place in the rate until it was
// answered.
type Pacer struct {
	clk clock.Clock

	mu      sync.Mutex      // guards what follows
	rate    int             // requests per second; 0: no limit
	sent    fifo[time.Time] // when requests left, within the last pacerSecond
	transit int             // let go, not known to have left
	next    time.Time       // the even spread allows the next one then
	waiting fifo[*turn]     // given up ones among them
	timer   *clock.Timer    // calls kick at wake; nil where none is set
	wake    time.Time
	seen    time.Time // what the clock showed last
}

// turn is the right to send one request.
type turn struct {
	pacer *Pacer
	grant func(*turn) // called once, without locks held, unless the turn was had at once
	state turnState   // guarded by pacer.mu
}

type turnState uint8

const (
	turnWaiting turnState = iota
	turnGranted
	turnOver
)

// NewPacer lets perSecond requests go in a second; 0 is no limit.
func NewPacer(clk clock.Clock, perSecond int) *Pacer {
	return &Pacer{clk: clk, rate: max(0, perSecond)}
}

// Set changes the rate, also for those who wait.
func (p *Pacer) Set(perSecond int) {
	p.mu.Lock()
	p.rate = max(0, perSecond)
	p.next = time.Time{}
	granted := p.kick()
	p.mu.Unlock()
	tell(granted)
}

// Wait returns when one request may be sent; it is taken to leave at once.
func (p *Pacer) Wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	mine := make(chan struct{})
	t, now := p.ask(func(*turn) { close(mine) })
	if !now {
		select {
		case <-mine:
		case <-ctx.Done():
			t.cancel()
			return ctx.Err()
		}
	}
	t.sent()
	return nil
}

// ask queues for a turn. If it can be had now, grant is not called. No one
// else's grant is called either, so that locks may be held.
func (p *Pacer) ask(grant func(*turn)) (t *turn, now bool) {
	t = &turn{pacer: p, grant: grant}
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.waiting.len() > 0 && p.waiting.first().state == turnOver {
		p.waiting.pop()
	}
	p.waiting.push(t)
	if p.waiting.len() == 1 { // else the first one's timer or predecessor kicks
		p.kick()
	}
	return t, t.state == turnGranted
}

// sent tells that the request has left. Only the first call counts, and only
// where the turn was neither cancelled nor is waited for.
func (t *turn) sent() { t.end(true) }

// cancel gives the turn up: the request was not, and will not be, sent.
func (t *turn) cancel() { t.end(false) }

func (t *turn) end(left bool) {
	p := t.pacer
	p.mu.Lock()
	was := t.state
	t.state = turnOver
	if was == turnGranted {
		p.transit--
		switch {
		case p.rate == 0:
		case left:
			p.sent.push(p.look())
		default:
			p.next = p.next.Add(-pacerSecond / time.Duration(p.rate))
		}
	}
	var granted []*turn
	if was != turnOver {
		granted = p.kick()
	}
	p.mu.Unlock()
	tell(granted)
}

func tell(granted []*turn) {
	for _, t := range granted {
		t.grant(t)
	}
}

// look tells the time. Where the clock was set back, what the pacer remembers
// is set back with it. Called with mu held.
func (p *Pacer) look() time.Time {
	now := p.clk.Now()
	if back := p.seen.Sub(now); back > 0 {
		p.next, p.wake = p.next.Add(-back), p.wake.Add(-back)
		for i := range p.sent.items {
			p.sent.items[i] = p.sent.items[i].Add(-back)
		}
	}
	p.seen = now
	return now
}

// kick grants what may go now and sees to it that it is called again when more
// may. Called with mu held.
func (p *Pacer) kick() (granted []*turn) {
	now := p.look()
	for p.sent.len() > 0 && now.Sub(p.sent.first()) >= pacerSecond {
		p.sent.pop()
	}
	for p.waiting.len() > 0 {
		t := p.waiting.first()
		if t.state == turnOver {
			p.waiting.pop()
			continue
		}
		at, known := p.earliest(now)
		if !known {
			break // the end of a request under way kicks again
		}
		if at.After(now) {
			p.setTimer(now, at)
			break
		}
		p.waiting.pop()
		t.state = turnGranted
		p.transit++
		if p.rate > 0 {
			if late := now.Add(-pacerCatchUp); p.next.Before(late) {
				p.next = late
			}
			p.next = p.next.Add(pacerSecond / time.Duration(p.rate))
		}
		granted = append(granted, t)
	}
	return granted
}

// earliest is when the next request may go; it is not known while those that
// may arrive at any moment fill the rate.
func (p *Pacer) earliest(now time.Time) (at time.Time, known bool) {
	if p.rate == 0 {
		return now, true
	}
	at = p.next
	if over := p.sent.len() + p.transit - p.rate; over >= 0 {
		if over >= p.sent.len() {
			return at, false
		}
		if free := p.sent.items[p.sent.head+over].Add(pacerSecond); free.After(at) {
			at = free
		}
	}
	return at, true
}

func (p *Pacer) setTimer(now, at time.Time) {
	if p.timer != nil {
		if !p.wake.After(at) {
			return // it will fire, see that it is early, and be set again
		}
		p.timer.Stop()
	}
	p.wake = at
	var t *clock.Timer
	t = p.clk.AfterFunc(at.Sub(now), func() {
		p.mu.Lock()
		var granted []*turn
		if p.timer == t { // it may be early, and is set again
			p.timer = nil
			granted = p.kick()
		}
		p.mu.Unlock()
		tell(granted)
	})
	p.timer = t
}
