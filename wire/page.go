package wire

import (
	"encoding/base64"
	"errors"
	"sort"
)

// ErrToken is why Page refuses a token that no list operation returned.
var ErrToken = errors.New("the token is not one that a list operation returned")

// Page cuts one page out of items, which are in the order of their names: those
// behind the one that token names, at most limit. next is nil on the last page.
func Page[T any](items []T, name func(T) string, limit int, token *string) (rows []T, next *string, err error) {
	if token != nil {
		after, err := base64.URLEncoding.DecodeString(*token)
		if err != nil {
			return nil, nil, ErrToken
		}
		items = items[sort.Search(len(items), func(i int) bool { return name(items[i]) > string(after) }):]
	}
	if len(items) <= limit {
		return items, nil, nil
	}
	rows = items[:limit]
	return rows, new(base64.URLEncoding.EncodeToString([]byte(name(rows[limit-1])))), nil
}

// Value is what p points to, or the zero value where it points to nothing: an
// optional member with its default.
func Value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// Optional is the reverse of [Value] for texts: nil for the empty one, which is
// an output member that is left out.
func Optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
