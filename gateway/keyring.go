package gateway

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/signalbox/signalbox/wire"
)

// CredentialsFile is the root key's file in the data directory.
const CredentialsFile = "credentials.json"

// RootKey is the key of an account's root user, who may do everything.
type RootKey struct {
	AccessKeyID string `json:"accessKeyId"`
	Secret      string `json:"secretAccessKey"`
	Account     string `json:"account"` // 12 digits, DefaultAccount where empty
}

// Box seals session tokens; seal.Box is one.
type Box interface {
	Seal(plaintext, context []byte) []byte
	Open(sealed, context []byte) ([]byte, error)
}

// Keyring knows the root key and issues temporary ones. Temporary credentials
// are stored nowhere: their session token holds them, sealed and bound to their
// access key, so that every node with the same sealing key knows them, also
// after a restart. It is immutable and safe for concurrent use.
type Keyring struct {
	root RootKey
	box  Box
}

// NewKeyring is a keyring with this root key.
func NewKeyring(root RootKey, box Box) (*Keyring, error) {
	if root.Account == "" {
		root.Account = DefaultAccount
	}
	switch {
	case !isAccount(root.Account):
		return nil, fmt.Errorf("the root key's account %q is not 12 digits", root.Account)
	case len(root.AccessKeyID) < 4 || len(root.AccessKeyID) > 128 || strings.ContainsAny(root.AccessKeyID, "/, ="):
		return nil, fmt.Errorf("the root key's access key id must have 4 to 128 characters, without slash, comma, blank and equal sign")
	case len(root.Secret) < 8:
		return nil, fmt.Errorf("the root key's secret must have at least 8 characters")
	}
	return &Keyring{root, box}, nil
}

// OpenKeyring is a keyring with the root key that lies in dir, which is made,
// readable by its owner only, when there is none. created says so, for the
// server to tell.
func OpenKeyring(dir string, box Box) (k *Keyring, created bool, err error) {
	path := filepath.Join(dir, CredentialsFile)
	root, err := readRootKey(path)
	if errors.Is(err, os.ErrNotExist) {
		root, err = makeRootKey(path)
		created = err == nil
		if errors.Is(err, os.ErrExist) { // another process was first
			root, err = readRootKey(path)
		}
	}
	if err != nil {
		return nil, false, fmt.Errorf("root credentials: %w", err)
	}
	k, err = NewKeyring(root, box)
	return k, created, err
}

func readRootKey(path string) (root RootKey, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return root, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return root, fmt.Errorf("%s can be read by others (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return root, err
	}
	if err := json.Unmarshal(text, &root); err != nil {
		return root, fmt.Errorf("%s is damaged: %w", path, err)
	}
	return root, nil
}

// makeRootKey writes a new key beside its place and links it there: the file
// is whole and durable, or is not there.
func makeRootKey(path string) (root RootKey, err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return root, err
	}
	root = RootKey{AccessKeyID: newKeyID("AKIA"), Secret: newSecret(), Account: DefaultAccount}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return root, err
	}
	f, err := os.CreateTemp(dir, CredentialsFile+".*") // mode 0600
	if err != nil {
		return root, err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return root, err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return root, err
	}
	d, err := os.Open(dir)
	if err != nil {
		return root, err
	}
	return root, errors.Join(d.Sync(), d.Close())
}

// Root is the root key, for whoever starts the server to use.
func (k *Keyring) Root() RootKey { return k.root }

// Issue makes temporary credentials for a principal of account, good until
// expires.
func (k *Keyring) Issue(account, principalARN string, expires time.Time) (accessKeyID, secret, sessionToken string, err error) {
	return k.IssueSession(account, principalARN, expires, nil)
}

// IssueSession is Issue for a session that has policies or tags of its own; nil:
// it has none.
func (k *Keyring) IssueSession(account, principalARN string, expires time.Time, session *wire.Session) (accessKeyID, secret, sessionToken string, err error) {
	if !isAccount(account) {
		return "", "", "", fmt.Errorf("issue credentials: the account %q is not 12 digits", account)
	}
	accessKeyID, secret = newKeyID("ASIA"), newSecret()
	text := binary.BigEndian.AppendUint64([]byte{tokenVersion}, uint64(expires.Unix()))
	fields := []string{account, secret, principalARN}
	if session != nil {
		more, err := json.Marshal(session)
		if err != nil {
			return "", "", "", fmt.Errorf("issue credentials: %w", err)
		}
		fields = append(fields, string(more))
	}
	for _, s := range fields {
		text = binary.AppendUvarint(text, uint64(len(s)))
		text = append(text, s...)
	}
	return accessKeyID, secret, base64.StdEncoding.EncodeToString(k.box.Seal(text, tokenContext(accessKeyID))), nil
}

const tokenVersion = 1

func tokenContext(accessKeyID string) []byte { return []byte("session token of " + accessKeyID) }

// Lookup implements [Keys].
func (k *Keyring) Lookup(_ context.Context, accessKeyID, sessionToken string) (Credential, error) {
	if accessKeyID == k.root.AccessKeyID {
		if sessionToken != "" {
			return Credential{}, ErrInvalidToken
		}
		return Credential{Secret: k.root.Secret, Account: k.root.Account, Principal: rootARN(k.root.Account)}, nil
	}
	if !strings.HasPrefix(accessKeyID, "ASIA") || sessionToken == "" {
		return Credential{}, ErrUnknownKey
	}
	sealed, err := base64.StdEncoding.DecodeString(sessionToken)
	if err != nil {
		return Credential{}, ErrUnknownKey
	}
	text, err := k.box.Open(sealed, tokenContext(accessKeyID))
	if err != nil {
		return Credential{}, ErrUnknownKey // not from here, or not of this key
	}
	return readToken(text)
}

func readToken(text []byte) (c Credential, err error) {
	if len(text) < 9 || text[0] != tokenVersion {
		return c, fmt.Errorf("%w: it is of an unknown version", ErrInvalidToken)
	}
	c.Expires = time.Unix(int64(binary.BigEndian.Uint64(text[1:])), 0).UTC()
	rest := text[9:]
	var session string
	for _, field := range []*string{&c.Account, &c.Secret, &c.Principal, &session} {
		if field == &session && len(rest) == 0 { // it has none
			return c, nil
		}
		n, width := binary.Uvarint(rest)
		if width <= 0 || n > uint64(len(rest)-width) {
			return Credential{}, fmt.Errorf("%w: it is cut", ErrInvalidToken)
		}
		*field, rest = string(rest[width:width+int(n)]), rest[width+int(n):]
	}
	if err := json.Unmarshal([]byte(session), &c.Session); err != nil {
		return Credential{}, fmt.Errorf("%w: its session cannot be read", ErrInvalidToken)
	}
	return c, nil
}

// newKeyID is 20 characters long, as AWS's.
func newKeyID(prefix string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var b [16]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = letters[b[i]&31]
	}
	return prefix + string(b[:])
}

// newSecret is 40 characters long, as AWS's.
func newSecret() string {
	var b [30]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

func rootARN(account string) string { return "arn:aws:iam::" + account + ":root" }

func isAccount(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == 12
}
