package api

import "github.com/signalbox/signalbox/wire"

// Page cuts one page; all lists of this API page alike.
func Page[T any](items []T, name func(T) string, limit *int32, standard int32, marker *string) ([]T, *string, error) {
	if limit == nil {
		limit = &standard
	}
	if marker != nil && *marker == "" {
		marker = nil
	}
	rows, next, err := wire.Page(items, name, int(*limit), marker)
	if err != nil {
		return nil, nil, Invalid("Invalid marker: %s.", err)
	}
	return rows, next, nil
}

// Put changes a setting to what a request gives, if it gives it.
func Put[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}
