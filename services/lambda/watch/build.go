package watch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/lambda/runtimes"
)

// built is what a build made.
type built struct {
	files  map[string][]byte // of the package, by their names in it
	drop   []string          // names that are not to be in the package
	inputs []string          // what it was made from, below the watched folder
}

// maxAsset bounds a file that is taken into a package as it is, in bytes.
const maxAsset = 50 << 20

// build builds a function's source. packed are the names in its package. The
// error is a text for who wrote the source.
func build(ctx context.Context, dir string, list map[string]file, s source, runtime string, packed []string) (*built, error) {
	b := &built{files: map[string][]byte{}}
	var err error
	switch s.family {
	case runtimes.Program:
		err = b.program(ctx, dir, list, s)
	case runtimes.Node:
		if err = b.script(dir, list, s, runtime); err == nil {
			err = b.assets(dir, list, s, packed, nodeExtensions, nil)
		}
	case runtimes.Python:
		err = b.assets(dir, list, s, packed, nil, pythonExtensions)
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// assets takes files in as they are: those that the package has too, but for
// the extensions of without, and all those with the extensions of with.
func (b *built) assets(dir string, list map[string]file, s source, packed, without, with []string) error {
	for name, f := range list {
		inside, below := strings.CutPrefix(name, s.root+"/")
		if s.root == "" {
			inside, below = name, true
		}
		ext := path.Ext(name)
		if !below || f.size > maxAsset || slices.Contains(without, ext) || !slices.Contains(with, ext) && !slices.Contains(packed, inside) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		b.files[inside] = text
		b.inputs = append(b.inputs, name)
	}
	return nil
}

// program builds a Go program.
func (b *built) program(ctx context.Context, dir string, list map[string]file, s source) error {
	folder := filepath.Join(dir, filepath.FromSlash(s.root))
	out, err := os.MkdirTemp("", "signalbox-build-")
	if err != nil {
		return fmt.Errorf("building %s: %w", folder, err)
	}
	defer os.RemoveAll(out)
	bootstrap := filepath.Join(out, "bootstrap")
	if _, err := goTool(ctx, folder, "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", bootstrap, "."); err != nil {
		return err
	}
	text, err := os.ReadFile(bootstrap)
	if err != nil {
		return fmt.Errorf("%s holds no program: package main is needed", folder)
	}
	b.files["bootstrap"] = text
	folders, err := goTool(ctx, folder, "list", "-deps", "-f", "{{if not .Standard}}{{.Dir}}{{end}}", ".")
	if err != nil {
		return err
	}
	for folder := range strings.Lines(folders) {
		inside, err := filepath.Rel(dir, strings.TrimSpace(folder))
		if err != nil || !filepath.IsLocal(inside) { // a module of others'
			continue
		}
		for name := range list {
			if path.Dir(name) == filepath.ToSlash(inside) {
				b.inputs = append(b.inputs, name)
			}
		}
	}
	return nil
}

// goTool runs the Go command, for this machine: functions run on it. What it
// complains about is the error.
func goTool(ctx context.Context, folder string, args ...string) (string, error) {
	program, err := exec.LookPath("go")
	if err != nil {
		return "", errors.New("go was not found in PATH: install Go (https://go.dev) to have functions in Go rebuilt")
	}
	c := exec.CommandContext(ctx, program, args...)
	c.Dir = folder
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	var out, complaint bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaint
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, strings.TrimSpace(complaint.String()))
	}
	return out.String(), nil
}
