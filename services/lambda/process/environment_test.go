package process

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/signalbox/signalbox/clock"
)

// played is an environment whose runtime the test plays.
type played struct {
	*Environment
	t   *testing.T
	api string
}

func play(t *testing.T) *played {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("LEFT OUT: there is no sh")
	}
	address := make(chan string, 1)
	env, err := Start(Spec{
		Command: []string{shell, "-c", "echo $AWS_LAMBDA_RUNTIME_API; exec sleep 60"}, Env: []string{"PATH=/usr/bin:/bin"}, Clock: clock.Real(), NoFreeze: true,
		Output: func(m []byte) { address <- string(m) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(env.Stop)
	return &played{env, t, "http://" + <-address + "/2018-06-01/runtime/invocation/"}
}

// next asks for an invocation, and returns its id.
func (p *played) next(ctx context.Context) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.api+"next", nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	return answer.Header.Get("Lambda-Runtime-Aws-Request-Id"), answer.Body.Close()
}

func (p *played) respond(id, text string) int {
	p.t.Helper()
	answer, err := http.Post(p.api+id+"/response", "application/json", strings.NewReader(text))
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		p.t.Fatal(err)
	}
	return answer.StatusCode
}

// invoke begins an invocation.
func (p *played) invoke(id string) <-chan reply {
	done := make(chan reply, 1)
	go func() {
		ctx, cancel := context.WithTimeout(p.t.Context(), 10*time.Second)
		defer cancel()
		a, err := p.Invoke(ctx, Invocation{RequestID: id, Payload: []byte("{}")})
		done <- reply{a, err}
	}()
	return done
}

func TestRuntimeAPI(t *testing.T) {
	t.Run("an invocation waits for a runtime that is late, and is answered before it asks for more", func(t *testing.T) {
		p := play(t)
		for _, id := range []string{"a", "b"} {
			done := p.invoke(id)
			if got, err := p.next(t.Context()); got != id || err != nil {
				t.Fatalf("the invocation is %q (%v)", got, err)
			}
			if status := p.respond(id, `"`+id+`"`); status != http.StatusAccepted {
				t.Errorf("status %d", status)
			}
			if r := <-done; string(r.answer.Payload) != `"`+id+`"` || r.err != nil {
				t.Errorf("the answer is %s (%v)", r.answer.Payload, r.err)
			}
			if status := p.respond(id, "1"); status != http.StatusBadRequest {
				t.Errorf("a second answer has status %d", status)
			}
		}
	})
	t.Run("a request for work that broke off takes none", func(t *testing.T) {
		p := play(t)
		ctx, cancel := context.WithCancel(t.Context())
		asked := make(chan error)
		go func() { _, err := p.next(ctx); asked <- err }()
		if err := p.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-asked; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		done := p.invoke("a")
		if got, err := p.next(t.Context()); got != "a" || err != nil {
			t.Fatalf("the invocation is %q (%v)", got, err)
		}
		p.respond("a", "1")
		if r := <-done; r.err != nil {
			t.Error(r.err)
		}
	})
	t.Run("an invocation that a process did not take did not begin", func(t *testing.T) {
		p := play(t)
		done := p.invoke("a")
		p.kill()
		r := <-done
		if _, ok := errors.AsType[*NotBegunError](r.err); !ok || !strings.Contains(r.err.Error(), "signal: killed") {
			t.Errorf("the error is %v", r.err)
		}
	})
	t.Run("one that it took did", func(t *testing.T) {
		p := play(t)
		done := p.invoke("a")
		if _, err := p.next(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.kill()
		if x, ok := errors.AsType[*ExitError]((<-done).err); !ok || x.Reason != "signal: killed" {
			t.Errorf("the error is %v", x)
		}
	})
}
