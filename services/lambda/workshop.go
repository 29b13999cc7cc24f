package lambda

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/services/lambda/runtimes"
	"github.com/signalbox/signalbox/services/lambda/sandbox"
)

// credentialsTime is how long the credentials of a process are good; it is
// replaced before they end.
const credentialsTime = 12 * time.Hour

// workshop makes versions ready to run: their code unpacked, and a pool of
// processes. What it unpacks is forgotten with the pool, and at every start.
type workshop struct {
	s    *Service
	code string // directory of unpacked code
	tmp  string // directory of processes' temporary files

	mu      sync.Mutex // guards what follows
	benches map[string]*bench
	kept    map[string]*kept
	early   int // versions that are being unpacked ahead
	closed  bool
	ends    sync.WaitGroup // of pools that are being closed
}

// bench is one version's place.
type bench struct {
	edition  string // see catalog.Version.Edition
	modified time.Time
	dir      string
	unpacked chan struct{} // closed once the code lies in dir, or failed is there
	failed   error         // of unpacking
	begun    bool          // somebody makes the pool; guarded by the workshop's mu
	ready    chan struct{} // closed once pool or err is there; not before it is begun
	pool     *sandbox.Pool
	err      error
}

func newWorkshop(s *Service) (*workshop, error) {
	w := &workshop{s: s, code: filepath.Join(s.Data, "code"), tmp: filepath.Join(s.Data, "tmp"), benches: map[string]*bench{}, kept: map[string]*kept{}}
	for _, dir := range []string{w.code, w.tmp} {
		if err := os.RemoveAll(dir); err != nil {
			return nil, fmt.Errorf("clearing %s: %w", dir, err)
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("making %s: %w", dir, err)
		}
	}
	return w, nil
}

// pool is the version's pool, made where there is none.
func (w *workshop) pool(ctx context.Context, v *catalog.Version) (*sandbox.Pool, error) {
	key := v.Named().Key(v.Version)
	edition, err := v.Edition()
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil, sandbox.ErrClosed
	}
	b := w.benches[key]
	if b != nil && b.edition != edition {
		if b.modified.After(v.Modified) {
			w.mu.Unlock()
			return nil, sandbox.ErrClosed // it was replaced since it was looked up
		}
		w.retire(key, b)
		b = nil
	}
	if b == nil {
		b = w.open(key, edition, v)
	}
	if !b.begun {
		b.begun = true
		w.ends.Go(func() { w.make(key, b, v) })
	}
	w.mu.Unlock()
	select {
	case <-b.ready:
		return b.pool, b.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// make fills a bench. One that failed is forgotten: what was missing may be
// there the next time.
func (w *workshop) make(key string, b *bench, v *catalog.Version) {
	defer close(b.ready)
	if <-b.unpacked; b.failed != nil {
		b.err = b.failed
	} else {
		b.pool, b.err = w.prepare(w.s.life, b, v)
	}
	w.equip(key, b)
	if b.err == nil {
		return
	}
	if errors.Is(b.err, engine.ErrNotFound) {
		b.err = sandbox.ErrClosed // its code was replaced since it was looked up
	}
	w.mu.Lock()
	if w.benches[key] == b {
		delete(w.benches, key)
	}
	w.mu.Unlock()
	w.clear(b)
}

func (w *workshop) clear(b *bench) {
	if b.dir == "" {
		return
	}
	if err := os.RemoveAll(b.dir); err != nil {
		w.s.Logger.Warn("removing unpacked code", "error", err)
	}
}

// replace retires the pool of a version that was changed: invocations under
// way end with what they began with.
func (w *workshop) replace(v *catalog.Version) {
	key := v.Named().Key(v.Version)
	w.mu.Lock()
	defer w.mu.Unlock()
	if b := w.benches[key]; b != nil && !strings.HasPrefix(b.edition, v.Revision) {
		w.retire(key, b)
	}
}

// drop retires the pool of a version that was deleted.
func (w *workshop) drop(v *catalog.Version) {
	key := v.Named().Key(v.Version)
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.kept, key)
	if b := w.benches[key]; b != nil {
		w.retire(key, b)
	}
}

