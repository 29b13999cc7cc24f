package events

import (
	"encoding/base64"
	"slices"
)

// page cuts one page out of items, which are in the order of their names: those
// behind the one that token names, at most limit (nil: 100). next is nil on the
// last page.
func page[T any](items []T, name func(T) string, limit *int32, token *string) (rows []T, next *string, err error) {
	if token != nil {
		after, err := base64.URLEncoding.DecodeString(*token)
		if err != nil {
			return nil, nil, invalid("Invalid NextToken: it is not one that a list operation returned.")
		}
		i, found := slices.BinarySearchFunc(items, string(after), func(item T, after string) int {
			switch n := name(item); {
			case n < after:
				return -1
			case n > after:
				return 1
			}
			return 0
		})
		if found {
			i++
		}
		items = items[i:]
	}
	n := 100
	if limit != nil {
		n = int(*limit)
	}
	if len(items) <= n {
		return items, nil, nil
	}
	return items[:n], new(base64.URLEncoding.EncodeToString([]byte(name(items[n-1])))), nil
}
