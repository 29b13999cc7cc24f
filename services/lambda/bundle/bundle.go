// Package bundle reads deployment packages and layers: zip files from
// strangers. [Check] looks at one whole before it is accepted; [Unpack] puts it
// into a directory.
//
// It promises: nothing is written outside the directory, whatever names and
// links the file holds; what it unpacks to is counted as it comes, not as the
// file says, so that a zip bomb costs at most MaxUnzipped bytes of work.
package bundle

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Limits of deployment packages (Lambda quotas), in bytes.
const (
	MaxZipped   = 50 << 20  // of one uploaded directly
	MaxUnzipped = 250 << 20 // of the code with all its layers
)

// The reasons why a package is refused.
var (
	ErrFormat = errors.New("it is not a zip file that can be unpacked")
	ErrEmpty  = errors.New("it holds no files")
	ErrLarge  = errors.New("it is too large when unpacked")
)

// Check reads the package through and returns how large it is when unpacked.
// limit bounds that, in bytes.
func Check(r io.ReaderAt, size, limit int64) (int64, error) {
	z, err := open(r, size)
	if err != nil {
		return 0, err
	}
	total, files := int64(0), 0
	for _, f := range z.File {
		if f.UncompressedSize64 > uint64(limit) {
			return 0, ErrLarge
		}
		if f.FileInfo().IsDir() {
			continue
		}
		files++
		n, err := copyFile(io.Discard, f, limit-total)
		if err != nil {
			return 0, err
		}
		total += n
	}
	if files == 0 {
		return 0, ErrEmpty
	}
	return total, nil
}

func open(r io.ReaderAt, size int64) (*zip.Reader, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrFormat, err)
	}
	for _, f := range z.File {
		if name := clean(f.Name); name != "." && !filepath.IsLocal(name) || strings.ContainsRune(f.Name, 0) {
			return nil, fmt.Errorf("%w: it holds the name %q", ErrFormat, f.Name)
		}
	}
	return z, nil
}

func clean(name string) string { return filepath.Clean(filepath.FromSlash(name)) }

// copyFile unpacks one file, of at most limit bytes.
func copyFile(w io.Writer, f *zip.File, limit int64) (int64, error) {
	in, err := f.Open()
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %v", ErrFormat, f.Name, err)
	}
	defer in.Close()
	n, err := io.Copy(w, io.LimitReader(in, limit+1))
	switch {
	case n > limit:
		return n, ErrLarge
	case err != nil:
		return n, fmt.Errorf("%w: %s: %w", ErrFormat, f.Name, err)
	}
	return n, nil
}

// Unpack unpacks a package into dir, which is made. A file takes the place of
// one that is there: layers are unpacked one over the other. limit bounds the
// bytes written.
func Unpack(r io.ReaderAt, size int64, dir string, limit int64) error {
	z, err := open(r, size)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	defer root.Close()
	for _, f := range z.File {
		n, err := unpackFile(root, f, limit)
		if err != nil {
			return err
		}
		limit -= n
	}
	return nil
}

func unpackFile(root *os.Root, f *zip.File, limit int64) (int64, error) {
	name := clean(f.Name)
	mode := modeOf(f)
	if mode.IsDir() {
		return 0, wrap(f, root.MkdirAll(name, 0o755))
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return 0, wrap(f, err)
	}
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, wrap(f, err)
	}
	if mode&fs.ModeSymlink != 0 {
		var target strings.Builder
		n, err := copyFile(&target, f, min(limit, 4096))
		if err != nil {
			return 0, err
		}
		if filepath.IsAbs(target.String()) || !filepath.IsLocal(filepath.Join(filepath.Dir(name), target.String())) {
			return 0, fmt.Errorf("%w: the link %q leads out of it", ErrFormat, f.Name)
		}
		return n, wrap(f, root.Symlink(target.String(), name))
	}
	out, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode.Perm())
	if err != nil {
		return 0, wrap(f, err)
	}
	n, err := copyFile(out, f, limit)
	if e := out.Close(); err == nil {
		err = wrap(f, e)
	}
	return n, err
}

// modeOf is a file's mode: readable, and executable where the file says so, or
// says nothing because it was packed where there are no modes.
func modeOf(f *zip.File) fs.FileMode {
	mode := f.Mode()
	if f.CreatorVersion>>8 != 3 && f.CreatorVersion>>8 != 19 { // neither Unix nor macOS
		return mode&fs.ModeType | 0o755
	}
	return mode&(fs.ModeType|0o111) | 0o644
}

func wrap(f *zip.File, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("unpacking %s: %w", f.Name, err)
}

// Copy copies a folder's files into dir, which is made; links lead where they
// led. A file takes the place of one that is there.
func Copy(from, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("copying %s: %w", from, err)
	}
	source := os.DirFS(from)
	err := fs.WalkDir(source, ".", func(name string, d fs.DirEntry, err error) error {
		target := filepath.Join(dir, filepath.FromSlash(name))
		if err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(target, 0o755))
		}
		if err := os.RemoveAll(target); err != nil {
			return err
		}
		if d.Type()&fs.ModeSymlink != 0 {
			to, err := filepath.EvalSymlinks(filepath.Join(from, name))
			if err != nil {
				return err
			}
			return os.Symlink(to, target)
		}
		text, err := fs.ReadFile(source, name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o755)
	})
	if err != nil {
		return fmt.Errorf("copying %s: %w", from, err)
	}
	return nil
}
