// Package seal keeps secrets secret at rest.
//
// What Signalbox must store and give back (the passwords and keys of
// connections, secrets, parameters) is sealed before it goes to the engine and
// opened after it comes back. A [Box] seals with AES-256-GCM under one key of
// the installation, which lies in the data directory beside the database, or is
// given by the environment so that the disk alone is worth nothing.
//
// Each sealed text is bound to a context, such as the ARN and the field that it
// belongs to: it opens with the same context only, so a text that is moved to
// another record does not open there.
//
// # Format
//
//	version (1 byte, 1) | key id (4 bytes) | nonce (12 bytes, random) | ciphertext and tag
//
// Version and key id are authenticated with the context. The key id, the first
// bytes of a hash of the key, tells a wrong key from a damaged text. With
// random nonces a key is good for some 2^32 texts.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

// KeyFile is the key's file in the data directory.
const KeyFile = "seal.key"

// Overhead is by how many bytes a sealed text is longer than its plaintext.
const Overhead = headSize + nonceSize + tagSize

const (
	version   = 1
	headSize  = 1 + 4 // version, key id
	nonceSize = 12
	tagSize   = 16
)

// The reasons why a text does not open.
var (
	// ErrWrongKey: the text was sealed under another key.
	ErrWrongKey = errors.New("sealed with another key than the one in " + KeyFile + " or SIGNALBOX_KEY; start with the key that was in use when it was stored")
	// ErrDamaged: the text, or the context, is not the one that was sealed.
	ErrDamaged = errors.New("the sealed text is damaged or belongs elsewhere")
)

// Box seals and opens under one key. Any number of goroutines may use it.
type Box struct {
	aead cipher.AEAD
	head [headSize]byte
}

// Open returns the Box of an installation. Key, from SIGNALBOX_KEY, is 32 bytes
// in hexadecimal or base64; if it is empty the key is read from KeyFile in dir,
// which is made with a fresh key, readable by its owner only and on disk before
// Open returns, where there is none. The errors never hold the key.
func Open(dir, key string) (*Box, error) {
	if key = strings.TrimSpace(key); key != "" {
		raw, err := parseKey(key)
		if err != nil {
			return nil, fmt.Errorf("read the key from SIGNALBOX_KEY: %w", err)
		}
		return NewBox(raw)
	}
	raw, err := loadKey(filepath.Join(dir, KeyFile))
	if err != nil {
		return nil, err
	}
	return NewBox(raw)
}

// NewBox is a Box with the given key, of KeySize bytes.
func NewBox(key []byte) (*Box, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("a key has %d bytes, not %d", KeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("set up the cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("set up the cipher: %w", err)
	}
	b := &Box{aead: aead}
	b.head[0] = version
	id := sha256.Sum256(append([]byte("signalbox seal key id\x00"), key...))
	copy(b.head[1:], id[:])
	return b, nil
}

// Seal encrypts plaintext, of any length, and binds it to context. The same
// plaintext is sealed differently each time.
func (b *Box) Seal(plaintext, context []byte) []byte {
	out := make([]byte, headSize+nonceSize, Overhead+len(plaintext))
	copy(out, b.head[:])
	nonce := out[headSize:]
	rand.Read(nonce) // never fails: crypto/rand ends the program instead
	return b.aead.Seal(out, nonce, plaintext, bound(out[:headSize], context))
}

// Open decrypts what Seal returned for the same context. The error is
// ErrWrongKey or ErrDamaged.
func (b *Box) Open(sealed, context []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return nil, ErrDamaged
	}
	head, nonce := sealed[:headSize], sealed[headSize:headSize+nonceSize]
	plaintext, err := b.aead.Open(nil, nonce, sealed[headSize+nonceSize:], bound(head, context))
	if err == nil {
		return plaintext, nil
	}
	if string(head) != string(b.head[:]) {
		return nil, ErrWrongKey
	}
	return nil, ErrDamaged
}

// bound is what is authenticated beside the ciphertext.
func bound(head, context []byte) []byte {
	return append(append(make([]byte, 0, len(head)+len(context)), head...), context...)
}

func parseKey(text string) ([]byte, error) {
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == KeySize {
		return raw, nil
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if raw, err := enc.DecodeString(text); err == nil && len(raw) == KeySize {
			return raw, nil
		}
	}
	return nil, fmt.Errorf("it is not %d bytes in hexadecimal (%d digits) or base64 (44 characters); `openssl rand -hex 32` makes one", KeySize, 2*KeySize)
}

// loadKey reads the key's file, or makes it.
func loadKey(path string) ([]byte, error) {
	raw, err := readKey(path)
	if !errors.Is(err, os.ErrNotExist) {
		return raw, err
	}
	if err := makeKey(path); err != nil {
		return nil, fmt.Errorf("make the key file %s: %w", path, err)
	}
	return readKey(path)
}

func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the key file %s can be read by others (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	if len(raw) != KeySize {
		return nil, fmt.Errorf("the key file %s has %d bytes, not %d: put back the one that was in use", path, len(raw), KeySize)
	}
	return raw, nil
}

// makeKey writes a fresh key beside path and links it there, so that the file
// is whole as soon as it is seen, and of two processes that start at once both
// use the first one's key.
func makeKey(path string) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, KeyFile+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	key := make([]byte, KeySize)
	rand.Read(key)
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
