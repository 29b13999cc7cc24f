package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/signalbox/signalbox/clock"
)

// MaxResponse is the most that a handler may answer, in bytes (Lambda quotas;
// AWS counts a few bytes more than 6 MiB).
const MaxResponse = 6291556

// Spec says what to run.
type Spec struct {
	Command []string // program and arguments
	Dir     string   // working directory
	// Env is the whole environment, KEY=value; AWS_LAMBDA_RUNTIME_API and
	// _LAMBDA_TELEMETRY_LOG_FD are added.
	Env   []string
	Clock clock.Clock
	// Output gets what the process writes, message by message, without the
	// line's end. It is called from one goroutine at a time; while it blocks
	// the process is not read. The bytes are its own.
	Output func(message []byte)
	// NoFreeze lets the process run between invocations.
	NoFreeze bool
}

// Invocation is one call of the handler.
type Invocation struct {
	RequestID     string
	FunctionARN   string
	Deadline      time.Time
	Remaining     time.Duration // until Deadline
	Trace         string        // X-Ray trace header; may be empty
	ClientContext string        // JSON; may be empty
	Identity      string        // JSON; may be empty
	Payload       []byte
}

// Answer is what became of an invocation.
type Answer struct {
	Payload []byte
	// ErrorType is set where the runtime reported an error: Payload is then
	// the error as the runtime wrote it.
	ErrorType string
	Failed    bool
}

// What Invoke and Ready return, beside the context's error.
var (
	// ErrTooLarge: the handler answered more than MaxResponse.
	ErrTooLarge = errors.New("the response is too large")
	// ErrStopped: Stop was called.
	ErrStopped = errors.New("the process was stopped")
)

// InitError is an error that the runtime reported before its first next.
type InitError struct {
	Type    string
	Payload []byte
}

func (e *InitError) Error() string { return "initialization failed: " + e.Type }

// ExitError is a process that ended by itself.
type ExitError struct {
	// Reason is as AWS writes it: "exit status 1", "signal: killed"; empty for
	// a process that ended with status 0.
	Reason string
}

func (e *ExitError) Error() string {
	if e.Reason == "" {
		return "Runtime exited without providing a reason"
	}
	return "Runtime exited with error: " + e.Reason
}

// Environment is a running process.
type Environment struct {
	spec   Spec
	cmd    *exec.Cmd
	server *http.Server
	output *output
	ready  chan struct{}   // closed when the process first asks for work
	first  sync.Once       // closes ready
	work   chan Invocation // to the request for next; has room for one
	exited chan struct{}   // closed when the process is gone and its output read
	exit   error           // *ExitError; valid once exited is closed
	failed chan struct{}   // closed when the runtime reported that it could not start
	ends   sync.WaitGroup

	mu       sync.Mutex // guards what follows
	current  string     // id of the invocation under way
	answer   chan reply // of the invocation under way; nil where there is none
	initErr  *InitError
	stopped  bool
	reaped   bool         // the process's id may be another's
	busy     bool         // an invocation is under way
	begun    bool         // the process got it
	asking   bool         // the process waits for one
	turn     int          // counts invocations
	frozen   bool         // since the last one
	freezing *clock.Timer // that will freeze it
	memory   int64        // as of asked
	asked    time.Time
}

type reply struct {
	answer Answer
	err    error
}

// Start starts the process. The error is that of the operating system where
// the program cannot be run.
func Start(spec Spec) (*Environment, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening the Runtime API: %w", err)
	}
	e := &Environment{
		spec: spec, ready: make(chan struct{}), work: make(chan Invocation, 1), exited: make(chan struct{}), failed: make(chan struct{}),
	}
	e.server = &http.Server{Handler: e.routes()}
	e.cmd = exec.Command(spec.Command[0], spec.Command[1:]...)
	e.cmd.Dir = spec.Dir
	e.cmd.Env = append(spec.Env[:len(spec.Env):len(spec.Env)],
		"AWS_LAMBDA_RUNTIME_API="+listener.Addr().String(), "_LAMBDA_TELEMETRY_LOG_FD="+strconv.Itoa(telemetryFD))
	e.output, err = attach(e.cmd, spec.Output)
	if err == nil {
		ownGroup(e.cmd)
		err = e.cmd.Start()
		e.output.closeWriters()
		if err != nil {
			e.output.closeReaders()
		}
	}
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("starting %s: %w", spec.Command[0], err)
	}
	limit(e.cmd.Process.Pid)
	e.ends.Go(func() { _ = e.server.Serve(listener) })
	e.output.run(&e.ends)
	e.ends.Go(e.wait)
	return e, nil
}

// wait sees the process off.
func (e *Environment) wait() {
	err := e.cmd.Wait()
	e.kill() // what it left behind
	e.mu.Lock()
	e.reaped = true
	e.mu.Unlock()
	e.output.drain()
	e.output.closeReaders()
	e.exit = exitError(err)
	close(e.exited)
	_ = e.server.Close()
}

