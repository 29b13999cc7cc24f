package store

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
// log, a manifest or a directory: what it has in memory would no longer be
// what is on the disk. The engine shall live and tell why it takes no writes.
// So the first such fault is told to the engine, which answers no write from
// then on, and hidden from the database. From then on the disk stays as it is:
// logs, manifests and markers are not written, and no file is removed, renamed
// or used again, for the database believes in something that is not there.
// Only tables may still be added, and without a manifest they do not count.
type disk struct {
	vfs.FS
	fail   func(error) error
	failed atomic.Bool
}

// hide tells the engine of a fault, and nobody else.
func (d *disk) hide(err error) error {
	if err != nil {
		d.failed.Store(true)
		d.fail(err)
	}
	return nil
}

func (d *disk) Unwrap() vfs.FS { return d.FS }

// vital tells the files that the database cannot do without.
func vital(name string) bool {
	name = filepath.Base(name)
	return strings.HasSuffix(name, ".log") || strings.HasPrefix(name, "MANIFEST-") || strings.HasPrefix(name, "marker.")
}

func (d *disk) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if !vital(name) {
		return d.FS.Create(name, category)
	}
	return d.create(func() (vfs.File, error) {
		file, err := d.FS.Create(name, category)
		if err == nil && strings.HasPrefix(filepath.Base(name), "MANIFEST-") {
			err = SyncDir(d.FS, filepath.Dir(name))
		}
		return file, err
	})
}

func (d *disk) ReuseForWrite(old, name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return d.create(func() (vfs.File, error) { return d.FS.ReuseForWrite(old, name, category) })
}

// create makes a vital file; where that cannot be, one that leads nowhere.
func (d *disk) create(create func() (vfs.File, error)) (vfs.File, error) {
	if !d.failed.Load() {
		file, err := create()
		if err == nil {
			return &vitalFile{file, d}, nil
		}
		d.hide(err)
		if file != nil {
			file.Close()
		}
	}
	return &vitalFile{vfs.NewMemFile(nil), d}, nil
}

func (d *disk) OpenDir(name string) (vfs.File, error) {
	file, err := d.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &vitalFile{file, d}, nil
}

func (d *disk) Remove(name string) error {
	return d.unless(func() error { return d.FS.Remove(name) })
}

func (d *disk) RemoveAll(name string) error {
	return d.unless(func() error { return d.FS.RemoveAll(name) })
}

func (d *disk) Rename(old, name string) error {
	return d.unless(func() error { return d.FS.Rename(old, name) })
}

// unless does what is to be done unless there was a fault.
func (d *disk) unless(f func() error) error {
	if d.failed.Load() {
		return nil
	}
	return f()
}

// vitalFile is a vital file, or a directory.
type vitalFile struct {
	vfs.File
	disk *disk
}

func (f *vitalFile) Write(p []byte) (int, error) {
	return len(p), f.disk.unless(func() error {
		_, err := f.File.Write(p)
		return f.disk.hide(err)
	})
}

func (f *vitalFile) Sync() error {
	return f.disk.unless(func() error { return f.disk.hide(f.File.Sync()) })
}

func (f *vitalFile) SyncData() error {
	return f.disk.unless(func() error { return f.disk.hide(f.File.SyncData()) })
}

func (f *vitalFile) SyncTo(length int64) (fullSync bool, err error) {
	fullSync = true
	err = f.disk.unless(func() error {
		var err error
		fullSync, err = f.File.SyncTo(length)
		return f.disk.hide(err)
	})
	return fullSync, err
}

func (f *vitalFile) Close() error { return f.disk.hide(f.File.Close()) }

// SyncDir makes the names in a directory durable.
func SyncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
