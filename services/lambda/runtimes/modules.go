package runtimes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// LinkModules makes dir a node_modules with links to the modules of the given
// ones, of which the first that has a module counts. It lies above the code, so
// that imports of ECMAScript modules, which do not look at NODE_PATH, find
// layers and SDK as well. Directories that are empty or not there are skipped.
func LinkModules(dir string, from ...string) error {
	for _, source := range from {
		if source == "" {
			continue
		}
		entries, err := os.ReadDir(source)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("linking modules: %w", err)
		}
		for _, e := range entries {
			target, link := filepath.Join(source, e.Name()), filepath.Join(dir, e.Name())
			if strings.HasPrefix(e.Name(), ".") {
				continue
			}
			if strings.HasPrefix(e.Name(), "@") {
				err = LinkModules(link, target)
			} else if err = os.MkdirAll(dir, 0o755); err == nil {
				err = os.Symlink(target, link)
			}
			if err != nil && !errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("linking modules: %w", err)
			}
		}
	}
	return nil
}
