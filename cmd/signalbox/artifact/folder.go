package artifact

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// zipFile is a zip file as it is, and any other file in a package of its own.
func zipFile(name string) ([]byte, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if _, err := zip.NewReader(bytes.NewReader(content), int64(len(content))); err == nil {
		return content, nil
	}
	b := newBundle()
	if err := b.add(filepath.Base(name), name); err != nil {
		return nil, err
	}
	return b.bytes()
}

// zipFolder packs what lies in a folder, that what links point to included.
func zipFolder(name string) ([]byte, error) {
	b := newBundle()
	if err := b.addFolder("", name, nil); err != nil {
		return nil, err
	}
	if b.files == 0 {
		return nil, fmt.Errorf("the folder %s is empty", name)
	}
	return b.bytes()
}

// bundle is a zip file that grows. It has no times and only two kinds of modes:
// the same files are the same package.
type bundle struct {
	text  bytes.Buffer
	zip   *zip.Writer
	files int
}

func newBundle() *bundle {
	b := &bundle{}
	b.zip = zip.NewWriter(&b.text)
	return b
}

// addFolder adds what lies in a folder under a prefix. within are the folders
// that this one lies in, as they really are: a link to one of them has no end.
func (b *bundle) addFolder(prefix, folder string, within []string) error {
	really, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return err
	}
	if slices.Contains(within, really) {
		return fmt.Errorf("%s is a link to a folder that it lies in", folder)
	}
	within = append(slices.Clip(within), really)
	entries, err := os.ReadDir(folder) // in the order of names
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, file := path.Join(prefix, e.Name()), filepath.Join(folder, e.Name())
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			err = fmt.Errorf("%s is a link to nothing", file)
		case err != nil:
		case info.IsDir():
			err = b.addFolder(name, file, within)
		case info.Mode().IsRegular():
			err = b.add(name, file)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bundle) add(name, file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if info.Mode()&0o111 != 0 {
		mode = 0o755
	}
	header := &zip.FileHeader{Name: name, Method: zip.Deflate}
	header.SetMode(mode)
	w, err := b.zip.CreateHeader(header)
	if err != nil {
		return err
	}
	b.files++
	_, err = w.Write(content)
	return err
}

func (b *bundle) bytes() ([]byte, error) {
	err := b.zip.Close()
	return b.text.Bytes(), err
}
