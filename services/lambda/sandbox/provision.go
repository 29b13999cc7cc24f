package sandbox

import (
	"errors"
	"fmt"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/services/lambda/process"
)

// The waits before a process that could not be made ready is tried again.
const (
	againMin = time.Second
	againMax = time.Minute
)

// provision is what a pool keeps ready, guarded by its mu.
type provision struct {
	wanted  int // processes
	ready   int // of them, idle or busy
	begun   int // that are being made ready
	tries   int // that failed, one after another
	failure error
	again   *clock.Timer // of the next try; nil: none is put off
}

// Provision has the pool keep n processes ready, whether or not anything is
// invoked: they are started at once, replaced when they end or their credentials
// do, and used before others. What is too many becomes as others are. A process that
// cannot be made ready is tried again after a while.
func (p *Pool) Provision(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || n == p.kept.wanted {
		return
	}
	p.kept.wanted, p.kept.tries, p.kept.failure = n, 0, nil
	p.kept.stopWaiting()
	for _, inst := range p.idle {
		if p.release(inst) {
			inst.timer.Stop()
			inst.timer = p.Clock.AfterFunc(p.Idle, func() { p.retire(inst) })
		}
	}
	p.fill()
}

// Provisioned tells how many of the processes that Provision asks for are ready,
// and why there are not more; nil: they are being started.
func (p *Pool) Provisioned() (ready int, failure error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kept.ready, p.kept.failure
}

// release makes a process that is kept ready like others where there are more
// than are wanted. Called with mu held.
func (p *Pool) release(inst *instance) bool {
	if !inst.kept || p.kept.ready <= p.kept.wanted {
		return false
	}
	inst.kept = false
	p.kept.ready--
	return true
}

// fill starts what is missing. Called with mu held.
func (p *Pool) fill() {
	k := &p.kept
	for !p.closed && k.again == nil && k.ready+k.begun < k.wanted && k.begun < maxStarting {
		k.begun++
		p.ends.Go(p.prepare)
	}
}

// prepare makes one process ready.
func (p *Pool) prepare() {
	first := p.tell()
	inst, err := newInstance(p, first, true)
	if err == nil {
		if err = inst.initialize(p.life); err == nil {
			inst.ready, inst.initTook = true, p.Clock.Now().Sub(inst.started)
		} else if p.life.Err() == nil {
			inst.log.add(initReport(err, p.Clock.Now().Sub(inst.started)))
		}
	}
	p.mu.Lock()
	p.kept.begun--
	if err == nil && !p.closed && p.kept.ready < p.kept.wanted {
		inst.kept = true
		p.kept.ready++
		p.kept.failure, p.kept.tries = nil, 0
		p.all[inst] = struct{}{}
		p.ends.Go(func() {
			<-inst.env.Exited()
			p.retire(inst)
		})
		p.mu.Unlock()
		p.putBack(inst)
		p.mu.Lock()
		p.fill()
		p.mu.Unlock()
		return
	}
	if err != nil {
		p.giveUp(err)
	}
	p.mu.Unlock()
	if inst != nil {
		inst.stop()
	}
}

// initReport is what AWS logs of an initialization that failed.
func initReport(err error, took time.Duration) string {
	kind := "Runtime.ExitError"
	if failed, ok := errors.AsType[*process.InitError](err); ok {
		kind = errorType(failed.Type, failed.Payload)
	}
	return fmt.Sprintf("INIT_REPORT Init Duration: %.2f ms\tPhase: init\tStatus: error\tError Type: %s", float64(took)/float64(time.Millisecond), kind)
}

// giveUp puts the next try off. Called with mu held.
func (p *Pool) giveUp(err error) {
	k := &p.kept
	k.failure = err
	if p.closed || k.again != nil {
		return
	}
	pause := min(againMin<<min(k.tries, 10), againMax)
	k.tries++
	k.again = p.Clock.AfterFunc(pause, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		k.again = nil
		p.fill()
	})
}

// stopWaiting has the next try not wait. Called with the pool's mu held.
func (k *provision) stopWaiting() {
	if k.again != nil {
		k.again.Stop()
		k.again = nil
	}
}

// errUnused is a process that ended before anything was invoked.
var errUnused = errors.New("the process ended while it was kept ready")

// forget takes a process out of the pool, and has it replaced where it is one
// that is kept ready. Called with mu held.
func (p *Pool) forget(inst *instance) {
	delete(p.all, inst)
	if !inst.kept {
		return
	}
	inst.kept = false
	p.kept.ready--
	if !inst.used && !inst.alive() {
		p.giveUp(errUnused)
	}
	p.fill()
}

// rests is for how long an idle process stays.
func (p *Pool) rests(inst *instance) time.Duration {
	if inst.kept {
		return max(inst.expires.Sub(p.Clock.Now())-expiryGuard, 0)
	}
	return p.Idle
}

// tell says whether the notices are still to be told, once.
func (p *Pool) tell() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := !p.told
	p.told = true
	return first
}

// pick takes an idle process: one that is kept ready, or else the one that was
// used last. Called with mu held.
func (p *Pool) pick() *instance {
	at := len(p.idle) - 1
	if p.kept.ready > 0 {
		for i := at; i >= 0; i-- {
			if p.idle[i].kept {
				at = i
				break
			}
		}
	}
	inst := p.idle[at]
	p.idle = append(p.idle[:at], p.idle[at+1:]...)
	return inst
}
