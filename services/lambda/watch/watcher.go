package watch

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/wire"
)

// Interval is how often a folder is looked through that nothing else is said of.
const Interval = 300 * time.Millisecond

// Functions are those whose code may be replaced.
type Functions interface {
	// Functions lists those that have a package, of all accounts and regions.
	Functions() []Function
	// Package opens a function's package.
	Package(ctx context.Context, sc wire.Scope, name string) (Package, error)
	// Replace puts a package, a zip file, in the place of the one that a
	// function has. Invocations under way end with the old one.
	Replace(ctx context.Context, sc wire.Scope, name string, content io.ReaderAt, size int64) error
	// Tell writes a line to a function's log group.
	Tell(ctx context.Context, sc wire.Scope, name, text string) error
}

// Function is what is to be known of a function to find its source.
type Function struct {
	wire.Scope
	Name     string
	ID       string // tells functions apart that had the same name one after another
	Runtime  string
	Handler  string
	Modified time.Time // when its code or configuration was last changed
}

// Package is an open package.
type Package interface {
	io.ReaderAt
	io.Closer
	Size() int64 // bytes
}

// Config says what is watched. Dir, Functions and Clock are required.
type Config struct {
	Dir       string
	Functions Functions
	Clock     clock.Clock
	Logger    *slog.Logger  // nil: silence
	Interval  time.Duration // 0: Interval
}

// Watcher replaces the code of functions whose source changes.
type Watcher struct {
	Config
	stop context.CancelFunc
	done chan struct{} // closed when it has ended

	// What follows is the goroutine's own.
	files  map[string]file
	seen   map[string]*state // by function
	broken string            // the folder cannot be read: what was told of it
}

// state is what is known of a function.
type state struct {
	id   string
	from source // nothing: not found yet
	hash string // of the last build; empty: there was none
	put  []string
	told string // the last complaint
}

// Start begins to watch a folder, which must be there.
func Start(c Config) (*Watcher, error) {
	dir, err := filepath.Abs(c.Dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	var info os.FileInfo
	if err == nil {
		info, err = os.Stat(dir)
	}
	if err == nil && !info.IsDir() {
		err = errors.New("it is no folder")
	}
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w", c.Dir, err)
	}
	c.Dir = dir
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Interval <= 0 {
		c.Interval = Interval
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &Watcher{Config: c, stop: cancel, done: make(chan struct{}), seen: map[string]*state{}}
	go w.run(ctx)
	return w, nil
}

// Close ends the watch; a build under way is broken off. It may be called twice.
func (w *Watcher) Close() {
	w.stop()
	<-w.done
}

func (w *Watcher) run(ctx context.Context) {
	defer close(w.done)
	for {
		w.look(ctx)
		if clock.Sleep(ctx, w.Clock, w.Interval) != nil {
			return
		}
	}
}

// look looks through the folder once, and replaces what has changed.
func (w *Watcher) look(ctx context.Context) {
	list, err := files(w.Dir)
	if err != nil {
		if w.broken != err.Error() {
			w.Logger.Error("watching functions' source", "error", err)
		}
		w.broken = err.Error()
		return
	}
	w.broken = ""
	changed := difference(w.files, list)
	w.files = list
	present := map[string]bool{}
	for _, f := range w.Functions.Functions() {
		key := f.Scope.Key(f.Name)
		present[key] = true
		st := w.seen[key]
		isNew := st == nil || st.id != f.ID
		if isNew {
			st = &state{id: f.ID}
			w.seen[key] = st
		}
		if !isNew && len(changed) == 0 || ctx.Err() != nil {
			continue
		}
		w.follow(ctx, f, st, isNew, changed)
	}
	maps.DeleteFunc(w.seen, func(key string, _ *state) bool { return !present[key] })
}

// difference lists the files that are not the same in both.
func difference(before, now map[string]file) []string {
	var names []string
	for name, f := range now {
		if old, ok := before[name]; !ok || old != f {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, ok := now[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}

// follow replaces one function's code if its source says something else.
func (w *Watcher) follow(ctx context.Context, f Function, st *state, isNew bool, changed []string) {
	from, ok := find(w.files, filepath.Base(w.Dir), f)
	if !ok {
		return
	}
	moved := st.from != from
	if moved {
		st.from = from
		w.Logger.Info("watching a function's source", "function", f.Name, "source", filepath.Join(w.Dir, filepath.FromSlash(path.Join(from.root, from.entry))))
	}
	if isNew { // it counts only if it was written after the code was deployed
		if !slices.ContainsFunc(slices.Collect(maps.Keys(w.files)), func(n string) bool { return from.concerns(n) && w.files[n].time.After(f.Modified) }) {
			return
		}
	} else if !moved && !slices.ContainsFunc(changed, from.concerns) {
		return
	}
	if isNew {
		changed = nil
	}
	replaced, err := w.replace(ctx, f, st, changed)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		if st.told == err.Error() {
			return
		}
		st.told = err.Error()
		w.Logger.Error("a function's source does not build: its code stays as it was", "function", f.Name, "error", err)
		w.tell(ctx, f, "[signalbox] The source does not build, the code stays as it was: "+err.Error())
		return
	}
	st.told = ""
	if replaced {
		w.Logger.Info("replaced a function's code", "function", f.Name)
		w.tell(ctx, f, "[signalbox] The code was replaced: its source has changed.")
	}
}

func (w *Watcher) tell(ctx context.Context, f Function, text string) {
	if err := w.Functions.Tell(ctx, f.Scope, f.Name, text); err != nil {
		w.Logger.Warn("writing to a function's log group", "function", f.Name, "error", err)
	}
}

// replace builds, and replaces the code where the build is another one.
func (w *Watcher) replace(ctx context.Context, f Function, st *state, changed []string) (bool, error) {
	p, err := w.Functions.Package(ctx, f.Scope, f.Name)
	if err != nil {
		return false, err
	}
	var closed sync.Once
	closing := func() { closed.Do(func() { _ = p.Close() }) } // it was only read
	defer closing()
	z, err := zip.NewReader(p, p.Size())
	if err != nil {
		return false, fmt.Errorf("reading the package: %w", err)
	}
	b, err := build(ctx, w.Dir, w.files, st.from, f.Runtime, names(z))
	if err != nil {
		return false, err
	}
	deployed := func(name string) bool { // the package was made after it
		return !slices.Contains(changed, name) && !w.files[name].time.After(f.Modified)
	}
	before := st.hash
	st.hash = b.hash()
	if st.hash == before || before == "" && all(b.inputs, deployed) || holds(z, b, st.put) {
		return false, nil
	}
	content, err := over(z, b, st.put)
	if err != nil {
		return false, err
	}
	closing()
	if err := w.Functions.Replace(ctx, f.Scope, f.Name, bytes.NewReader(content), int64(len(content))); err != nil {
		st.hash = before
		return false, err
	}
	st.put = slices.Collect(maps.Keys(b.files))
	return true, nil
}

func all(names []string, holds func(string) bool) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return !holds(n) })
}
