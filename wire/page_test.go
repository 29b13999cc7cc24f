package wire_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/wire"
)

func TestPagesHoldEachItemOnce(t *testing.T) {
	names := strings.Fields("a b c d e f g")
	itself := func(s string) string { return s }
	for limit := 1; limit <= len(names)+1; limit++ {
		var got []string
		var token *string
		for {
			rows, next, err := wire.Page(names, itself, limit, token)
			if err != nil || len(rows) == 0 || len(rows) > limit {
				t.Fatalf("pages of %d: %v, %v", limit, rows, err)
			}
			got = append(got, rows...)
			if token = next; token == nil {
				break
			}
		}
		if !slices.Equal(got, names) {
			t.Errorf("pages of %d give %v", limit, got)
		}
	}
	_, next, _ := wire.Page(names, itself, 3, nil)
	if rows, _, err := wire.Page(slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s == "c" }), itself, 3, next); err != nil || rows[0] != "d" {
		t.Errorf("after the page's last item was deleted: %v, %v", rows, err)
	}
	if _, _, err := wire.Page(names, itself, 3, new("!")); !errors.Is(err, wire.ErrToken) {
		t.Errorf("a made-up token: %v", err)
	}
}
