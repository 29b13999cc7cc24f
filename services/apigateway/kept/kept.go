// Package kept is how REST and HTTP APIs are kept in common: their identifiers,
// deep copies of documents, so that a change that is refused changes nothing,
// and the order of lists.
package kept

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// NewID makes an identifier of n characters in AWS's manner: lower-case letters
// and digits.
func NewID(n int) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}

// Copy is a deep copy of a document.
func Copy[T any](v *T) (*T, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("copying: %w", err)
	}
	out := new(T)
	if err := json.Unmarshal(data, out); err != nil {
		return nil, fmt.Errorf("copying: %w", err)
	}
	return out, nil
}

// Values are what a map of pointers points to, in the order of the keys.
func Values[T any](m map[string]*T) []T {
	all := make([]T, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		all = append(all, *m[k])
	}
	return all
}
