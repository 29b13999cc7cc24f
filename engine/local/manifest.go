package local

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// manifestFirst makes a new manifest's name durable before anything can point
// to it. The database creates the manifest and the marker that names it, and
// then syncs their directory once: a file system that keeps, of two names not
// yet synced, only the later one would leave a database that cannot be opened.
type manifestFirst struct{ vfs.FS }

func (f manifestFirst) Unwrap() vfs.FS { return f.FS }

func (f manifestFirst) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := f.FS.Create(name, category)
	if err != nil || !strings.HasPrefix(filepath.Base(name), "MANIFEST-") {
		return file, err
	}
	if err := syncDir(f.FS, filepath.Dir(name)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
