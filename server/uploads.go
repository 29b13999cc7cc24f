package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/console"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/lambda"
	"github.com/signalbox/signalbox/wire"
)

// uploads keeps the packages that signalbox deploy sends, and opens them as
// objects of the bucket [console.CodeBucket]. A package's key is the hash of its
// content: one that is sent twice is kept once, and a reference to it means the
// same whenever it is used, so that a stack that is rolled back finds the code
// that it had. A package that was not sent for a month is forgotten.
//
// Functions keep their code in the same blobs, and delete what they use no more.
// They have the engine from [uploads.sparing], which spares the packages until
// these are forgotten.
type uploads struct {
	engine engine.Engine
	clock  clock.Clock
	mu     sync.Mutex // held while a package is entered, and while a blob is deleted
	kept   *engine.Documents[upload]
}

// upload is a package.
type upload struct {
	Uploaded time.Time
	Released bool // who had used it has deleted it
}

// uploadLife is for how long a package is kept that is not sent again.
const uploadLife = 30 * 24 * time.Hour

func openUploads(ctx context.Context, eng engine.Engine, clk clock.Clock) (*uploads, error) {
	kept, err := engine.OpenDocuments[upload](ctx, eng.Records(), "uploads")
	return &uploads{engine: eng, clock: clk, kept: kept}, err
}

// Keep implements [console.Packages].
func (u *uploads) Keep(ctx context.Context, d engine.Digest, content io.Reader) error {
	before, err := u.enter(ctx, d)
	if err != nil {
		return err
	}
	// From here on nobody deletes the blob.
	_, _, err = u.engine.Blobs().Put(ctx, &promised{content: content, want: d, sum: sha256.New()})
	if err != nil && before == nil {
		err = errors.Join(err, u.kept.Delete(context.WithoutCancel(ctx), string(d)))
	}
	return err
}

func (u *uploads) enter(ctx context.Context, d engine.Digest) (before *upload, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.clock.Now()
	if err := u.forget(ctx, now.Add(-uploadLife)); err != nil {
		return nil, err
	}
	before, released := u.kept.Get(string(d)), false
	if before != nil {
		released = before.Released
	}
	return before, u.kept.Put(ctx, string(d), &upload{Uploaded: now, Released: released})
}

// forget forgets packages that were sent last before a time. What functions use
// of them is theirs from then on. Called with mu held.
func (u *uploads) forget(ctx context.Context, before time.Time) error {
	for _, key := range u.kept.Keys("") {
		old := u.kept.Get(key)
		if !old.Uploaded.Before(before) {
			continue
		}
		if err := u.kept.Delete(ctx, key); err != nil {
			return err
		}
		if old.Released {
			if err := u.engine.Blobs().Delete(ctx, engine.Digest(key)); err != nil {
				return fmt.Errorf("forgetting a package: %w", err)
			}
		}
	}
	return nil
}

// promised reads content, and fails at its end if its hash is not what was said.
type promised struct {
	content io.Reader
	want    engine.Digest
	sum     hash.Hash
}

// Read implements [io.Reader].
func (p *promised) Read(b []byte) (int, error) {
	n, err := p.content.Read(b)
	p.sum.Write(b[:n])
	if err == io.EOF && hex.EncodeToString(p.sum.Sum(nil)) != string(p.want) {
		err = console.ErrOtherContent
	}
	return n, err
}

// Open implements [lambda.Objects].
func (u *uploads) Open(ctx context.Context, _ wire.Scope, bucket, key, version string) (io.ReadCloser, int64, error) {
	digest, isPackage := strings.CutSuffix(key, ".zip")
	switch {
	case bucket != console.CodeBucket:
		return nil, 0, lambda.ErrNoBucket
	case !isPackage || u.kept.Get(digest) == nil:
		return nil, 0, lambda.ErrNoKey
	case version != "":
		return nil, 0, lambda.ErrNoVersion
	}
	blob, err := u.engine.Blobs().Open(ctx, engine.Digest(digest))
	switch {
	case errors.Is(err, engine.ErrNotFound):
		return nil, 0, lambda.ErrNoKey
	case err != nil:
		return nil, 0, fmt.Errorf("opening a package: %w", err)
	}
	return blob, blob.Size(), nil
}

// sparing is the engine for those who delete blobs: packages stay.
func (u *uploads) sparing() engine.Engine { return sparingEngine{u.engine, u} }

type sparingEngine struct {
	engine.Engine
	uploads *uploads
}

// Blobs implements [engine.Engine].
func (e sparingEngine) Blobs() engine.Blobs { return sparingBlobs{e.Engine.Blobs(), e.uploads} }

type sparingBlobs struct {
	engine.Blobs
	uploads *uploads
}

// Put implements [engine.Blobs].
func (b sparingBlobs) Put(ctx context.Context, r io.Reader) (engine.Digest, int64, error) {
	d, n, err := b.Blobs.Put(ctx, r)
	if err == nil {
		b.uploads.mu.Lock()
		defer b.uploads.mu.Unlock()
		_, err = b.uploads.release(ctx, d, false)
	}
	return d, n, err
}

// Delete implements [engine.Blobs].
func (b sparingBlobs) Delete(ctx context.Context, d engine.Digest) error {
	b.uploads.mu.Lock()
	defer b.uploads.mu.Unlock()
	if spared, err := b.uploads.release(ctx, d, true); spared || err != nil {
		return err
	}
	return b.Blobs.Delete(ctx, d)
}

// release notes whether a package is used by others; false where the blob is
// none. Called with mu held.
func (u *uploads) release(ctx context.Context, d engine.Digest, released bool) (known bool, err error) {
	old := u.kept.Get(string(d))
	if old == nil || old.Released == released {
		return old != nil, nil
	}
	return true, u.kept.Put(ctx, string(d), &upload{Uploaded: old.Uploaded, Released: released})
}
