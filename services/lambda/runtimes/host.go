package runtimes

import (
	"context"
	"embed"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

//go:embed clients/node.mjs clients/python.py
var clients embed.FS

// Host is this machine as a place where functions run. It is safe for
// concurrent use.
type Host struct {
	dir    string // where the clients lie
	cache  string // of SDKs
	logger *slog.Logger

	mu      sync.Mutex             // guards found
	found   map[string]Interpreter // by a program's name; where it does not run, what runs instead
	filling sync.Mutex             // held while the cache is filled
}

// DefaultCache is the user's cache of SDKs, which installations share; below
// data where the user has none.
func DefaultCache(data string) string {
	if dir, err := os.UserCacheDir(); err == nil {
		return filepath.Join(dir, "signalbox", "runtimes")
	}
	return filepath.Join(data, "cache")
}

// New puts the runtime clients into dir and keeps SDKs in cache. Both are made
// where they are not there. Without dir nothing can be run: for who only lists
// and installs.
func New(dir, cache string, logger *slog.Logger) (*Host, error) {
	h := &Host{dir: dir, cache: cache, logger: logger, found: map[string]Interpreter{}}
	if dir == "" {
		return h, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("installing runtime clients: %w", err)
	}
	for _, name := range []string{"node.mjs", "python.py"} {
		text, err := clients.ReadFile("clients/" + name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
		}
		if err != nil {
			return nil, fmt.Errorf("installing runtime clients: %w", err)
		}
	}
	return h, nil
}

// Dir is where the runtime clients lie: LAMBDA_RUNTIME_DIR.
func (h *Host) Dir() string { return h.dir }

// Interpreter is a program that runs a family's functions.
type Interpreter struct {
	Path    string // absolute, the program itself and no version manager's stand-in
	Version string // "20.20.2"
}

// Same tells whether the interpreter is of the runtime's version.
func (i Interpreter) Same(r Runtime) bool {
	return i.Version == r.Version || strings.HasPrefix(i.Version, r.Version+".")
}

// Find finds the interpreter for a runtime: one of its version, or else
// whatever version there is. Programs need none.
func (h *Host) Find(ctx context.Context, r Runtime) (Interpreter, error) {
	switch r.Family {
	case Node:
		return h.first(ctx, r, "Install Node.js (https://nodejs.org) so that node is found in PATH.", "node")
	case Python:
		return h.first(ctx, r, "Install Python (https://www.python.org) so that python3 is found in PATH.", "python"+r.Version, "python3")
	}
	return Interpreter{}, nil
}

// first is the first of the programs that works.
func (h *Host) first(ctx context.Context, r Runtime, remedy string, names ...string) (Interpreter, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	reason := "it was not found in PATH"
	for at, name := range names {
		if i, ok := h.found[name]; ok {
			return i, nil
		}
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		i, err := ask(ctx, path, r.Family)
		if err != nil {
			if ctx.Err() != nil {
				return Interpreter{}, ctx.Err()
			}
			reason = err.Error()
			continue // a version manager's stand-in for a version that is not chosen
		}
		for _, n := range names[:at+1] { // asking those before it takes long, and says the same again
			h.found[n] = i
		}
		return i, nil
	}
	return Interpreter{}, &Error{Runtime: r.Name, Missing: names[len(names)-1], Reason: reason, Remedy: remedy}
}

// ask has a program tell where it is and what version.
func ask(ctx context.Context, path string, family Family) (Interpreter, error) {
	args := []string{"-p", `process.execPath + "\n" + process.versions.node`}
	if family == Python {
		args = []string{"-S", "-c", `import sys; print(sys.executable); print("%d.%d.%d" % sys.version_info[:3])`}
	}
	out, err := exec.CommandContext(ctx, path, args...).Output()
	if err != nil {
		return Interpreter{}, fmt.Errorf("%s does not run: %w", path, err)
	}
	program, version, ok := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if !ok || !filepath.IsAbs(program) {
		return Interpreter{}, fmt.Errorf("%s does not say where it is", path)
	}
	return Interpreter{Path: strings.TrimSpace(program), Version: strings.TrimSpace(version)}, nil
}

// Command is what runs a function: its code lies in task, its merged layers in
// opt; memory is in MB. A program that is not there shows when it is started.
func (h *Host) Command(r Runtime, i Interpreter, handler, task, opt string, memory int) []string {
	switch r.Family {
	case Node:
		return []string{i.Path, "--max-old-space-size=" + strconv.Itoa(memory*9/10), filepath.Join(h.dir, "node.mjs")}
	case Python:
		return []string{i.Path, "-S", filepath.Join(h.dir, "python.py")}
	}
	if r.Name == "go1.x" {
		return []string{filepath.Join(task, handler)}
	}
	program := filepath.Join(task, "bootstrap")
	if layered := filepath.Join(opt, "bootstrap"); !exists(program) && exists(layered) {
		return []string{layered}
	}
	return []string{program}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Env is what of the environment makes code and layers found: KEY=value. sdk
// is what Provide answered.
func (h *Host) Env(r Runtime, i Interpreter, task, opt, sdk string) []string {
	env := []string{
		"LD_LIBRARY_PATH=" + strings.Join([]string{task, filepath.Join(task, "lib"), filepath.Join(opt, "lib")}, ":"),
	}
	switch r.Family {
	case Node:
		env = append(env, "NODE_PATH="+join(filepath.Join(opt, "nodejs", "node"+r.Version, "node_modules"), filepath.Join(opt, "nodejs", "node_modules"), sdk))
	case Python:
		minor := i.Version
		if p := strings.SplitN(minor, ".", 3); len(p) == 3 {
			minor = p[0] + "." + p[1]
		}
		env = append(env, "SIGNALBOX_PYTHON_PATH="+join(task,
			filepath.Join(opt, "python", "lib", "python"+r.Version, "site-packages"),
			filepath.Join(opt, "python", "lib", "python"+minor, "site-packages"),
			filepath.Join(opt, "python"), sdk))
	}
	return env
}

func join(paths ...string) string {
	kept := paths[:0]
	for _, p := range paths {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, string(os.PathListSeparator))
}
