package enginetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing/iotest"

	"github.com/signalbox/signalbox/engine"
)

var blobTests = []test{
	{"a blob is kept under its hash, and read from anywhere", func(h *harness) {
		content := noise(300_000)
		sum := sha256.Sum256(content)
		d, n, err := h.Engine.Blobs().Put(h.ctx(), bytes.NewReader(content))
		h.must(err)
		h.equal(d, hex.EncodeToString(sum[:]))
		h.equal(n, len(content))
		for range 2 {
			b, err := h.Engine.Blobs().Open(h.ctx(), d)
			h.must(err)
			h.equal(b.Size(), len(content))
			all, err := io.ReadAll(b)
			h.must(err)
			part := make([]byte, 1000)
			_, err = b.ReadAt(part, 200_000)
			h.must(err)
			_, err = b.Seek(-1000, io.SeekEnd)
			h.must(err)
			end, err := io.ReadAll(b)
			h.must(err)
			if !bytes.Equal(all, content) || !bytes.Equal(part, content[200_000:201_000]) || !bytes.Equal(end, content[299_000:]) {
				h.Fatal("the blob is not what was put")
			}
			h.must(b.Close())
			if h.Reopen != nil {
				h.reopen()
			}
		}
	}},
	{"an empty blob is a blob", func(h *harness) {
		d, n, err := h.Engine.Blobs().Put(h.ctx(), strings.NewReader(""))
		h.must(err)
		h.equal(n, 0)
		b, err := h.Engine.Blobs().Open(h.ctx(), d)
		h.must(err)
		h.equal(b.Size(), 0)
		h.must(b.Close())
	}},
	{"the same content put twice is one blob, and deleted once", func(h *harness) {
		d, _, err := h.Engine.Blobs().Put(h.ctx(), strings.NewReader("x"))
		h.must(err)
		again, _, err := h.Engine.Blobs().Put(h.ctx(), strings.NewReader("x"))
		h.must(err)
		h.equal(d, again)
		h.must(h.Engine.Blobs().Delete(h.ctx(), d))
		h.must(h.Engine.Blobs().Delete(h.ctx(), d))
		_, err = h.Engine.Blobs().Open(h.ctx(), d)
		h.is(err, engine.ErrNotFound)
	}},
	{"what is no digest names nothing", func(h *harness) {
		for _, d := range []engine.Digest{"", "x", "../../../etc/passwd", engine.Digest(strings.Repeat("A", 64)), engine.Digest(strings.Repeat("/", 64))} {
			_, err := h.Engine.Blobs().Open(h.ctx(), d)
			h.is(err, engine.ErrNotFound)
			h.must(h.Engine.Blobs().Delete(h.ctx(), d))
		}
	}},
	{"a source that fails leaves no blob", func(h *harness) {
		broken := errors.New("broken")
		_, _, err := h.Engine.Blobs().Put(h.ctx(), io.MultiReader(strings.NewReader("x"), iotest.ErrReader(broken)))
		h.is(err, broken)
		sum := sha256.Sum256([]byte("x"))
		_, err = h.Engine.Blobs().Open(h.ctx(), engine.Digest(hex.EncodeToString(sum[:])))
		h.is(err, engine.ErrNotFound)
	}},
}

func noise(n int) []byte {
	rng := rand.New(rand.NewPCG(5, 6))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}
