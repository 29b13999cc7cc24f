package runtimes

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Bounds of the search for what a package imports.
const (
	maxScanned = 4000     // files
	maxSource  = 16 << 20 // bytes of one file
)

// nodeImport finds the modules of AWS's SDKs that JavaScript imports.
var nodeImport = regexp.MustCompile("(?:\\brequire\\s*\\(|\\bfrom|\\bimport\\s*\\(?)\\s*[\"'`](@(?:aws-sdk|smithy)/[a-z0-9._-]+|aws-sdk)(?:/[^\"'`]*)?[\"'`]")

// Provide makes sure that what AWS's runtime would have brought is there for
// the code in task and opt, and returns the directory that it is found in;
// empty where the code needs nothing, or brings it itself. progress is told
// what is being installed.
func (h *Host) Provide(ctx context.Context, r Runtime, i Interpreter, task, opt string, progress func(string)) (string, error) {
	switch r.Family {
	case Node:
		wanted, err := nodeWants(r, task, opt)
		if err != nil || len(wanted) == 0 {
			return "", err
		}
		return h.nodeModules(ctx, r, wanted, progress)
	case Python:
		wants, err := pythonWants(task, opt)
		if err != nil || !wants {
			return "", err
		}
		return h.boto3(ctx, r, i, progress)
	}
	return "", nil
}

// sources calls yield with the files of those extensions under root.
func sources(root string, skip string, extensions []string, yield func(path string, text []byte)) error {
	n := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case d.IsDir() && d.Name() == skip:
			return fs.SkipDir
		case !d.Type().IsRegular() || !slices.Contains(extensions, filepath.Ext(path)):
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() > maxSource {
			return err
		}
		if n++; n > maxScanned {
			return fs.SkipAll
		}
		text, err := os.ReadFile(path)
		if err == nil {
			yield(path, text)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("looking for imports: %w", err)
	}
	return nil
}

// nodeWants lists the SDK modules that the code imports and does not bring.
func nodeWants(r Runtime, task, opt string) ([]string, error) {
	wanted := map[string]bool{}
	err := sources(task, "node_modules", []string{".js", ".mjs", ".cjs"}, func(_ string, text []byte) {
		if !bytes.Contains(text, []byte("aws-sdk")) && !bytes.Contains(text, []byte("@smithy")) {
			return
		}
		for _, m := range nodeImport.FindAllSubmatch(text, -1) {
			wanted[string(m[1])] = true
		}
	})
	var list []string
	for name := range wanted {
		// Version 2 of the SDK came with runtimes up to nodejs16.x, version 3 since.
		old := slices.Contains([]string{"", "4", "6", "8", "10", "12", "14", "16"}, r.Version)
		if (name == "aws-sdk") == old && !brought(name, task, opt) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list, err
}

func brought(module, task, opt string) bool {
	for _, dir := range []string{task, filepath.Join(opt, "nodejs")} {
		if _, err := os.Stat(filepath.Join(dir, "node_modules", module)); err == nil {
			return true
		}
	}
	return false
}

// pythonWants tells whether the code uses boto3 and does not bring it.
func pythonWants(task, opt string) (bool, error) {
	for _, dir := range []string{task, filepath.Join(opt, "python")} {
		if _, err := os.Stat(filepath.Join(dir, "boto3")); err == nil {
			return false, nil
		}
	}
	wants := false
	for _, dir := range []string{task, filepath.Join(opt, "python")} {
		err := sources(dir, "__pycache__", []string{".py"}, func(_ string, text []byte) {
			wants = wants || bytes.Contains(text, []byte("boto3")) || bytes.Contains(text, []byte("botocore"))
		})
		if err != nil {
			return false, err
		}
	}
	return wants, nil
}

// nodeModules is a cached node_modules that holds the modules, filled where
// there is none.
func (h *Host) nodeModules(ctx context.Context, r Runtime, modules []string, progress func(string)) (string, error) {
	h.filling.Lock()
	defer h.filling.Unlock()
	root := filepath.Join(h.cache, "nodejs")
	for _, set := range cached(root) {
		if holds(filepath.Join(root, set, "node_modules"), modules) {
			return filepath.Join(root, set, "node_modules"), nil
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(modules, " ")))
	target := filepath.Join(root, hex.EncodeToString(sum[:8]))
	what := strings.Join(modules, ", ")
	progress("installing " + what + " with npm, once")
	err := fill(target, func(dir string) error {
		manifest, err := json.Marshal(map[string]any{"private": true, "name": "signalbox-runtime", "version": "1.0.0"})
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "package.json"), manifest, 0o644); err != nil {
			return err
		}
		args := append([]string{"install", "--no-audit", "--no-fund", "--no-progress", "--omit=dev", "--prefix", dir}, modules...)
		return run(ctx, dir, "npm", args...)
	})
	if err != nil {
		return "", &Error{r.Name, what, "AWS's runtime brings it, the package does not, and it could not be installed: " + err.Error(),
			"Put it into the package, or run signalbox runtimes install " + r.Name + " while there is a network."}
	}
	progress("installed " + what)
	return filepath.Join(target, "node_modules"), nil
}

// cached lists what a part of the cache holds.
func cached(root string) (names []string) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil // not made yet
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

func holds(nodeModules string, modules []string) bool {
	for _, m := range modules {
		if _, err := os.Stat(filepath.Join(nodeModules, m, "package.json")); err != nil {
			return false
		}
	}
	return true
}

// boto3 is a cached directory with boto3 and what it needs.
func (h *Host) boto3(ctx context.Context, r Runtime, i Interpreter, progress func(string)) (string, error) {
	h.filling.Lock()
	defer h.filling.Unlock()
	minor := i.Version
	if at := strings.LastIndexByte(minor, '.'); at > 0 {
		minor = minor[:at]
	}
	target := filepath.Join(h.cache, "python", minor)
	if _, err := os.Stat(filepath.Join(target, "boto3")); err == nil {
		return target, nil
	}
	progress("installing boto3 with pip, once")
	err := fill(target, func(dir string) error {
		return run(ctx, dir, i.Path, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-warn-conflicts", "--target", dir, "boto3")
	})
	if err != nil {
		return "", &Error{r.Name, "boto3", "AWS's runtime brings it, the package does not, and it could not be installed: " + err.Error(),
			"Put it into the package, or run signalbox runtimes install " + r.Name + " while there is a network."}
	}
	progress("installed boto3")
	return target, nil
}

// fill makes a directory of the cache: beside its place, and then moved there.
func fill(target string, make func(dir string) error) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(target), ".new-")
	if err != nil {
		return err
	}
	if err = make(dir); err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err == nil {
		if err = os.Rename(dir, target); err == nil {
			return nil
		}
		if _, there := os.Stat(target); there == nil {
			err = nil // another process was first
		}
	}
	return errors.Join(err, os.RemoveAll(dir))
}

// run runs an installer with this process's environment: its proxies,
// registries and certificates count. The error holds the end of its output.
func run(ctx context.Context, dir, program string, args ...string) error {
	path, err := exec.LookPath(program)
	if err != nil {
		return fmt.Errorf("%s was not found in PATH", program)
	}
	c := exec.CommandContext(ctx, path, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		text := strings.TrimSpace(string(out))
		return fmt.Errorf("%s: %w: %s", program, err, text[max(0, len(text)-600):])
	}
	return nil
}
