package events

import "github.com/signalbox/signalbox/wire"

// page cuts one page, of 100 where the request names no limit.
func page[T any](items []T, name func(T) string, limit *int32, token *string) ([]T, *string, error) {
	rows, next, err := wire.Page(items, name, int(*either(limit, new(int32(100)))), token)
	if err != nil {
		return nil, nil, invalid("Parameter NextToken is not valid. Reason: %s.", err)
	}
	return rows, next, nil
}
