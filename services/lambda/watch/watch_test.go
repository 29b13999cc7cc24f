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
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/wire"
)

// shelf holds functions and their packages.
type shelf struct {
	t         *testing.T
	functions []Function
	packages  map[string]map[string]string
	replaced  []string
	told      []string
	now       time.Time
	full      bool
}

func (s *shelf) Functions() []Function { return s.functions }

type opened struct{ *bytes.Reader }

func (opened) Close() error { return nil }

func (s *shelf) Package(_ context.Context, _ wire.Scope, name string) (Package, error) {
	z, err := over(new(zip.Reader), &built{files: text(s.packages[name])}, nil)
	return opened{bytes.NewReader(z)}, err
}

func text(files map[string]string) map[string][]byte {
	b := map[string][]byte{}
	for name, t := range files {
		b[name] = []byte(t)
	}
	return b
}

func (s *shelf) Replace(_ context.Context, _ wire.Scope, name string, content io.ReaderAt, size int64) error {
	if s.full {
		return errors.New("no room")
	}
	z, err := zip.NewReader(content, size)
	if err != nil {
		s.t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			s.t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			s.t.Fatal(err)
		}
		files[f.Name] = string(b)
	}
	s.packages[name] = files
	s.replaced = append(s.replaced, name)
	i := slices.IndexFunc(s.functions, func(f Function) bool { return f.Name == name })
	s.functions[i].Modified = s.now
	return nil
}

func (s *shelf) Tell(_ context.Context, _ wire.Scope, name, text string) error {
	s.told = append(s.told, name+": "+text)
	return nil
}

// bench is a watcher whose looks the test takes.
type bench struct {
	*shelf
	dir string
	w   *Watcher
}

func newBench(t *testing.T, files map[string]string, functions ...Function) *bench {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "app")
	b := &bench{shelf: &shelf{t: t, functions: functions, packages: map[string]map[string]string{}, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}, dir: dir}
	b.write(files)
	for i := range b.functions {
		b.functions[i].Modified = b.now
		b.packages[b.functions[i].Name] = map[string]string{"kept.txt": "kept"}
	}
	b.w = &Watcher{Config: Config{Dir: dir, Functions: b.shelf, Clock: clock.NewFake(b.now)}, seen: map[string]*state{}}
	b.w.Logger = slog.New(slog.DiscardHandler)
	return b
}

