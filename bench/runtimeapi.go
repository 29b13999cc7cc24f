package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/signalbox/signalbox/services/lambda/runtimes"
)

// bareRuntime is a function's process behind a Runtime API that does as little
// as one can: the baseline of invocations.
type bareRuntime struct {
	listener net.Listener
	process  *exec.Cmd
	work     chan struct{} // lets the next event go out
	done     chan struct{} // an answer came
	took     time.Duration // from the start of the process to its first answer
	dir      string
}

// startBare starts a handler's process as Signalbox does, and has it answer once.
func startBare(ctx context.Context, h handler, task string) (*bareRuntime, error) {
	clients, err := os.MkdirTemp("", "signalbox-bench-")
	if err != nil {
		return nil, err
	}
	host, err := runtimes.New(clients, clients, nil)
	if err != nil {
		return nil, err
	}
	runtime, _ := runtimes.Parse(string(h.runtime))
	interpreter, err := host.Find(ctx, runtime)
	if err != nil {
		return nil, err
	}
	b := &bareRuntime{work: make(chan struct{}), done: make(chan struct{}, 1), dir: clients}
	if b.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	go b.serve()
	command := host.Command(runtime, interpreter, h.name, task, task, 128)
	b.process = exec.CommandContext(ctx, command[0], command[1:]...)
	b.process.Dir = task
	b.process.Env = append(host.Env(runtime, interpreter, task, task, ""), "PATH="+os.Getenv("PATH"), "_HANDLER="+h.name, "LAMBDA_TASK_ROOT="+task,
		"AWS_LAMBDA_RUNTIME_API="+b.listener.Addr().String(), "_LAMBDA_TELEMETRY_LOG_FD=3")
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	b.process.ExtraFiles, b.process.Stderr = []*os.File{null}, os.Stderr
	begin := time.Now()
	if err := b.process.Start(); err != nil {
		return nil, err
	}
	if _, err := b.call(); err != nil {
		return nil, err
	}
	b.took = time.Since(begin)
	return b, nil
}

// serve answers the process, on as many connections as it opens.
func (b *bareRuntime) serve() {
	for {
		c, err := b.listener.Accept()
		if err != nil {
			return
		}
		go b.talk(c)
	}
}

var eventAnswer = fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"+
	"Lambda-Runtime-Deadline-Ms: 32503680000000\r\nLambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:f\r\n"+
	"Content-Length: %d\r\n\r\n%s", len(orderEvent), orderEvent)

func (b *bareRuntime) talk(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		reply := "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"OK\"}"
		switch {
		case strings.HasSuffix(r.URL.Path, "/next"):
			if _, ok := <-b.work; !ok {
				return
			}
			reply = eventAnswer
		case strings.HasSuffix(r.URL.Path, "/response"):
			select {
			case b.done <- struct{}{}:
			default:
			}
		}
		if _, err := io.WriteString(c, reply); err != nil {
			return
		}
	}
}

// call hands out one event and waits for its answer. What it takes is counted
// from before the process asked for it, as it is where someone waits.
func (b *bareRuntime) call() (time.Duration, error) {
	begin := time.Now()
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	select {
	case b.work <- struct{}{}:
	case <-late.C:
		return 0, errors.New("the bare process does not ask for events")
	}
	select {
	case <-b.done:
	case <-late.C:
		return 0, errors.New("the bare process does not answer")
	}
	return time.Since(begin), nil
}

// calls makes calls one after another for a time.
func (b *bareRuntime) calls(d time.Duration) ([]time.Duration, error) {
	var times []time.Duration
	for end := time.Now().Add(d); time.Now().Before(end); {
		took, err := b.call()
		if err != nil {
			return nil, err
		}
		times = append(times, took)
	}
	return times, nil
}

func (b *bareRuntime) stop() {
	_ = b.process.Process.Kill()
	_ = b.process.Wait()
	_ = b.listener.Close()
	_ = os.RemoveAll(b.dir)
}
