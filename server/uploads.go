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
// same for ever, so that a stack that is rolled back finds the code that it had.
//
// Functions keep their code in the same blobs, and delete what they use no more.
// They have the engine from [uploads.sparing], which spares the packages.
type uploads struct {
	engine engine.Engine
	clock  clock.Clock
	mu     sync.Mutex // held while a package is entered, and while a blob is deleted
	kept   *engine.Documents[upload]
}

// upload is a package.
type upload struct{ Uploaded time.Time }

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
	return u.kept.Get(string(d)), u.kept.Put(ctx, string(d), &upload{Uploaded: u.clock.Now()})
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

// Delete implements [engine.Blobs].
func (b sparingBlobs) Delete(ctx context.Context, d engine.Digest) error {
	b.uploads.mu.Lock()
	defer b.uploads.mu.Unlock()
	if b.uploads.kept.Get(string(d)) != nil {
		return nil
	}
	return b.Blobs.Delete(ctx, d)
}
