// Package blobs keeps blobs in files blobs/aa/aabb… beside the database. A blob
// is written to a file of another name, synced, and renamed; then the directories
// are synced. So what bears a blob's name is whole.
package blobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local/internal/store"
)

// Blobs implements engine.Blobs in the directory of a store.
type Blobs struct {
	store *store.Store
	last  atomic.Uint64 // of the names of files being written
	dirs  sync.Mutex    // held while a directory is made
}

const categoryBlob vfs.DiskWriteCategory = "signalbox-blob"

func (s *Blobs) root() string { return filepath.Join(s.store.Dir, "blobs") }
func (s *Blobs) temp() string { return filepath.Join(s.root(), "tmp") }

func (s *Blobs) path(d engine.Digest) (dir, file string) {
	dir = filepath.Join(s.root(), string(d[:2]))
	return dir, filepath.Join(dir, string(d))
}

// Open is the blobs beside a store. It removes what a crash has left half written.
func Open(in *store.Store) (*Blobs, error) {
	s := &Blobs{store: in}
	if err := s.store.MakeDir(s.temp()); err != nil {
		return nil, fmt.Errorf("making the directory of blobs: %w", err)
	}
	left, err := s.store.FS.List(s.temp())
	for _, name := range left {
		err = errors.Join(err, s.store.FS.Remove(filepath.Join(s.temp(), name)))
	}
	if err != nil {
		return nil, fmt.Errorf("clearing the directory of blobs: %w", err)
	}
	return s, nil
}

func (s *Blobs) Put(ctx context.Context, r io.Reader) (engine.Digest, int64, error) {
	if err := ctx.Err(); err != nil {
		return "", 0, err
	}
	if err := s.store.Alive(); err != nil {
		return "", 0, err
	}
	temp := filepath.Join(s.temp(), strconv.FormatUint(s.last.Add(1), 10))
	d, n, err := s.write(ctx, temp, r)
	if err == nil {
		err = s.keep(temp, d)
	}
	if err != nil {
		s.store.FS.Remove(temp)
		return "", 0, err
	}
	return d, n, nil
}

func (s *Blobs) write(ctx context.Context, name string, r io.Reader) (engine.Digest, int64, error) {
	f, err := s.store.FS.Create(name, categoryBlob)
	if err != nil {
		return "", 0, fmt.Errorf("writing a blob: %w", err)
	}
	h := sha256.New()
	// A vfs.File may change what it is given to write: the hash comes first.
	n, err := io.Copy(io.MultiWriter(h, f), whileAlive{ctx, s.store, r})
	if err == nil {
		if err = f.Sync(); err != nil {
			err = fmt.Errorf("syncing a blob: %w", err)
		}
	}
	return engine.Digest(hex.EncodeToString(h.Sum(nil))), n, errors.Join(err, f.Close())
}

// whileAlive stops reading when the context ends or the engine is closed.
type whileAlive struct {
	ctx   context.Context
	store *store.Store
	io.Reader
}

func (r whileAlive) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if err := r.store.Alive(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// keep gives a file its name for good.
func (s *Blobs) keep(temp string, d engine.Digest) error {
	if err := s.store.Enter(); err != nil {
		return err
	}
	defer s.store.Leave()
	dir, file := s.path(d)
	s.dirs.Lock()
	err := s.store.MakeDir(dir)
	s.dirs.Unlock()
	if err == nil {
		err = s.store.FS.Rename(temp, file)
	}
	if err == nil {
		err = store.SyncDir(s.store.FS, dir)
	}
	if err != nil {
		return fmt.Errorf("keeping the blob %s: %w", d, err)
	}
	return nil
}

// known tells a digest from what may be anything.
func known(d engine.Digest) bool {
	return len(d) == 2*sha256.Size && strings.Trim(string(d), "0123456789abcdef") == ""
}

func (s *Blobs) Open(ctx context.Context, d engine.Digest) (engine.Blob, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.store.Enter(); err != nil {
		return nil, err
	}
	defer s.store.Leave()
	if !known(d) {
		return nil, fmt.Errorf("the blob %.70q: %w", d, engine.ErrNotFound)
	}
	_, file := s.path(d)
	f, err := s.store.FS.Open(file)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = engine.ErrNotFound
		}
		return nil, fmt.Errorf("the blob %s: %w", d, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the blob %s: %w", d, err), f.Close())
	}
	return &blob{io.NewSectionReader(f, 0, info.Size()), f}, nil
}

func (s *Blobs) Delete(ctx context.Context, d engine.Digest) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.store.Enter(); err != nil {
		return err
	}
	defer s.store.Leave()
	if !known(d) {
		return nil
	}
	dir, file := s.path(d)
	err := s.store.FS.Remove(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = store.SyncDir(s.store.FS, dir)
	}
	if err != nil {
		return fmt.Errorf("deleting the blob %s: %w", d, err)
	}
	return nil
}

type blob struct {
	*io.SectionReader
	file vfs.File
}

func (b *blob) Close() error { return b.file.Close() }
