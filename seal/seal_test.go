package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func box(t testing.TB, fill byte) *Box {
	t.Helper()
	b, err := NewBox(bytes.Repeat([]byte{fill}, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatIsSealedOpensAgain(t *testing.T) {
	b := box(t, 1)
	for _, plaintext := range []string{"", "Pass1234!", strings.Repeat("long ", 10000)} {
		sealed := b.Seal([]byte(plaintext), []byte("connection/carrier"))
		if len(sealed) != len(plaintext)+Overhead {
			t.Errorf("%d bytes became %d", len(plaintext), len(sealed))
		}
		got, err := b.Open(sealed, []byte("connection/carrier"))
		if err != nil || string(got) != plaintext {
			t.Errorf("opened %q, %v", got, err)
		}
		if len(plaintext) > 0 && bytes.Contains(sealed, []byte(plaintext)) {
			t.Error("the plaintext shows")
		}
	}
}

func TestTheSameTextIsSealedDifferently(t *testing.T) {
	b := box(t, 1)
	if bytes.Equal(b.Seal([]byte("x"), nil), b.Seal([]byte("x"), nil)) {
		t.Error("two sealed texts are equal")
	}
}

func TestAnotherKeyIsToldFromDamage(t *testing.T) {
	sealed := box(t, 1).Seal([]byte("secret"), []byte("here"))
	if _, err := box(t, 2).Open(sealed, []byte("here")); !errors.Is(err, ErrWrongKey) {
		t.Errorf("another key: %v", err)
	}
	if _, err := box(t, 1).Open(sealed, []byte("there")); !errors.Is(err, ErrDamaged) {
		t.Errorf("another context: %v", err)
	}
}

func TestNoChangedByteGoesUnseen(t *testing.T) {
	b := box(t, 1)
	sealed := b.Seal([]byte("secret"), []byte("here"))
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 0x10
		if got, err := b.Open(changed, []byte("here")); err == nil {
			t.Errorf("byte %d changed, opened %q", i, got)
		}
		if got, err := b.Open(sealed[:i], []byte("here")); err == nil {
			t.Errorf("cut to %d bytes, opened %q", i, got)
		}
	}
}

func TestTheKeyFileIsMadeOnceForItsOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, err := Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, KeyFile))
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != KeySize {
		t.Fatalf("%v, %v", info, err)
	}
	second, err := Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := second.Open(first.Seal([]byte("x"), nil), nil); err != nil || string(got) != "x" {
		t.Fatalf("opened %q, %v after a restart", got, err)
	}
	left, _ := os.ReadDir(dir)
	if len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
}

func TestStartsAtTheSameTimeShareOneKey(t *testing.T) {
	dir := t.TempDir()
	boxes := make([]*Box, 16)
	var wg sync.WaitGroup
	for i := range boxes {
		wg.Go(func() {
			b, err := Open(dir, "")
			if err != nil {
				t.Error(err)
			}
			boxes[i] = b
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	sealed := boxes[0].Seal([]byte("x"), nil)
	for i, b := range boxes {
		if _, err := b.Open(sealed, nil); err != nil {
			t.Errorf("start %d: %v", i, err)
		}
	}
}

func TestAKeyFromTheEnvironmentIsHexOrBase64(t *testing.T) {
	raw := bytes.Repeat([]byte{0xfb, 7}, KeySize/2)
	want, err := NewBox(raw)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, text := range []string{
		hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)),
		base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw) + "\n",
	} {
		b, err := Open(dir, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if _, err := b.Open(want.Seal(nil, nil), nil); err != nil {
			t.Errorf("%s: another key: %v", text, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, KeyFile)); err == nil {
		t.Error("a key file was made although the key was given")
	}
}

func TestBadKeysAreRefusedAndNotShown(t *testing.T) {
	for _, text := range []string{"short-secret", hex.EncodeToString(make([]byte, 31)), base64.StdEncoding.EncodeToString(make([]byte, 33))} {
		if _, err := Open(t.TempDir(), text); err == nil || strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for name, bad := range map[string]func(path string) error{
		"of the wrong length": func(p string) error { return os.WriteFile(p, []byte("x"), 0o600) },
		"that others can read": func(p string) error {
			return errors.Join(os.WriteFile(p, make([]byte, KeySize), 0o600), os.Chmod(p, 0o644))
		},
	} {
		dir := t.TempDir()
		if err := bad(filepath.Join(dir, KeyFile)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, ""); err == nil {
			t.Errorf("a key file %s was taken", name)
		}
	}
}
