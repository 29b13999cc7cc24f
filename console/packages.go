package console

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/signalbox/signalbox/engine"
)

// CodeBucket is the bucket that packages are found in by who refers to them as
// to objects of S3. A package's key is the last part of its address here.
const CodeBucket = "signalbox-code"

// maxPackage bounds packages, in bytes: Lambda takes 250 MB, unzipped.
const maxPackage = 256 << 20

// Packages keep functions' code until it is referred to.
type Packages interface {
	// Keep keeps content, durably, under the name that it must have:
	// [ErrOtherContent] where it has another.
	Keep(ctx context.Context, d engine.Digest, content io.Reader) error
}

// ErrOtherContent is the error of content whose hash is not the one that was said.
var ErrOtherContent = errors.New("the content is not the one that its name says")

var packageName = regexp.MustCompile(`^[0-9a-f]{64}\.zip$`)

// keepPackage takes a package. What is signed of the request is its address,
// and with it the content: it is not read before the caller is known.
func (s *Console) keepPackage(w http.ResponseWriter, r *http.Request) {
	answer, err := s.takePackage(w, r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *Console) takePackage(w http.ResponseWriter, r *http.Request) (any, error) {
	name := r.PathValue("name")
	ctx, err := s.who(r, nil)
	switch {
	case err != nil:
		return nil, err
	case !packageName.MatchString(name):
		return nil, badRequest("a package's name is its SHA-256 in lower-case hexadecimal and .zip")
	}
	err = s.Packages.Keep(ctx, engine.Digest(strings.TrimSuffix(name, ".zip")), http.MaxBytesReader(w, r.Body, maxPackage))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, tooLarge(maxPackage)
	}
	if errors.Is(err, ErrOtherContent) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, badRequest("%s", err)
	}
	return struct {
		Bucket string `json:"bucket"`
		Key    string `json:"key"`
	}{CodeBucket, name}, err
}
