package lambda

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/signalbox/signalbox/services/lambda/bundle"
	"github.com/signalbox/signalbox/services/lambda/catalog"
)

// maxAhead bounds the versions that are unpacked at a time before anything is
// invoked.
const maxAhead = 2

// ahead unpacks a version that was deployed, so that its first invocation need
// not. What goes wrong, the first invocation meets again, and tells.
func (w *workshop) ahead(v *catalog.Version) {
	if v.Code.Folder != "" { // it lies where it runs
		return
	}
	key := v.Named().Key(v.Version)
	edition, err := v.Edition()
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.benches[key] != nil || w.early >= maxAhead {
		return
	}
	w.early++
	b := w.open(key, edition, v)
	w.ends.Go(func() {
		<-b.unpacked
		w.mu.Lock()
		defer w.mu.Unlock()
		w.early--
		if b.failed != nil && w.benches[key] == b && !b.begun {
			w.retire(key, b)
		}
	})
}

// open begins a version's bench: its code is being unpacked. Called with mu held.
func (w *workshop) open(key, edition string, v *catalog.Version) *bench {
	b := &bench{edition: edition, modified: v.Modified, unpacked: make(chan struct{}), ready: make(chan struct{})}
	w.benches[key] = b
	w.ends.Go(func() {
		defer close(b.unpacked)
		b.failed = w.unpack(w.s.life, b, v)
	})
	return b
}

// places are where a version's code and layers lie.
func places(dir string, v *catalog.Version) (task, opt string) {
	task, opt = filepath.Join(dir, "task"), filepath.Join(dir, "opt")
	if v.Code.Folder != "" {
		task = v.Code.Folder
	}
	return task, opt
}

// unpack puts a version's code and layers into the bench's directory.
func (w *workshop) unpack(ctx context.Context, b *bench, v *catalog.Version) error {
	dir, err := os.MkdirTemp(w.code, v.Function+"-")
	if err != nil {
		return fmt.Errorf("unpacking %s: %w", v.Function, err)
	}
	b.dir = dir
	task, opt := places(dir, v)
	put := func(c catalog.Code, dir string) error {
		if c.Folder != "" {
			return bundle.Copy(c.Folder, dir)
		}
		blob, err := w.s.Engine.Blobs().Open(ctx, c.Digest)
		if err != nil {
			return err
		}
		defer blob.Close()
		return bundle.Unpack(blob, blob.Size(), dir, bundle.MaxUnzipped)
	}
	if task != v.Code.Folder {
		if err := put(v.Code, task); err != nil {
			return fmt.Errorf("unpacking %s: %w", v.Function, err)
		}
	}
	for _, l := range v.Layers {
		if err := put(l.Code, opt); err != nil {
			return fmt.Errorf("unpacking %s: layer %s: %w", v.Function, l.ARN, err)
		}
	}
	if err := os.MkdirAll(opt, 0o755); err != nil {
		return fmt.Errorf("unpacking %s: %w", v.Function, err)
	}
	return nil
}
