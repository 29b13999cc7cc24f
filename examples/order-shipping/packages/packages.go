// Package packages makes the zip files of the example's functions: the Python
// handlers with AWS Lambda Powertools, and the Go ones as one program.
package packages

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// Go builds the Go handlers of the example that lies in source into dir/go.zip.
func Go(ctx context.Context, source, dir string) error {
	work, err := os.MkdirTemp("", "handlers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-tags=lambda.norpc", "-o", filepath.Join(work, "bootstrap"), ".")
	c.Dir = filepath.Join(source, "handlers", "go")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("building the Go handlers: %w\n%s", err, out)
	}
	return pack(filepath.Join(dir, "go.zip"), work)
}

// Python puts the Python handlers and, by pip, what they need into dir/python.zip.
func Python(ctx context.Context, source, dir string) error {
	work, err := os.MkdirTemp("", "handlers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.CopyFS(work, os.DirFS(filepath.Join(source, "handlers", "python"))); err != nil {
		return err
	}
	c := exec.CommandContext(ctx, "python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore",
		"--target", work, "aws-lambda-powertools>=3,<4")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("installing AWS Lambda Powertools: %w\n%s", err, out)
	}
	return pack(filepath.Join(dir, "python.zip"), work)
}

// pack zips what lies in a folder.
func pack(name, folder string) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	z := zip.NewWriter(f)
	if err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() {
			return err
		}
		return add(z, folder, path)
	}); err != nil {
		return err
	}
	return z.Close()
}

func add(z *zip.Writer, folder, path string) error {
	name, err := filepath.Rel(folder, path)
	if err != nil {
		return err
	}
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	header := &zip.FileHeader{Name: filepath.ToSlash(name), Method: zip.Deflate} // no times: the same code is the same package
	header.SetMode(info.Mode())
	out, err := z.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return err
}
