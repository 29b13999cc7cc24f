package bundle_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/services/lambda/bundle"
)

type file struct {
	name, text string
	mode       fs.FileMode
}

func pack(t testing.TB, files ...file) *bytes.Reader {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		h.SetMode(f.mode)
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write([]byte(f.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b.Bytes())
}

func TestUnpack(t *testing.T) {
	dir := t.TempDir()
	first := pack(t, file{"bin/run", "one", 0o755}, file{"data", "one", 0o600}, file{"link", "bin/run", fs.ModeSymlink | 0o777})
	second := pack(t, file{"data", "two", 0o644}, file{"link", "a file now", 0o644})
	for _, r := range []*bytes.Reader{first, second} {
		if err := bundle.Unpack(r, r.Size(), dir, 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"bin/run": "one", "data": "two", "link": "a file now"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(text) != want {
			t.Errorf("%s: %v, %q; want %q", name, err, text, want)
		}
	}
	for name, want := range map[string]fs.FileMode{"bin/run": 0o755, "data": 0o644} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm()&0o755 != want {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	for _, c := range []struct {
		says  string
		file  file
		limit int64
		want  error
	}{
		{"a path that leads out", file{"../x", "x", 0o644}, 100, bundle.ErrFormat},
		{"a path that leads out in the middle", file{"a/../../x", "x", 0o644}, 100, bundle.ErrFormat},
		{"an absolute path", file{"/etc/x", "x", 0o644}, 100, bundle.ErrFormat},
		{"a link that leads out", file{"a/link", "../../x", fs.ModeSymlink | 0o777}, 100, bundle.ErrFormat},
		{"an absolute link", file{"link", "/etc/passwd", fs.ModeSymlink | 0o777}, 100, bundle.ErrFormat},
		{"more than the limit", file{"x", strings.Repeat("x", 101), 0o644}, 100, bundle.ErrLarge},
	} {
		t.Run(c.says, func(t *testing.T) {
			r := pack(t, c.file)
			dir := filepath.Join(t.TempDir(), "in")
			if err := bundle.Unpack(r, r.Size(), dir, c.limit); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if out, err := filepath.Glob(filepath.Join(filepath.Dir(dir), "*")); err != nil || len(out) > 1 {
				t.Errorf("there is %v outside", out)
			}
		})
	}
	t.Run("a file that lies about its size", func(t *testing.T) {
		r := pack(t, file{"zeros", strings.Repeat("\x00", 1<<20), 0o644})
		raw := make([]byte, r.Size())
		if _, err := r.ReadAt(raw, 0); err != nil {
			t.Fatal(err)
		}
		at := bytes.LastIndex(raw, []byte("PK\x01\x02"))
		copy(raw[at+24:], []byte{10, 0, 0, 0}) // the directory says 10 bytes
		if _, err := bundle.Check(bytes.NewReader(raw), int64(len(raw)), 1000); err == nil {
			t.Error("it is accepted")
		}
	})
	t.Run("a file through a link of the same package", func(t *testing.T) {
		outside := t.TempDir()
		dir := filepath.Join(t.TempDir(), "in")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		r := pack(t, file{"link/x", "x", 0o644})
		if err := bundle.Unpack(r, r.Size(), dir, 100); err == nil {
			t.Error("it is accepted")
		}
		if left, _ := os.ReadDir(outside); len(left) > 0 {
			t.Errorf("it wrote %v outside", left)
		}
	})
}

func FuzzUnpack(f *testing.F) {
	for _, seed := range []file{{"a", "x", 0o644}, {"../a", "x", 0o644}, {"l", "..", fs.ModeSymlink | 0o777}} {
		r := pack(f, seed)
		raw := make([]byte, r.Size())
		if _, err := r.ReadAt(raw, 0); err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		dir := filepath.Join(t.TempDir(), "in")
		_, _ = bundle.Check(bytes.NewReader(raw), int64(len(raw)), 1<<16)
		_ = bundle.Unpack(bytes.NewReader(raw), int64(len(raw)), dir, 1<<16)
		if out, _ := os.ReadDir(filepath.Dir(dir)); len(out) > 1 {
			t.Errorf("there is %v outside", out)
		}
	})
}
