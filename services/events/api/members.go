package api

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/signalbox/signalbox/wire"
)

// Stamp is a time on the wire, absent where it was never set.
func Stamp(t time.Time) *wire.Time {
	if t.IsZero() {
		return nil
	}
	return &wire.Time{Time: t}
}

// Either is a, or b where a is absent.
func Either[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// Page cuts one page, of 100 where the request names no limit.
func Page[T any](items []T, name func(T) string, limit *int32, token *string) ([]T, *string, error) {
	rows, next, err := wire.Page(items, name, int(*Either(limit, new(int32(100)))), token)
	if err != nil {
		return nil, nil, Invalid("Parameter NextToken is not valid. Reason: %s.", err)
	}
	return rows, next, nil
}

// JSON is v as JSON; v is of the service's own making and always has one.
func JSON(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
