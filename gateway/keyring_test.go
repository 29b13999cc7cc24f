package gateway

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/signalbox/signalbox/seal"
)

func testBox(t testing.TB, fill byte) *seal.Box {
	key := make([]byte, seal.KeySize)
	key[0] = fill
	box, err := seal.NewBox(key)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func TestTheRootKeyIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, created, err := OpenKeyring(dir, testBox(t, 0))
	if err != nil || !created {
		t.Fatalf("created %v, error %v", created, err)
	}
	root := first.Root()
	if len(root.AccessKeyID) != 20 || root.AccessKeyID[:4] != "AKIA" || len(root.Secret) != 40 || root.Account != DefaultAccount {
		t.Errorf("root = %+v", root)
	}
	path := filepath.Join(dir, CredentialsFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%d files are left", len(files))
	}
	second, created, err := OpenKeyring(dir, testBox(t, 0))
	if err != nil || created || second.Root() != root {
		t.Errorf("created %v, error %v, root %+v", created, err, second.Root())
	}

	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenKeyring(dir, testBox(t, 0)); err == nil {
		t.Error("a file that others can read is accepted")
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte(`{"accessKeyId":`), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenKeyring(dir, testBox(t, 0)); err == nil {
		t.Error("a damaged file is accepted")
	}
}

func TestIssuedCredentialsAreKnownWhereverTheBoxIs(t *testing.T) {
	k, err := NewKeyring(testRoot, testBox(t, 0))
	if err != nil {
		t.Fatal(err)
	}
	expires := time.Date(2026, 11, 21, 17, 30, 0, 0, time.UTC)
	const role = "arn:aws:sts::444455556666:assumed-role/carrier/session"
	id, secret, token, err := k.Issue("444455556666", role, expires)
	if err != nil || len(id) != 20 || id[:4] != "ASIA" || len(secret) != 40 {
		t.Fatalf("%s, %v", id, err)
	}
	other, _ := NewKeyring(RootKey{AccessKeyID: "AKIAOTHER", Secret: "another secret"}, testBox(t, 0))
	if c, err := other.Lookup(t.Context(), id, token); err != nil || c != (Credential{secret, "444455556666", role, expires}) {
		t.Errorf("%+v, %v", c, err)
	}
	id2, _, token2, _ := k.Issue("444455556666", role, expires)
	stranger, _ := NewKeyring(testRoot, testBox(t, 1))
	raw, _ := base64.StdEncoding.DecodeString(token)
	raw[len(raw)-1] ^= 1
	for name, c := range map[string]struct {
		k         *Keyring
		id, token string
	}{
		"the token of another key":   {k, id, token2},
		"the key of another token":   {k, id2, token},
		"no token":                   {k, id, ""},
		"a token that is no base64":  {k, id, "!"},
		"a changed token":            {k, id, base64.StdEncoding.EncodeToString(raw)},
		"a box of another key":       {stranger, id, token},
		"a key that is not made so":  {k, "AKIA" + id[4:], token},
		"a key of nobody":            {k, "AKIANOBODY", ""},
		"the root key in lower case": {k, "akiarootrootrootroot", ""},
	} {
		if got, err := c.k.Lookup(t.Context(), c.id, c.token); !errors.Is(err, ErrUnknownKey) || got.Secret != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := k.Lookup(t.Context(), testRoot.AccessKeyID, token); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("the root key with a token: %v", err)
	}
	if _, _, _, err := k.Issue("12", role, expires); err == nil {
		t.Error("an account of two digits is accepted")
	}
}

func TestRootKeysThatCannotBeSignedWithAreRefused(t *testing.T) {
	for _, root := range []RootKey{{}, {"AKIA", "", ""}, {"AKIA", "short", ""}, {"AK/IA", "long enough", ""}, {"AKIA", "long enough", "12"}} {
		if _, err := NewKeyring(root, testBox(t, 0)); err == nil {
			t.Errorf("%+v is accepted", root)
		}
	}
}

func FuzzReadToken(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := readToken(text); err != nil && c.Secret != "" {
			t.Error("an error and a secret")
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	k, _ := NewKeyring(testRoot, testBox(b, 0))
	id, _, token, _ := k.Issue("444455556666", "arn:aws:sts::444455556666:assumed-role/carrier/session", time.Now().Add(time.Hour))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Lookup(b.Context(), id, token); err != nil {
			b.Fatal(err)
		}
	}
}
