package lambda

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/bundle"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/wire"
)

// Objects opens objects of S3, or of what stands in for it.
type Objects interface {
	// Open opens an object and tells its size in bytes; version "" is the
	// newest one. What is not there is an error that wraps ErrNoBucket, ErrNoKey
	// or ErrNoVersion; a *wire.Error is told to the caller with its code.
	Open(ctx context.Context, sc wire.Scope, bucket, key, version string) (content io.ReadCloser, size int64, err error)
}

// What of an object is not there.
var (
	ErrNoBucket  = errors.New("the specified bucket does not exist")
	ErrNoKey     = errors.New("the specified key does not exist")
	ErrNoVersion = errors.New("the specified version does not exist")
)

// hotReload is the bucket whose keys are folders of this machine, in
// development: the convention of existing local tooling.
const hotReload = "hot-reload"

// fetch keeps the package that an object holds.
func (s *Service) fetch(ctx context.Context, from source) (catalog.Code, error) {
	if s.Objects == nil {
		return catalog.Code{}, api.Invalid("Code in S3 is not implemented by Signalbox yet (S3Bucket %s): give it as ZipFile.", *from.bucket)
	}
	content, _, err := s.Objects.Open(ctx, wire.ScopeOf(ctx), *from.bucket, *from.key, wire.Value(from.version))
	if err != nil {
		return catalog.Code{}, objectError(err)
	}
	defer content.Close()
	file, err := os.CreateTemp(s.workshop.tmp, "object-")
	if err != nil {
		return catalog.Code{}, fmt.Errorf("fetching code: %w", err)
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name()) // the next start removes what stays
	}()
	// A package is hardly larger than what it unpacks to.
	size, err := io.Copy(file, io.LimitReader(content, 2*bundle.MaxUnzipped))
	if err != nil {
		return catalog.Code{}, fmt.Errorf("fetching code: %w", err)
	}
	return s.keep(ctx, file, size)
}

// objectError is the error of an object that cannot be had, in Lambda's words.
func objectError(err error) error {
	said := func(code, message string) error {
		return api.Invalid("Error occurred while GetObject. S3 Error Code: %s. S3 Error Message: %s", code, message)
	}
	e, isWire := errors.AsType[*wire.Error](err)
	switch {
	case errors.Is(err, ErrNoBucket):
		return said("NoSuchBucket", "The specified bucket does not exist")
	case errors.Is(err, ErrNoKey):
		return said("NoSuchKey", "The specified key does not exist.")
	case errors.Is(err, ErrNoVersion):
		return said("NoSuchVersion", "The specified version does not exist.")
	case isWire:
		return said(e.Code, e.Message)
	}
	return fmt.Errorf("fetching code: %w", err)
}

// folder is code that runs where it lies: nothing is copied, and a change of its
// files counts from the next invocation on.
func folder(path string) (catalog.Code, error) {
	if !filepath.IsAbs(path) {
		return catalog.Code{}, api.Invalid("The key of an object in the bucket %s is the absolute path of a folder on this machine, which %s is not.", hotReload, path)
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return catalog.Code{}, api.Invalid("The key of an object in the bucket %s is the absolute path of a folder on this machine: there is no folder %s.", hotReload, path)
	}
	return catalog.Code{Folder: filepath.Clean(path), SHA256: digestOf([]byte(path))}, nil
}
