package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Get returns a copy of a value, or nil where there is none. An empty value is
// not nil.
func Get(r pebble.Reader, key []byte) ([]byte, error) {
	v, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the database: %w", err)
	}
	v = append(make([]byte, 0, len(v)), v...)
	return v, closer.Close()
}

// Has tells whether there is a key.
func Has(r pebble.Reader, key []byte) (bool, error) {
	_, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading the database: %w", err)
	}
	return true, closer.Close()
}

// Counter reads a number; zero where there is none.
func (s *Store) Counter(key []byte) (uint64, error) {
	v, err := Get(s.DB, key)
	if err != nil || v == nil {
		return 0, err
	}
	if len(v) != 8 {
		return 0, fmt.Errorf("the counter %s is damaged", key)
	}
	return binary.BigEndian.Uint64(v), nil
}

// SetCounter writes a number.
func (c *Commit) SetCounter(key []byte, n uint64) error {
	return c.Batch.Set(key, binary.BigEndian.AppendUint64(nil, n), nil)
}

// Lookup returns the number of a name; zero where it has none.
func (s *Store) Lookup(kind byte, name string) (uint32, error) {
	v, err := Get(s.DB, NameKey(kind, name))
	if err != nil || v == nil {
		return 0, err
	}
	if len(v) != 4 {
		return 0, fmt.Errorf("the number of %q is damaged", name)
	}
	return binary.BigEndian.Uint32(v), nil
}

// Number gives a name its number.
func (c *Commit) Number(kind byte, name string) (uint32, error) {
	c.s.names++
	id := uint32(c.s.names)
	return id, errors.Join(
		c.Batch.Set(NameKey(kind, name), binary.BigEndian.AppendUint32(nil, id), nil),
		c.SetCounter(keyNames, c.s.names))
}

// Scan calls f for every key between lower and upper, in order, until it
// returns false. Key and value are valid during the call.
func Scan(r pebble.Reader, lower, upper []byte, f func(key, value []byte) (bool, error)) error {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return fmt.Errorf("reading the database: %w", err)
	}
	more := true
	for ok := it.First(); ok && more && err == nil; ok = it.Next() {
		var v []byte
		if v, err = it.ValueAndErr(); err == nil {
			more, err = f(it.Key(), v)
		}
	}
	if err = errors.Join(err, it.Close()); err != nil {
		return fmt.Errorf("reading the database: %w", err)
	}
	return nil
}
