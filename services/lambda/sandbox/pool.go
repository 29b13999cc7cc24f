package sandbox

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/services/lambda/process"
	"github.com/signalbox/signalbox/wire"
)

// Times of execution environments.
const (
	initTime    = 10 * time.Second // for what precedes the first invocation (developer guide, page lambda-runtime-environment)
	DefaultIdle = 5 * time.Minute  // a process without work is stopped then
	expiryGuard = 15 * time.Minute // before its credentials expire a process is used no more
)

// Logs is where functions' output goes.
type Logs interface {
	Write(ctx context.Context, sc wire.Scope, group, stream string, at time.Time, messages ...string) error
}

// Recipe says how a version's processes are made.
type Recipe struct {
	wire.Scope
	Name    string // of the function
	Version string
	Runtime string // as INIT_START tells it, "nodejs:20.20.2"
	Command []string
	Dir     string // working directory: the unpacked code
	// Environment is that of a new process, with credentials that are good
	// until expires. provisioned: it is started to be kept ready.
	Environment func(logStream, tmp string, provisioned bool) (env []string, expires time.Time, err error)
	Tmp         string // processes get directories of their own in it
	Timeout     time.Duration
	Memory      int // MB
	LogGroup    string
	JSON        bool     // the format of START, END and REPORT
	Notices     []string // written to the log of the first process
}

// Config is what pools work with.
type Config struct {
	Clock  clock.Clock
	Logs   Logs
	Logger *slog.Logger
	Idle   time.Duration // 0: DefaultIdle
}

// ErrClosed is what a pool answers after Close.
var ErrClosed = errors.New("the version's environments are closed")

// Pool is the execution environments of one version. It is safe for concurrent
// use.
type Pool struct {
	Config
	recipe Recipe

	mu      sync.Mutex // guards what follows
	idle    []*instance
	all     map[*instance]struct{}
	busy    int // invocations under way
	closed  bool
	killed  bool          // invocations under way have been cut off
	drained chan struct{} // closed once closed and busy is 0
	told    bool          // the notices

	starting int              // processes that are not ready yet
	waiting  []chan *instance // invocations that wait for a process; nil: one may be started

	kept provision
	life context.Context // ends when Close begins
	cut  context.CancelFunc

	ends sync.WaitGroup // of processes that are being stopped, or made ready to be kept
}

// NewPool makes the pool of a version; it starts nothing yet.
func NewPool(c Config, r Recipe) *Pool {
	if c.Idle <= 0 {
		c.Idle = DefaultIdle
	}
	p := &Pool{Config: c, recipe: r, all: map[*instance]struct{}{}, drained: make(chan struct{})}
	p.life, p.cut = context.WithCancel(context.Background())
	return p
}

// Invoke runs the handler once. When ctx ends the process is killed and the
// context's error returned. An error that is none of the context's or
// ErrClosed says why no process could be started.
func (p *Pool) Invoke(ctx context.Context, call Call) (Outcome, error) {
	for try := 1; ; try++ {
		out, err := p.attempt(ctx, call, try == maxTries)
		if _, gone := errors.AsType[*process.NotBegunError](err); !gone {
			return out, err
		}
	}
}

// maxTries bounds the processes that are tried for an invocation that none of
// them takes.
const maxTries = 3

// attempt is one process's try at an invocation. One that had died, or was about
// to, before it took the invocation is a *process.NotBegunError, but for the
// last try: another process can take it.
func (p *Pool) attempt(ctx context.Context, call Call, last bool) (Outcome, error) {
	inst, err := p.take(ctx)
	if err != nil {
		return Outcome{}, err
	}
	defer p.leave()
	if inst == nil {
		inst, err = p.start()
		if err != nil {
			p.started()
		}
		if start, ok := errors.AsType[*StartError](err); ok {
			defer inst.stop()
			return inst.cannotStart(call, start), nil
		}
		if err != nil {
			return Outcome{}, err
		}
	}
	out, again, err := inst.serve(ctx, call, last)
	if again {
		p.putBack(inst)
	} else {
		p.remove(inst)
		inst.stop()
	}
	return out, err
}

// maxStarting bounds the processes of a version that are starting at a time:
// as many as keep the machine busy. What is more waits for one of them, or for
// a warm process, whichever comes first.
var maxStarting = max(4, 2*runtime.NumCPU())

