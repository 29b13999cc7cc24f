package gateway

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/signalbox/signalbox/seal"

	"github.com/signalbox/signalbox/wire"
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
	if c, err := other.Lookup(t.Context(), id, token); err != nil || c != (Credential{Secret: secret, Account: "444455556666", Principal: role, Expires: expires}) {
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

func TestASessionIsInItsToken(t *testing.T) {
	k, err := NewKeyring(testRoot, testBox(t, 0))
	if err != nil {
		t.Fatal(err)
	}
	want := &wire.Session{Policies: []string{"{}"}, Tags: map[string]string{"team": "shop"}}
	id, _, token, err := k.IssueSession("444455556666", "arn:aws:sts::444455556666:assumed-role/r/s", time.Now().Add(time.Hour), want)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := k.Lookup(t.Context(), id, token); err != nil || !reflect.DeepEqual(c.Session, want) {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestAChainAsksUntilOneKnowsTheKey(t *testing.T) {
	first, err1 := NewKeyring(testRoot, testBox(t, 0))
	second, err2 := NewKeyring(RootKey{AccessKeyID: "AKIASECOND", Secret: "another secret"}, testBox(t, 0))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	keys := Chain(first, second)
	for id, want := range map[string]string{testRoot.AccessKeyID: testRoot.Secret, "AKIASECOND": "another secret"} {
		if c, err := keys.Lookup(t.Context(), id, ""); err != nil || c.Secret != want {
			t.Errorf("%s: %+v, %v", id, c, err)
		}
	}
	if _, err := keys.Lookup(t.Context(), "AKIATHIRD", ""); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a key of nobody: %v", err)
	}
	if _, err := keys.Lookup(t.Context(), testRoot.AccessKeyID, "token"); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("a wrong token is asked of others: %v", err)
	}
}
