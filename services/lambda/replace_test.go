package lambda

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/runtimes"
	"github.com/signalbox/signalbox/services/lambda/watch"
	"github.com/signalbox/signalbox/wire"
)

// lines is a log.
type lines struct {
	mu   sync.Mutex
	all  []string
	came chan struct{} // gets one for each write, as far as there is room
}

func (l *lines) Write(_ context.Context, _ wire.Scope, group, stream string, _ time.Time, messages ...string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range messages {
		l.all = append(l.all, group+" "+stream+" "+m)
	}
	select {
	case l.came <- struct{}{}:
	default:
	}
	return nil
}

// wait waits until a line has the text.
func (l *lines) wait(t *testing.T, text string) { l.count(t, text, 1) }

// count waits until n lines have the text.
func (l *lines) count(t *testing.T, text string, n int) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		l.mu.Lock()
		all := strings.Join(l.all, "\n")
		l.mu.Unlock()
		if strings.Count(all, text) >= n {
			return
		}
		select {
		case <-l.came:
		case <-late:
			t.Fatalf("%q is not in\n%s", text, all)
		}
	}
}

type noKeys struct{}

func (noKeys) Issue(string, string, time.Time) (string, string, string, error) {
	return "id", "secret", "token", nil
}

// TestWatchedSource changes the source of a function while it is invoked: the
// invocation ends with the old code, the next one has the new.
func TestWatchedSource(t *testing.T) {
	log := &lines{came: make(chan struct{}, 1)}
	s := newService(t, func(c *Config) { c.Clock, c.Logs, c.Issuer = clock.Real(), log, noKeys{} })
	ctx := wire.NewContext(t.Context(), &wire.Request{Account: "000000000000", Region: "eu-west-1"})
	text, err := os.ReadFile("testdata/code.zip")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateFunction(ctx, &api.CreateFunctionInput{
		FunctionName: new("f"), Runtime: new("python3.12"), Handler: new("a.b"), Role: new("r"), Timeout: new(int32(30)), Code: &api.FunctionCode{ZipFile: text},
	}); err != nil {
		t.Fatal(err)
	}
	python, _ := runtimes.Parse("python3.12")
	if _, err := s.host.Find(ctx, python); err != nil {
		t.Skip("LEFT OUT: ", err)
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "f", "a.py")
	write := func(text string) {
		t.Helper()
		err := os.MkdirAll(filepath.Dir(source), 0o755)
		if err == nil {
			err = os.WriteFile(source, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w, err := watch.Start(watch.Config{Dir: dir, Functions: s, Clock: clock.Real(), Interval: 5 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	call := func() string {
		r, err := s.Call(ctx, "f", nil, CallParams{})
		if err != nil {
			return err.Error()
		}
		return string(r.Payload)
	}
	if got := call(); got != "1" {
		t.Fatalf("the answer is %s", got)
	}
	gate := filepath.Join(dir, "gate")
	write("import os, time\ndef b(e, c):\n    print('waits')\n    while not os.path.exists('" + gate + "'): time.sleep(0.005)\n    return 2\n")
	log.wait(t, "/aws/lambda/f "+time.Now().UTC().Format("2006/01/02")+"/signalbox [signalbox] The code was replaced")
	first := make(chan string, 1)
	go func() { first <- call() }()
	log.wait(t, " waits")
	write("def b(e, c): return 3\n")
	log.count(t, "was replaced", 2)
	if got := call(); got != "3" {
		t.Errorf("the answer after the change is %s", got)
	}
	if err := os.WriteFile(gate, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := <-first; got != "2" {
		t.Errorf("the answer of the invocation that was under way is %s", got)
	}
	t.Run("what cannot be a package changes nothing", func(t *testing.T) {
		if err := s.Replace(ctx, wire.ScopeOf(ctx), "f", strings.NewReader("no zip"), 6); !wire.IsCode(err, api.CodeInvalidParameterValueException) {
			t.Errorf("the error is %v", err)
		}
		if err := s.Replace(ctx, wire.ScopeOf(ctx), "g", strings.NewReader(string(text)), int64(len(text))); !wire.IsCode(err, api.CodeResourceNotFoundException) {
			t.Errorf("the error is %v", err)
		}
		if got := call(); got != "3" {
			t.Errorf("the answer is %s", got)
		}
	})
}
