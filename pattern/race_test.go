package pattern

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// While rules come and go, those that stay are found by every event, a rule that
// is being replaced is found as one of its two forms, and none is found twice.
func TestRulesChangeUnderLoad(t *testing.T) {
	const stay = 50
	m := NewMatcher[int]()
	put := func(key int, text string) {
		p, err := Parse([]byte(text))
		if err != nil {
			t.Error(err)
			return
		}
		if err := m.Put(key, p); err != nil {
			t.Error(err)
		}
	}
	for i := range stay {
		put(i, fmt.Sprintf(`{"a":[{"prefix":"x%d"},"x"],"l":{"b":[%d,1],"c":[{"exists":false}]}}`, i, i+2))
	}
	forms := [...]string{`{"a":["x"]}`, `{"$or":[{"l":{"b":[1]}},{"l":{"c":[{"anything-but":2}]}}]}`, `{"a":[{"wildcard":"*x*"}],"z":[{"exists":false}]}`}
	put(stay, forms[0])
	event := []byte(`{"a":"x","l":[{"b":1},{"c":3}]}`)

	var done atomic.Bool
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			var keys []int
			for !done.Load() {
				var err error
				if keys, err = m.Match(keys[:0], event); err != nil {
					t.Error(err)
					return
				}
				slices.Sort(keys)
				for i := range stay + 1 {
					if i >= len(keys) || keys[i] != i {
						t.Errorf("found %v", keys)
						return
					}
				}
				if n := len(slices.Compact(keys)); n != len(keys) {
					t.Errorf("found %d of %d keys twice", len(keys)-n, len(keys))
					return
				}
			}
		})
	}
	for i := range 3_000 {
		put(stay, forms[i%len(forms)])
		key := stay + 1 + i%20
		if i%3 == 0 {
			m.Delete(key)
		} else {
			put(key, fmt.Sprintf(`{"a":[{"wildcard":"*x*%d"},{"numeric":[">",%d]}],"n%d":[{"anything-but":"%d"}]}`, i, i, i%7, i))
		}
	}
	done.Store(true)
	wg.Wait()
	if m.Len() < stay+1 {
		t.Errorf("Len is %d, want at least %d", m.Len(), stay+1)
	}
}