// write writes files a second after whatever was done before.
func (b *bench) write(files map[string]string) {
	b.t.Helper()
	b.now = b.now.Add(time.Second)
	for name, text := range files {
		path := filepath.Join(b.dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err == nil {
			err = os.Chtimes(path, b.now, b.now)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	b.now = b.now.Add(time.Second)
}

// look looks, and tells whose code was replaced.
func (b *bench) look() string {
	b.t.Helper()
	b.replaced, b.told = nil, nil
	b.w.look(b.t.Context())
	return strings.Join(b.replaced, " ")
}

func (b *bench) wants(want string) {
	b.t.Helper()
	if got := b.look(); got != want {
		b.t.Errorf("replaced: %q, want %q; told: %q", got, want, b.told)
	}
}

func fn(name, runtime, handler string) Function {
	return Function{Scope: wire.Scope{Account: "1", Region: "r"}, Name: name, ID: "1", Runtime: runtime, Handler: handler}
}

func TestPython(t *testing.T) {
	b := newBench(t, map[string]string{
		"orders/app.py": "x = 1", "orders/lib/part.py": "", "orders/data.json": "1", "orders/notes.txt": "", "other.py": "",
		"orders/node_modules/x.py": "", "orders/.hidden/x.py": "", "orders/__pycache__/x.py": "",
	}, fn("orders", "python3.12", "app.handler"), fn("stranger", "python3.12", "main.handler"))
	b.packages["orders"]["data.json"] = "0"
	b.packages["orders"]["vendored.py"] = "v"
	b.wants("")
	b.write(map[string]string{"other.py": "1"})
	b.wants("")
	b.write(map[string]string{"orders/app.py": "x = 2"})
	b.wants("orders")
	want := map[string]string{"app.py": "x = 2", "lib/part.py": "", "data.json": "1", "vendored.py": "v", "kept.txt": "kept"}
	if got := b.packages["orders"]; !maps.Equal(got, want) {
		t.Errorf("the package has %q, want %q", got, want)
	}
	b.wants("")
	if err := os.Remove(filepath.Join(b.dir, "orders/lib/part.py")); err != nil {
		t.Fatal(err)
	}
	b.wants("orders")
	if _, still := b.packages["orders"]["lib/part.py"]; still {
		t.Error("a file that was deleted is still in the package")
	}
	b.write(map[string]string{"orders/app.py": "x = 2"}) // written again as it was
	b.wants("")
}

func TestScripts(t *testing.T) {
	b := newBench(t, map[string]string{
		"src/app.ts":       "import { greet } from '../shared/greet';\nimport { S3 } from '@aws-sdk/client-s3';\nimport l from 'layered';\nexport const handler = async (e: { who: string }) => greet(e.who, S3, l);\n",
		"shared/greet.ts":  "export const greet = (who: string, ...more: unknown[]) => 'hello ' + who;\n",
		"src/app.js":       "compiled before",
		"esm/package.json": `{"type":"module"}`, "esm/index.js": "import old from './old.cjs';\nexport const handler = await Promise.resolve(async () => old);\n",
		"esm/old.cjs": "module.exports = require('fs').existsSync('/');\n",
	}, fn("api", "nodejs20.x", "src/app.handler"), fn("esm", "nodejs20.x", "index.handler"))
	b.packages["api"]["src/app.js"] = "as it was deployed"
	b.wants("")
	b.write(map[string]string{"shared/greet.ts": "export const greet = (who: string, ...more: unknown[]) => 'hi ' + who;\n"})
	b.wants("api")
	p := b.packages["api"]
	if names := slices.Sorted(maps.Keys(p)); !slices.Equal(names, []string{"kept.txt", "src/app.cjs"}) {
		t.Errorf("the package holds %q", names)
	}
	for _, part := range []string{`require("@aws-sdk/client-s3")`, `require("layered")`, `"hi "`, "//# sourceMappingURL=data:application/json;base64,"} {
		if !strings.Contains(p["src/app.cjs"], part) {
			t.Errorf("%s is not in %s", part, p["src/app.cjs"])
		}
	}
	b.write(map[string]string{"esm/old.cjs": "module.exports = require('fs').existsSync('.');\n"})
	b.wants("esm")
	module := filepath.Join(t.TempDir(), "index.mjs")
	if err := os.WriteFile(module, []byte(b.packages["esm"]["index.mjs"]), 0o600); err != nil {
		t.Fatal(err)
	}
	node(t, `import('`+module+`').then((m) => m.handler()).then((v) => console.log(v))`, "true\n")
}

// node runs a script where there is a Node.
func node(t *testing.T, script, want string) {
	t.Helper()
	program, err := exec.LookPath("node")
	if err != nil {
		t.Log("LEFT OUT: node is not on this machine")
		return
	}
	out, err := exec.Command(program, "-e", script).CombinedOutput()
	if err != nil || string(out) != want {
		t.Errorf("%v: %s", err, out)
	}
}

func TestGo(t *testing.T) {
	if testing.Short() {
		t.Skip("LEFT OUT: builds programs")
	}
	b := newBench(t, map[string]string{
		"go.mod": "module app\n\ngo 1.26\n", "cmd/orders/main.go": "package main\n\nimport \"app/part\"\n\nfunc main() { println(part.X) }\n", "part/x.go": "package part\n\nconst X = 1\n",
		"cmd/stock/main.go": "package main\n\nfunc main() {}\n",
	}, fn("orders", "provided.al2023", "bootstrap"), fn("stock", "provided.al2023", "bootstrap"))
	b.wants("")
	b.write(map[string]string{"part/x.go": "package part\n\nconst X = 2\n"})
	b.wants("orders")
	program := filepath.Join(t.TempDir(), "bootstrap")
	if err := os.WriteFile(program, []byte(b.packages["orders"]["bootstrap"]), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program).CombinedOutput(); err != nil || string(out) != "2\n" {
		t.Errorf("the program says %q (%v)", out, err)
	}
	b.write(map[string]string{"part/x.go": "package part\n\nconst X = \n"})
	b.wants("")
	if len(b.told) != 1 || !strings.Contains(b.told[0], "part/x.go:4:1: syntax error") {
		t.Errorf("told: %q", b.told)
	}
}

func TestBrokenSource(t *testing.T) {
	b := newBench(t, map[string]string{"api/index.ts": "export const handler = async () => 1;\n"}, fn("api", "nodejs20.x", "index.handler"))
	b.wants("")
	b.write(map[string]string{"api/index.ts": "export const handler = async () => {\n"})
	b.wants("")
	if len(b.told) != 1 || !strings.Contains(b.told[0], "the code stays as it was: ") || !strings.Contains(b.told[0], "api/index.ts:2:0:") {
		t.Errorf("told: %q", b.told)
	}
	b.write(map[string]string{"api/unrelated.ts": ""})
	b.wants("")
	if len(b.told) != 0 {
		t.Errorf("told again: %q", b.told)
	}
	b.full = true
	b.write(map[string]string{"api/index.ts": "export const handler = async () => 2;\n"})
	b.wants("")
	b.full = false
	b.write(map[string]string{"api/unrelated.ts": "1"})
	b.wants("api")
}

func TestWhatCountsAsAChange(t *testing.T) {
	py := fn("f", "python3.12", "app.handler")
	t.Run("source that was written after its function was deployed", func(t *testing.T) {
		b := newBench(t, map[string]string{"app.py": "1"}, py)
		b.functions[0].Modified = b.now.Add(-time.Hour)
		b.wants("f")
	})
	t.Run("not what the package has already", func(t *testing.T) {
		b := newBench(t, map[string]string{"app.py": "1"}, py)
		b.functions[0].Modified = b.now.Add(-time.Hour)
		b.packages["f"]["app.py"] = "1"
		b.wants("")
	})
	t.Run("an older file that was moved there", func(t *testing.T) {
		b := newBench(t, map[string]string{"app.py": "1"}, py)
		b.wants("")
		b.now = b.now.Add(-time.Hour)
		b.write(map[string]string{"app.py": "2"})
		b.wants("f")
	})
	t.Run("the source of a function that comes later", func(t *testing.T) {
		b := newBench(t, map[string]string{"app.py": "1"})
		b.wants("")
		b.functions, b.packages["f"] = []Function{py}, map[string]string{"app.py": "0"}
		b.functions[0].Modified = b.now
		b.wants("")
		b.write(map[string]string{"app.py": "2"})
		b.wants("f")
		b.functions[0].ID = "another one of that name"
		b.wants("")
	})
	t.Run("source that appears", func(t *testing.T) {
		b := newBench(t, map[string]string{"README": ""}, py)
		b.wants("")
		b.write(map[string]string{"f/src/app.py": "1"})
		b.wants("f")
	})
}

func TestFind(t *testing.T) {
	list := map[string]file{}
	for _, name := range []string{
		"app.py", "src/app.mjs", "dist/api/index.js", "services/api/index.ts", "cmd/tool/main.go", "cmd/tool/main_test.go", "only/x_test.go", "main.go", "pkg/mod/fn.py", "a/b/main.js",
	} {
		list[name] = file{}
	}
	for _, c := range []struct{ says, name, runtime, handler, root, entry string }{
		{"the handler's file", "any", "python3.12", "app.handler", "", "app.py"},
		{"the handler's file in a folder", "any", "nodejs22.x", "src/app.handler", "", "src/app.mjs"},
		{"a handler within an object", "any", "nodejs22.x", "src/app.api.get", "", "src/app.mjs"},
		{"a module path with dots", "any", "python3.12", "pkg.mod.fn.handler", "", "pkg/mod/fn.py"},
		{"TypeScript before what was made of it", "api", "nodejs22.x", "index.handler", "services/api", "index.ts"},
		{"a program in a folder of the function's name", "tool", "provided.al2023", "x", "cmd/tool", ""},
		{"the watched folder itself", "me", "provided.al2023", "x", "", ""},
		{"tests alone are no program", "only", "provided.al2023", "x", "-", ""},
		{"programs are found by their names alone", "unknown", "provided.al2023", "main", "-", ""},
		{"a runtime that cannot be run", "any", "java21", "app", "-", ""},
		{"no file of the handler", "any", "nodejs22.x", "index.handler", "-", ""},
		{"a folder of the name below others", "b", "nodejs22.x", "main.handler", "a/b", "main.js"},
	} {
		t.Run(c.says, func(t *testing.T) {
			s, ok := find(list, "me", fn(c.name, c.runtime, c.handler))
			if got := fmt.Sprint(s.root, " ", s.entry, " ", ok); got != fmt.Sprint(c.root, " ", c.entry, " true") && (ok || c.root != "-") {
				t.Errorf("found %q in %q (%v)", s.entry, s.root, ok)
			}
		})
	}
}

func TestStart(t *testing.T) {
	if _, err := Start(Config{Dir: filepath.Join(t.TempDir(), "none")}); err == nil {
		t.Error("a folder that is not there is watched")
	}
	c := clock.NewFake(time.Now())
	b := newBench(t, map[string]string{"f/app.py": "1"}, fn("f", "python3.12", "app.handler"))
	b.functions[0].Modified = b.now
	w, err := Start(Config{Dir: b.dir, Functions: b.shelf, Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	waits := func() { // it has looked
		t.Helper()
		if err := c.WaitForTimers(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
	waits()
	b.write(map[string]string{"f/app.py": "2"})
	c.Advance(Interval)
	waits()
	w.Close()
	w.Close()
	if len(b.replaced) != 1 {
		t.Errorf("replaced: %q", b.replaced)
	}
}
