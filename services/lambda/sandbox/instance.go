package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/services/lambda/process"
)

// Call is one invocation.
type Call struct {
	RequestID     string
	FunctionARN   string // as it was invoked, with its qualifier
	Trace         string
	ClientContext string // JSON; may be empty
	Identity      string // JSON; may be empty
	Payload       []byte // JSON
}

// Outcome is what an invocation came to.
type Outcome struct {
	Payload   []byte
	ErrorType string // empty: success
	Log       []byte // the last 4 KB of its log
	Duration  time.Duration
}

// ErrorTimeout is the type of the error of a handler that took too long.
const ErrorTimeout = "Sandbox.Timedout"

// instance is one process with its log stream.
type instance struct {
	pool    *Pool
	env     *process.Environment
	stream  string
	tmp     string
	expires time.Time
	log     *logbook
	timer   *clock.Timer // while it is idle
	started time.Time
	ready   bool
	stopped sync.Once

	initTook time.Duration // of one that was made ready before its first invocation, for its report
	kept     bool          // the pool keeps it ready; guarded by the pool's mu
	used     bool          // it was given an invocation; guarded by the pool's mu
}

func newInstance(p *Pool, first, provisioned bool) (*instance, error) {
	r := &p.recipe
	now := p.Clock.Now()
	stream := now.UTC().Format("2006/01/02") + "/[" + r.Version + "]" + strings.ReplaceAll(uuid.NewString(), "-", "")
	tmp, err := os.MkdirTemp(r.Tmp, "env-")
	if err != nil {
		return nil, fmt.Errorf("making a directory for the process: %w", err)
	}
	environment, expires, err := r.Environment(stream, tmp, provisioned)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(tmp))
	}
	inst := &instance{pool: p, stream: stream, tmp: tmp, expires: expires, started: now, log: openLogbook(p, stream)}
	if first {
		for _, n := range r.Notices {
			inst.log.add(n)
		}
	}
	inst.log.initStart()
	inst.env, err = process.Start(process.Spec{
		Command: r.Command, Dir: r.Dir, Env: environment, Clock: p.Clock,
		Output: func(m []byte) { inst.log.add(strings.TrimSuffix(string(m), "\n")) },
	})
	if err == nil {
		return inst, nil
	}
	inst.env = nil
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOEXEC) {
		return inst, &StartError{err}
	}
	inst.stop()
	return nil, err
}

// StartError is a program that cannot be run: not there, not executable, of
// another architecture.
type StartError struct{ Err error }

func (e *StartError) Error() string { return e.Err.Error() }
func (e *StartError) Unwrap() error { return e.Err }

// cannotStart is the answer of a process that there is not.
func (i *instance) cannotStart(call Call, err *StartError) Outcome {
	message := strings.TrimPrefix(err.Error(), "starting ")
	if errors.Is(err, fs.ErrNotExist) {
		message = "Couldn't find valid bootstrap(s): " + fmt.Sprint(i.pool.recipe.Command)
	}
	i.log.add("RequestId: " + call.RequestID + " Error: " + message + "\nRuntime.InvalidEntrypoint")
	return i.conclude(call, failure(call, "Runtime.InvalidEntrypoint", message), 0, 0)
}

func (i *instance) alive() bool {
	select {
	case <-i.env.Exited():
		return false
	default:
		return true
	}
}

