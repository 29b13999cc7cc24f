package lambda

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine/local"
	"github.com/signalbox/signalbox/seal"
	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/wire"
)

// objects are packages by bucket, key and version.
type objects map[string][]byte

func (o objects) Open(_ context.Context, sc wire.Scope, bucket, key, version string) (io.ReadCloser, int64, error) {
	text, ok := o[fmt.Sprint(sc.Account, " ", bucket, " ", key, " ", version)]
	switch {
	case ok:
		return io.NopCloser(bytes.NewReader(text)), int64(len(text)), nil
	case bucket == "none":
		return nil, 0, fmt.Errorf("opening: %w", ErrNoBucket)
	case bucket == "denied":
		return nil, 0, wire.Errorf("AccessDenied", "Access Denied")
	case bucket == "broken":
		return nil, 0, errors.New("the disk is on fire")
	case version != "":
		return nil, 0, ErrNoVersion
	}
	return nil, 0, ErrNoKey
}

// newService is a service without a server; it runs nothing.
func newService(t *testing.T, change func(*Config)) *Service {
	t.Helper()
	dir := t.TempDir()
	eng, err := local.Open(filepath.Join(dir, "db"), local.Options{Clock: clock.Real()})
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Engine: eng, Clock: clock.NewFake(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)), Box: box, Data: dir, Endpoint: func() string { return "" }}
	change(&c)
	s, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Close(context.Background()), eng.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestCodeFromObjects(t *testing.T) {
	text, err := os.ReadFile("testdata/code.zip")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	s := newService(t, func(c *Config) {
		c.Development = true
		c.Objects = objects{"000000000000 b k ": text, "000000000000 b k 2": text, "000000000000 b text ": []byte("no zip")}
	})
	ctx := wire.NewContext(t.Context(), &wire.Request{Account: "000000000000", Region: "eu-west-1"})
	for i, c := range []struct{ says, bucket, key, version, message string }{
		{"an object", "b", "k", "", ""},
		{"a version of an object", "b", "k", "2", ""},
		{"a version that is not there", "b", "k", "3", "Error occurred while GetObject. S3 Error Code: NoSuchVersion. S3 Error Message: The specified version does not exist."},
		{"a key that is not there", "b", "other", "", "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."},
		{"a bucket that is not there", "none", "k", "", "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"},
		{"a bucket of others", "denied", "k", "", "Error occurred while GetObject. S3 Error Code: AccessDenied. S3 Error Message: Access Denied"},
		{"an object that is no package", "b", "text", "", "Could not unzip uploaded file. Please check your file, then try to upload again."},
		{"a folder", "hot-reload", folder, "", ""},
		{"a folder by a relative path", "hot-reload", "src", "", "The key of an object in the bucket hot-reload is the absolute path of a folder on this machine, which src is not."},
		{"a folder that is not there", "hot-reload", "/no/such/folder", "", "The key of an object in the bucket hot-reload is the absolute path of a folder on this machine: there is no folder /no/such/folder."},
	} {
		t.Run(c.says, func(t *testing.T) {
			out, err := s.CreateFunction(ctx, &api.CreateFunctionInput{
				FunctionName: new(fmt.Sprint("f", i)), Runtime: new("python3.12"), Handler: new("a.b"), Role: new("r"),
				Code: &api.FunctionCode{S3Bucket: &c.bucket, S3Key: &c.key, S3ObjectVersion: &c.version},
			})
			if c.message == "" {
				if err != nil {
					t.Fatal(err)
				}
				if c.bucket == "b" && (out.CodeSize != int64(len(text)) || *out.CodeSha256 != digestOf(text)) {
					t.Errorf("%d bytes with the hash %s", out.CodeSize, *out.CodeSha256)
				}
				return
			}
			if !wire.IsCode(err, api.CodeInvalidParameterValueException) || err.(*wire.Error).Message != c.message {
				t.Errorf("the error is %v, want %s", err, c.message)
			}
			if s.Catalog.Functions.Get("000000000000|eu-west-1|"+fmt.Sprint("f", i)) != nil {
				t.Error("there is a function")
			}
		})
	}
	t.Run("a fault of the store is no fault of the caller", func(t *testing.T) {
		_, err := s.PublishLayerVersion(ctx, &api.PublishLayerVersionInput{LayerName: new("l"), Content: &api.LayerVersionContentInput{S3Bucket: new("broken"), S3Key: new("k")}})
		if _, isWire := errors.AsType[*wire.Error](err); err == nil || isWire {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("in production there are no folders", func(t *testing.T) {
		s := newService(t, func(c *Config) { c.Objects = objects{} })
		_, err := s.PublishLayerVersion(ctx, &api.PublishLayerVersionInput{LayerName: new("l"), Content: &api.LayerVersionContentInput{S3Bucket: new("hot-reload"), S3Key: &folder}})
		if err == nil || err.(*wire.Error).Message != objectError(ErrNoKey).(*wire.Error).Message {
			t.Errorf("the error is %v", err)
		}
	})
	left, err := os.ReadDir(filepath.Join(s.Data, "tmp"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v are left of what was fetched (%v)", left, err)
	}
}
