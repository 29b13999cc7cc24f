package events

import (
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/wire"
)

// stamp is a time on the wire, absent where it was never set.
func stamp(t time.Time) *wire.Time {
	if t.IsZero() {
		return nil
	}
	return &wire.Time{Time: t}
}

func sortByName[T any](items []T, name func(T) string) {
	slices.SortFunc(items, func(a, b T) int { return strings.Compare(name(a), name(b)) })
}