// serve runs one invocation. again tells whether the process is good for more.
func (i *instance) serve(ctx context.Context, call Call, last bool) (out Outcome, again bool, err error) {
	c := i.pool.Clock
	timeout := i.pool.recipe.Timeout
	initTook := i.initTook
	i.initTook = 0
	if !i.ready {
		failed := i.initialize(ctx)
		i.pool.started()
		if failed != nil {
			if ctx.Err() != nil {
				return Outcome{}, false, ctx.Err()
			}
			return i.conclude(call, i.failure(call, failed), 0, c.Now().Sub(i.started)), false, nil
		}
		i.ready = true
		initTook = c.Now().Sub(i.started)
	}
	i.log.begin()
	i.log.start(call.RequestID)
	start := c.Now()
	limited, cancel := clock.WithTimeout(ctx, c, timeout)
	defer cancel()
	answer, err := i.env.Invoke(limited, process.Invocation{
		RequestID: call.RequestID, FunctionARN: call.FunctionARN, Deadline: start.Add(timeout), Remaining: timeout,
		Trace: call.Trace, ClientContext: call.ClientContext, Identity: call.Identity, Payload: call.Payload,
	})
	took := c.Now().Sub(start)
	if ctx.Err() != nil && err != nil {
		return Outcome{}, false, ctx.Err()
	}
	if gone, ok := errors.AsType[*process.NotBegunError](err); ok {
		if !last {
			return Outcome{}, false, err
		}
		err = gone.Err
	}
	if err == nil {
		out = Outcome{Payload: answer.Payload}
		if answer.Failed {
			out.ErrorType = errorType(answer.ErrorType, answer.Payload)
		}
		return i.conclude(call, out, took, initTook), i.alive(), nil
	}
	return i.conclude(call, i.failure(call, err), took, initTook), errors.Is(err, process.ErrTooLarge) && i.alive(), nil
}

// initialize waits for the process to be ready. What precedes the first
// invocation has a time of its own; a process that is not ready then has the
// function's time, as if it were part of the invocation.
func (i *instance) initialize(ctx context.Context) error {
	limited, cancel := clock.WithTimeout(ctx, i.pool.Clock, initTime+i.pool.recipe.Timeout)
	defer cancel()
	err := i.env.Ready(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return context.DeadlineExceeded
	}
	return err
}

// failure is the answer to a handler that gave none.
func (i *instance) failure(call Call, err error) Outcome {
	if initErr, ok := errors.AsType[*process.InitError](err); ok {
		return Outcome{Payload: initErr.Payload, ErrorType: errorType(initErr.Type, initErr.Payload)}
	}
	switch {
	case errors.Is(err, process.ErrTooLarge):
		payload := fmt.Sprintf(`{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (%d bytes)."}`, process.MaxResponse)
		return Outcome{Payload: []byte(payload), ErrorType: "Function.ResponseSizeTooLarge"}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		message := fmt.Sprintf("Task timed out after %.2f seconds", i.pool.recipe.Timeout.Seconds())
		i.log.timedOut(call.RequestID, message)
		return failure(call, ErrorTimeout, message)
	}
	i.log.add("RequestId: " + call.RequestID + " Error: " + err.Error() + "\nRuntime.ExitError")
	return failure(call, "Runtime.ExitError", err.Error())
}

// failure is an error of the platform in AWS's form.
func failure(call Call, kind, message string) Outcome {
	payload, err := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{kind, "RequestId: " + call.RequestID + " Error: " + message})
	if err != nil {
		payload = []byte("{}")
	}
	return Outcome{Payload: payload, ErrorType: kind}
}

// errorType is the type of an error that a runtime reported.
func errorType(header string, payload []byte) string {
	if header != "" {
		return header
	}
	var body struct {
		Type string `json:"errorType"`
	}
	if json.Unmarshal(payload, &body) == nil && body.Type != "" {
		return body.Type
	}
	return "Unhandled"
}

// conclude writes the end of the invocation's log.
func (i *instance) conclude(call Call, out Outcome, took, initTook time.Duration) Outcome {
	if !i.ready {
		i.log.start(call.RequestID) // its initialization failed: nothing was started
	}
	used := 0
	if i.env != nil {
		used = min(int(math.Ceil(float64(i.env.Memory())/(1<<20))), i.pool.recipe.Memory)
	}
	i.log.finish(call.RequestID)
	i.log.report(report{id: call.RequestID, took: took, init: initTook, used: used, kind: out.ErrorType})
	out.Log = i.log.tail()
	out.Duration = took
	return out
}

// stop ends the process and its log. It may be called twice.
func (i *instance) stop() {
	i.stopped.Do(func() {
		if i.env != nil {
			i.env.Stop()
		}
		i.log.close()
		if err := os.RemoveAll(i.tmp); err != nil {
			i.pool.Logger.Warn("removing a function's temporary files", "function", i.pool.recipe.Name, "error", err)
		}
	})
}
