package watch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// passed are folders in which nobody edits a function's source.
var passed = []string{"node_modules", "__pycache__", "venv", "cdk.out"}

// file is what tells one state of a file from another.
type file struct {
	size int64
	mode fs.FileMode
	time time.Time
}

// files lists the files below a folder by their paths relative to it, with
// slashes. Folders that hold no source, and hidden ones, are passed over.
func files(root string) (map[string]file, error) {
	list := map[string]file{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case path == root:
			return err
		case errors.Is(err, fs.ErrNotExist): // it went away meanwhile
			return nil
		case err != nil:
			return err
		case d.IsDir():
			if strings.HasPrefix(d.Name(), ".") || slices.Contains(passed, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		info, err := os.Stat(path) // of what a link leads to
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		list[filepath.ToSlash(name)] = file{info.Size(), info.Mode(), info.ModTime()}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("looking through %s: %w", root, err)
	}
	return list, nil
}

// Stamp is a short text that differs for each state of a folder's files: their
// names, sizes, modes and times. What packages bring (node_modules) and hidden
// folders do not count.
func Stamp(folder string) (string, error) {
	list, err := files(folder)
	if err != nil {
		return "", err
	}
	names := make([]string, 0, len(list))
	for name := range list {
		names = append(names, name)
	}
	slices.Sort(names)
	sum := sha256.New()
	for _, name := range names {
		f := list[name]
		fmt.Fprintf(sum, "%q %d %o %d\n", name, f.size, f.mode, f.time.UnixNano())
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}
