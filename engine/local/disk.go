package local

import (
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// disk is the file system as the database sees it. It makes up for two things.
//
// A new manifest's name is made durable before anything points to it. The
// database creates the manifest and the marker that names it, and then syncs
// their directory once: a file system that keeps, of two names not yet synced,
// only the later one would leave a database that cannot be opened.
//
// The database ends the process where it cannot go on with its write-ahead
// log. So the first fault of the log, or of its directory, is told to the
// engine, which answers no write from then on; from the database it is hidden.
// After a fault no file is removed or renamed any more, as the database may
// believe in something that is not on the disk.
type disk struct {
	vfs.FS
	logs   string // where the log's files are
	fail   func(error) error
	failed *atomic.Bool
}

func newDisk(fs vfs.FS, logs string, fail func(error) error) disk {
	return disk{fs, logs, fail, new(atomic.Bool)}
}

// hide tells the engine of a fault, and nobody else.
func (d disk) hide(err error) error {
	if err != nil {
		d.fail(err)
		d.failed.Store(true)
	}
	return nil
}

func (d disk) Unwrap() vfs.FS { return d.FS }

func (d disk) isLog(name string) bool { return filepath.Dir(name) == d.logs }

func (d disk) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if d.isLog(name) {
		return d.log(d.FS.Create(name, category))
	}
	file, err := d.FS.Create(name, category)
	if err != nil || !strings.HasPrefix(filepath.Base(name), "MANIFEST-") {
		return file, err
	}
	if err := syncDir(d.FS, filepath.Dir(name)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func (d disk) ReuseForWrite(old, name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if d.isLog(name) {
		return d.log(d.FS.ReuseForWrite(old, name, category))
	}
	return d.FS.ReuseForWrite(old, name, category)
}

// log is a log that never fails, as far as the database knows.
func (d disk) log(file vfs.File, err error) (vfs.File, error) {
	if err != nil {
		d.hide(err)
		file = vfs.NewMemFile(nil)
	}
	return logFile{file, d}, nil
}

func (d disk) OpenDir(name string) (vfs.File, error) {
	file, err := d.FS.OpenDir(name)
	if err != nil || name != d.logs {
		return file, err
	}
	return logDir{file, d}, nil
}

func (d disk) Remove(name string) error {
	if d.failed.Load() {
		return nil
	}
	return d.FS.Remove(name)
}

func (d disk) RemoveAll(name string) error {
	if d.failed.Load() {
		return nil
	}
	return d.FS.RemoveAll(name)
}

func (d disk) Rename(old, name string) error {
	if d.failed.Load() {
		return nil
	}
	return d.FS.Rename(old, name)
}

type logDir struct {
	vfs.File
	disk disk
}

func (f logDir) Sync() error {
	if f.disk.failed.Load() {
		return nil
	}
	return f.disk.hide(f.File.Sync())
}

// logFile is a file of the write-ahead log. Once there was a fault nothing
// more is written.
type logFile struct {
	vfs.File
	disk disk
}

func (f logFile) Write(p []byte) (int, error) {
	if f.disk.failed.Load() {
		return len(p), nil
	}
	_, err := f.File.Write(p)
	return len(p), f.disk.hide(err)
}

func (f logFile) Sync() error     { return f.sync(f.File.Sync) }
func (f logFile) SyncData() error { return f.sync(f.File.SyncData) }

func (f logFile) SyncTo(length int64) (fullSync bool, err error) {
	if f.disk.failed.Load() {
		return true, nil
	}
	fullSync, err = f.File.SyncTo(length)
	return fullSync, f.disk.hide(err)
}

func (f logFile) sync(sync func() error) error {
	if f.disk.failed.Load() {
		return nil
	}
	return f.disk.hide(sync())
}

func (f logFile) Close() error { return f.disk.hide(f.File.Close()) }

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
