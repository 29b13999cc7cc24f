// Command wiregen generates the wire types of the services: for each folder
// that holds an operations.txt it reads the API model that the list names and
// writes zz_wire.go with the Go types, their protocol and constraint tags, the
// interface that the service implements, and the operation table.
//
// Input flows one way: operations.txt (what we implement) and the model (what
// AWS says it looks like) → zz_wire.go. Only what the list names is emitted;
// the other operations of the model are known by name alone, so that a call to
// one of them answers a clear "not implemented".
//
// The models are not part of the repository. Without them wiregen cannot
// generate, and -check (are the committed outputs fresh?) passes with a note.
//
// Usage:
//
//	go run ./wire/wiregen [-models dir] [-check] [folder ...]
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	models := flag.String("models", "", "folder of the API models (default: the nearest shared/models above the module)")
	check := flag.Bool("check", false, "write nothing; fail when an output is stale")
	flag.Parse()
	if err := run(*models, *check, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "wiregen:", err)
		os.Exit(1)
	}
}

// run generates (or checks) the outputs of the given service folders, or of
// every service folder (and those of wire's own tests) when none is given.
func run(models string, check bool, folders []string) error {
	root, err := above(".", "go.mod")
	if err != nil {
		return err
	}
	if models == "" {
		models, err = above(root, filepath.Join("shared", "models"))
		if errors.Is(err, fs.ErrNotExist) && check {
			fmt.Println("wiregen: no API models here, nothing checked")
			return nil
		}
		if err != nil {
			return err
		}
		models = filepath.Join(models, "shared", "models")
	}
	if len(folders) == 0 {
		for _, parent := range []string{"services", "services/*", "wire/internal/testapi"} {
			lists, err := filepath.Glob(filepath.Join(root, parent, "*", "operations.txt"))
			if err != nil {
				return err
			}
			for _, l := range lists {
				folders = append(folders, filepath.Dir(l))
			}
		}
	}
	for _, folder := range folders {
		if err := generate(models, folder, check); err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
	}
	return nil
}

// generate writes one folder's zz_wire.go, or compares it when check is set.
func generate(models, folder string, check bool) error {
	text, err := os.ReadFile(filepath.Join(folder, "operations.txt"))
	if err != nil {
		return err
	}
	l, err := parseList(text)
	if err != nil {
		return fmt.Errorf("operations.txt: %w", err)
	}
	raw, err := os.ReadFile(filepath.Join(models, l.model+".json"))
	if err != nil {
		return err
	}
	m, err := parseModel(raw)
	if err != nil {
		return fmt.Errorf("model %s: %w", l.model, err)
	}
	code, err := emit(l, m)
	if err != nil {
		return err
	}
	out := filepath.Join(folder, "zz_wire.go")
	old, err := os.ReadFile(out)
	if err == nil && bytes.Equal(old, code) {
		return nil
	}
	if check {
		return errors.New("zz_wire.go is stale: run go run ./wire/wiregen")
	}
	return os.WriteFile(out, code, 0o644)
}

// above returns the nearest folder at or above dir that contains name.
func above(dir, name string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("looking for %s: %w", name, fs.ErrNotExist)
		}
		dir = up
	}
}