func exitError(err error) error {
	if err == nil {
		return new(ExitError)
	}
	if x, ok := errors.AsType[*exec.ExitError](err); ok {
		return &ExitError{Reason: x.ProcessState.String()}
	}
	return &ExitError{Reason: err.Error()}
}

// Ready waits until the process asks for its first invocation.
func (e *Environment) Ready(ctx context.Context) error {
	select {
	case <-e.ready:
		e.output.drain()
		return nil
	case <-e.failed:
		e.output.drain()
		return e.lost()
	case <-e.exited:
		return e.lost()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// begin notes that the process gets an invocation; false where it is gone.
func (e *Environment) begin() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asking, e.begun = false, !e.reaped
	return e.begun
}

// cutOff is the error of an invocation whose process is gone.
func (e *Environment) cutOff() error {
	err := e.lost()
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.begun {
		return &NotBegunError{err}
	}
	return err
}

// lost says why a process that is gone is gone.
func (e *Environment) lost() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.initErr != nil:
		return e.initErr
	case e.stopped:
		return ErrStopped
	}
	return e.exit
}

// NotBegunError is a process that was gone before it took the invocation: the
// handler has not seen it. Err says how the process ended.
type NotBegunError struct{ Err error }

func (e *NotBegunError) Error() string { return "the invocation did not begin: " + e.Err.Error() }
func (e *NotBegunError) Unwrap() error { return e.Err }

// Invoke calls the handler of a process that is ready, and waits for its
// answer; one invocation at a time. What the process still does before it asks
// for more is up to the next one. Any error but ErrTooLarge means that the
// process is of no further use: Stop it. When ctx ends the process is killed.
func (e *Environment) Invoke(ctx context.Context, in Invocation) (Answer, error) {
	answers := make(chan reply, 1)
	e.wake(in.RequestID, answers)
	defer e.rest()
	select {
	case e.work <- in:
	case <-e.exited:
		return Answer{}, &NotBegunError{e.lost()}
	}
	var r reply
	select {
	case r = <-answers:
	case <-e.exited:
		select {
		case r = <-answers: // it answered, and then exited
		default:
			return Answer{}, e.cutOff()
		}
	case <-ctx.Done():
		return Answer{}, e.end(ctx)
	}
	e.output.drain()
	return r.answer, r.err
}

// end kills the process when its time is over.
func (e *Environment) end(ctx context.Context) error {
	e.kill()
	<-e.exited
	return ctx.Err()
}

// freezeAfter is how long a process is idle before it is frozen: not so short
// that invocations which follow one another pay for it.
const freezeAfter = 100 * time.Millisecond

// wake lets the process go on, for an invocation.
func (e *Environment) wake(request string, answers chan reply) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.current, e.answer, e.busy, e.begun = request, answers, true, false
	e.unfreeze()
}

// unfreeze lets the process go on. Called with mu held.
func (e *Environment) unfreeze() {
	e.turn++
	if e.freezing != nil {
		e.freezing.Stop()
		e.freezing = nil
	}
	if e.frozen && !e.reaped {
		e.frozen = false
		halt(e.cmd.Process.Pid, false)
	}
}

// rest ends an invocation.
func (e *Environment) rest() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.busy = false
	e.settle()
}

// asks notes whether the process waits for an invocation.
func (e *Environment) asks(waits bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asking = waits
	e.settle()
}

// settle has a process frozen in a while that asks for work where there is
// none. Called with mu held.
func (e *Environment) settle() {
	if e.spec.NoFreeze || e.busy || !e.asking || e.stopped || e.freezing != nil {
		return
	}
	turn := e.turn
	e.freezing = e.spec.Clock.AfterFunc(freezeAfter, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.turn == turn && !e.reaped {
			e.frozen = true
			halt(e.cmd.Process.Pid, true)
		}
	})
}

// Exited is closed once the process is gone.
func (e *Environment) Exited() <-chan struct{} { return e.exited }

// memoryEvery is how old what Memory answers may be: asking the system takes
// longer than many an invocation.
const memoryEvery = 50 * time.Millisecond

// Memory is the most memory that the process has taken, in bytes, as of a
// moment ago; 0 where the system does not tell.
func (e *Environment) Memory() int64 {
	select {
	case <-e.exited:
		return peakOf(e.cmd.ProcessState)
	default:
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if now := e.spec.Clock.Now(); e.memory == 0 || now.Sub(e.asked) >= memoryEvery {
		e.memory, e.asked = peak(e.cmd.Process.Pid), now
	}
	return e.memory
}

// Stop kills the process and waits for its end. It may be called twice.
func (e *Environment) Stop() {
	e.mu.Lock()
	e.stopped = true
	e.unfreeze()
	e.mu.Unlock()
	e.kill()
	<-e.exited
	e.ends.Wait()
}

// kill ends the process group. One that is gone is no error.
func (e *Environment) kill() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.reaped {
		signalGroup(e.cmd.Process.Pid, syscall.SIGKILL)
	}
}
