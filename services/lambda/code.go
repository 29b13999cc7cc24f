package lambda

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/bundle"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/wire"
)

// MaxRequest is the most that a request to the service may have, in bytes: a
// package of 50 MB in base64, with room for the rest.
const MaxRequest = 70167211

// source is where a request says that a package is.
type source struct {
	zip                  []byte
	bucket, key, version *string
}

// store checks a package and keeps it. The caller holds storing until a record
// names it.
func (s *Service) store(ctx context.Context, from source, operation string) (catalog.Code, error) {
	switch {
	case from.zip != nil && (from.bucket != nil || from.key != nil):
		return catalog.Code{}, api.Invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.")
	case from.zip != nil:
		if len(from.zip) > bundle.MaxZipped {
			return catalog.Code{}, api.TooLarge("Request must be smaller than %d bytes for the %s operation", MaxRequest, operation)
		}
		return s.keep(ctx, bytes.NewReader(from.zip), int64(len(from.zip)))
	case from.bucket == nil || from.key == nil:
		return catalog.Code{}, api.Invalid("Please provide a source for function code.")
	case s.Development && *from.bucket == hotReload:
		return folder(*from.key)
	}
	return s.fetch(ctx, from)
}

// keep checks a package and keeps it.
func (s *Service) keep(ctx context.Context, r io.ReaderAt, size int64) (catalog.Code, error) {
	total, err := bundle.Check(r, size, bundle.MaxUnzipped)
	switch {
	case errors.Is(err, bundle.ErrEmpty):
		return catalog.Code{}, api.Invalid("Uploaded file must be a non-empty zip")
	case errors.Is(err, bundle.ErrLarge):
		return catalog.Code{}, api.Invalid("Unzipped size must be smaller than %d bytes", bundle.MaxUnzipped)
	case errors.Is(err, bundle.ErrFormat):
		return catalog.Code{}, api.Invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
	case err != nil:
		return catalog.Code{}, err
	}
	digest, size, err := s.Engine.Blobs().Put(ctx, io.NewSectionReader(r, 0, size))
	if err != nil {
		return catalog.Code{}, err
	}
	sum, err := hex.DecodeString(string(digest))
	if err != nil {
		return catalog.Code{}, fmt.Errorf("reading a package's hash: %w", err)
	}
	return catalog.Code{Digest: digest, Size: size, SHA256: base64.StdEncoding.EncodeToString(sum), Total: total}, nil
}

func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// checkTotal bounds what a version unpacks to with its layers.
func checkTotal(v *catalog.Version) error {
	total := v.Code.Total
	for _, l := range v.Layers {
		total += l.Code.Total
	}
	if total > bundle.MaxUnzipped {
		return api.Invalid("Function code combined with layers exceeds the maximum allowed size of %d bytes. The actual size is %d bytes.", bundle.MaxUnzipped, total)
	}
	return nil
}

// forgetCode deletes blobs that nothing names any more. What cannot be deleted
// stays: a waste and no harm. Called with mu held, storing not.
func (s *Service) forgetCode(ctx context.Context, digests ...engine.Digest) {
	s.storing.Lock()
	defer s.storing.Unlock()
	used := map[engine.Digest]bool{}
	for _, f := range s.Catalog.Functions.List("") {
		for _, d := range f.Latest.Digests() {
			used[d] = true
		}
	}
	for _, v := range s.Versions.List("") {
		for _, d := range v.Digests() {
			used[d] = true
		}
	}
	for _, l := range s.layers.List("") {
		used[l.Code.Digest] = true
	}
	for _, d := range digests {
		if d == "" || used[d] {
			continue
		}
		if err := s.Engine.Blobs().Delete(ctx, d); err != nil {
			s.Logger.Warn("deleting code that nothing uses", "digest", d, "error", err)
		}
	}
}

// CodePath is where packages are handed out, by [Service.ServeCode].
const CodePath = "/_aws/lambda/code/"

// codeTime is for how long a link to a package is good, as on AWS.
const codeTime = 10 * time.Minute

// codeURL is a link to a package that is good for ten minutes.
func (s *Service) codeURL(ctx context.Context, c catalog.Code) string {
	if c.Folder != "" {
		return "file://" + c.Folder
	}
	r := wire.FromContext(ctx)
	text := binary.BigEndian.AppendUint64(nil, uint64(s.Clock.Now().Add(codeTime).Unix()))
	token := base64.RawURLEncoding.EncodeToString(s.Box.Seal(append(text, c.Digest...), []byte(CodePath)))
	scheme, host := r.Scheme, r.Host
	if host == "" {
		return s.Endpoint() + CodePath + token
	}
	return scheme + "://" + host + CodePath + token
}

// ServeCode answers the links that GetFunction and GetLayerVersion hand out.
func (s *Service) ServeCode(w http.ResponseWriter, r *http.Request) {
	sealed, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(r.URL.Path, CodePath))
	if err != nil {
		http.Error(w, "AccessDenied", http.StatusForbidden)
		return
	}
	text, err := s.Box.Open(sealed, []byte(CodePath))
	if err != nil || len(text) < 8 || s.Clock.Now().Unix() > int64(binary.BigEndian.Uint64(text)) {
		http.Error(w, "AccessDenied: Request has expired", http.StatusForbidden)
		return
	}
	blob, err := s.Engine.Blobs().Open(r.Context(), engine.Digest(text[8:]))
	if err != nil {
		http.Error(w, "NoSuchKey", http.StatusNotFound)
		return
	}
	defer blob.Close()
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="code.zip"`)
	// A client that has gone needs no answer.
	_, _ = io.Copy(w, blob)
}