// take is a warm process, nil where a new one is to be started: then started
// is to be called once it has, or has failed.
func (p *Pool) take(ctx context.Context) (*instance, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, ErrClosed
	}
	p.busy++
	if inst := p.warm(); inst != nil || p.starting < maxStarting {
		if inst == nil {
			p.starting++
		}
		p.mu.Unlock()
		return inst, nil
	}
	turn := make(chan *instance, 1)
	p.waiting = append(p.waiting, turn)
	p.mu.Unlock()
	select {
	case inst := <-turn:
		return inst, nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	at := slices.Index(p.waiting, turn)
	if at >= 0 {
		p.waiting = slices.Delete(p.waiting, at, at+1)
	}
	p.mu.Unlock()
	if at < 0 { // it came all the same
		if inst := <-turn; inst != nil {
			p.putBack(inst)
		} else {
			p.started()
		}
	}
	p.leave()
	return nil, ctx.Err()
}

// warm is the process that was used last, nil where there is none that is good
// for more. Called with mu held.
func (p *Pool) warm() *instance {
	now := p.Clock.Now()
	for len(p.idle) > 0 {
		inst := p.pick()
		inst.timer.Stop()
		if inst.alive() && inst.expires.Sub(now) > expiryGuard {
			inst.used = true
			return inst
		}
		p.forget(inst)
		p.ends.Go(inst.stop)
	}
	return nil
}

// started ends the start of a process: another one may begin.
func (p *Pool) started() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.starting--
	if len(p.waiting) > 0 && p.starting < maxStarting {
		p.starting++
		p.serveNext(nil)
	}
}

// serveNext lets the first one who waits go on. Called with mu held.
func (p *Pool) serveNext(inst *instance) {
	p.waiting[0] <- inst
	p.waiting = p.waiting[1:]
}

func (p *Pool) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
	if p.closed && p.busy == 0 {
		close(p.drained)
	}
}

func (p *Pool) start() (*instance, error) {
	inst, err := newInstance(p, p.tell(), false)
	if err != nil {
		return inst, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed {
		p.ends.Go(inst.stop)
		return nil, ErrClosed
	}
	p.all[inst] = struct{}{}
	return inst, nil
}

// putBack keeps a process for the next invocation.
func (p *Pool) putBack(inst *instance) {
	p.mu.Lock()
	if len(p.waiting) > 0 && inst.alive() {
		p.serveNext(inst)
		p.mu.Unlock()
		return
	}
	if !p.closed {
		p.release(inst)
		inst.timer = p.Clock.AfterFunc(p.rests(inst), func() { p.retire(inst) })
		p.idle = append(p.idle, inst)
		p.mu.Unlock()
		return
	}
	delete(p.all, inst)
	p.mu.Unlock()
	inst.stop()
}

func (p *Pool) remove(inst *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(inst)
}

// retire stops a process that is idle: it has been for long, or it has died.
func (p *Pool) retire(inst *instance) {
	p.mu.Lock()
	found := false
	for i, o := range p.idle {
		if o == inst {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			inst.timer.Stop()
			p.forget(inst)
			found = true
			p.ends.Add(1)
			break
		}
	}
	p.mu.Unlock()
	if found {
		defer p.ends.Done()
		inst.stop()
	}
}

// Counts tells how many processes there are and how many invocations are under way.
func (p *Pool) Counts() (processes, busy int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.all), p.busy
}

// Close takes no more invocations, stops idle processes, and waits for the
// invocations under way; when ctx ends their processes are killed. It may be
// called twice.
func (p *Pool) Close(ctx context.Context) error {
	p.cut()
	p.mu.Lock()
	p.kept.stopWaiting()
	if !p.closed {
		p.closed = true
		if p.busy == 0 {
			close(p.drained)
		}
	}
	idle := p.idle
	p.idle = nil
	for _, inst := range idle {
		delete(p.all, inst)
		inst.timer.Stop()
	}
	p.mu.Unlock()
	for _, inst := range idle {
		inst.stop()
	}
	defer p.ends.Wait()
	select {
	case <-p.drained:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	p.killed = true
	rest := make([]*instance, 0, len(p.all))
	for inst := range p.all {
		rest = append(rest, inst)
	}
	p.mu.Unlock()
	for _, inst := range rest {
		inst.env.Stop()
	}
	<-p.drained
	return ctx.Err()
}
