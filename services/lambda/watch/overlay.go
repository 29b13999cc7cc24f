package watch

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
)

// names are the names of a package's files.
func names(z *zip.Reader) []string {
	list := make([]string, 0, len(z.File))
	for _, f := range z.File {
		list = append(list, f.Name)
	}
	return list
}

// over is a package with what was built laid over it, without the files of drop.
func over(z *zip.Reader, b *built, drop []string) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range z.File {
		if _, replaced := b.files[f.Name]; replaced || b.drops(f.Name, drop) {
			continue
		}
		if err := w.Copy(f); err != nil {
			return nil, fmt.Errorf("packing %s: %w", f.Name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.files)) {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(0o755)
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = f.Write(b.files[name])
		}
		if err != nil {
			return nil, fmt.Errorf("packing %s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("packing: %w", err)
	}
	return out.Bytes(), nil
}

// drops tells whether a package's file is not to be in it any more; before is
// what an earlier build put there.
func (b *built) drops(name string, before []string) bool {
	_, built := b.files[name]
	return !built && slices.Contains(before, name) || slices.Contains(b.drop, name)
}

// holds tells whether a package is already what over would make of it.
func holds(z *zip.Reader, b *built, drop []string) bool {
	for name, want := range b.files {
		i := slices.IndexFunc(z.File, func(f *zip.File) bool { return f.Name == name })
		if i < 0 || z.File[i].UncompressedSize64 != uint64(len(want)) {
			return false
		}
		r, err := z.File[i].Open()
		if err != nil {
			return false
		}
		got, err := io.ReadAll(io.LimitReader(r, int64(len(want))+1))
		_ = r.Close() // it was only read
		if err != nil || !bytes.Equal(got, want) {
			return false
		}
	}
	return !slices.ContainsFunc(z.File, func(f *zip.File) bool { return b.drops(f.Name, drop) })
}

// hash tells builds apart.
func (b *built) hash() string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(b.files)) {
		fmt.Fprintf(sum, "%q %d\n", name, len(b.files[name]))
		sum.Write(b.files[name])
	}
	return hex.EncodeToString(sum.Sum(nil))
}