// retire closes a pool in the background. Called with mu held.
func (w *workshop) retire(key string, b *bench) {
	delete(w.benches, key)
	if !b.begun { // nobody waits for it
		b.begun, b.err = true, sandbox.ErrClosed
		w.ends.Go(func() {
			<-b.unpacked
			close(b.ready)
			w.clear(b)
		})
		return
	}
	w.ends.Go(func() {
		<-b.ready
		if b.pool == nil {
			return
		}
		// The error is that the service waits no longer.
		_ = b.pool.Close(w.s.life)
		w.clear(b)
	})
}

// close closes all pools, and waits.
func (w *workshop) close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	for key, b := range w.benches {
		w.retire(key, b)
	}
	w.mu.Unlock()
	done := make(chan struct{})
	go func() {
		w.ends.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	w.s.cut() // pools kill what is under way
	<-done
	return fmt.Errorf("waiting for invocations: %w", ctx.Err())
}

// prepare finds out how a version that is unpacked is run.
func (w *workshop) prepare(ctx context.Context, b *bench, v *catalog.Version) (*sandbox.Pool, error) {
	dir := b.dir
	task, opt := places(dir, v)
	variables, err := w.s.variables(v)
	if err != nil {
		return nil, err
	}
	runtime, ok := runtimes.Parse(v.Runtime)
	if !ok {
		return nil, api.Refuse(api.CodeInvalidRuntimeException, "%s is not implemented by Signalbox", v.Runtime)
	}
	interpreter, err := w.s.host.Find(ctx, runtime)
	if err != nil {
		return nil, unavailable(err)
	}
	var notices []string
	notice := func(text string) {
		notices = append(notices, "[signalbox] "+text)
		w.s.Logger.Info(text, "function", v.Function)
	}
	if runtime.Family != runtimes.Program && !interpreter.Same(runtime) {
		notice(v.Runtime + " runs with version " + interpreter.Version + " of this machine")
	}
	sdk, err := w.s.host.Provide(ctx, runtime, interpreter, task, opt, notice)
	if err != nil {
		return nil, unavailable(err)
	}
	if runtime.Family == runtimes.Node {
		if err := runtimes.LinkModules(filepath.Join(dir, "node_modules"), filepath.Join(opt, "nodejs", "node_modules"), sdk); err != nil {
			return nil, err
		}
	}
	if extensions, err := filepath.Glob(filepath.Join(opt, "extensions", "*")); err == nil && len(extensions) > 0 {
		notice("its layers bring extensions, which Signalbox does not run: " + path.Base(extensions[0]))
	}
	where := layout{task: task, opt: opt}
	command := w.s.host.Command(runtime, interpreter, v.Handler, task, opt, int(v.Memory))
	if wrapper := variables[execWrapper]; wrapper != "" && runtime.Family != runtimes.Program {
		command = append([]string{where.here(wrapper)}, command...)
	}
	about := string(runtime.Family)
	if interpreter.Version != "" {
		about += ":" + interpreter.Version
	}
	return sandbox.NewPool(sandbox.Config{Clock: w.s.Clock, Logs: w.s.Logs, Logger: w.s.Logger, Idle: w.s.Idle}, sandbox.Recipe{
		Scope: v.Scope, Name: v.Function, Version: v.Version, Runtime: about, Notices: notices,
		Command: command, Dir: task, Tmp: w.tmp,
		Timeout: time.Duration(v.Timeout) * time.Second, Memory: int(v.Memory),
		LogGroup: *v.Logging.LogGroup, JSON: *v.Logging.LogFormat == api.LogFormatJson,
		Environment: func(stream, tmp string, provisioned bool) ([]string, time.Time, error) {
			return w.environment(v, variables, w.s.host.Env(runtime, interpreter, task, opt, sdk), where, stream, tmp, provisioned)
		},
	}), nil
}

// unavailable is the error of a runtime that this machine cannot offer.
func unavailable(err error) error {
	if missing, ok := errors.AsType[*runtimes.Error](err); ok {
		return api.Refuse(api.CodeInvalidRuntimeException, "%s", missing)
	}
	return err
}

func (w *workshop) isClosed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed
}
