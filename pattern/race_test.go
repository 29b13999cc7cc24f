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

// With thousands of values the tables that hold them are made anew now and
// then. Whoever matches meanwhile finds what is there, and nothing else.
func TestTablesAreMadeAnewUnderLoad(t *testing.T) {
	const stay, come = 1_500, 1_500
	m := NewMatcher[int]()
	patterns := make([]*Pattern, stay+come)
	for i := range patterns {
		p, err := Parse(fmt.Appendf(nil, `{"k":["v%d",{"prefix":"p%d-"}],"n":[%d,{"exists":false}]}`, i, i, i))
		if err != nil {
			t.Fatal(err)
		}
		patterns[i] = p
		if err := m.Put(i, p); err != nil {
			t.Fatal(err)
		}
	}
	var done atomic.Bool
	var wg sync.WaitGroup
	for reader := range 2 {
		wg.Go(func() {
			var keys []int
			for i := reader; !done.Load(); i++ {
				key := i * 7 % (stay + come)
				event := fmt.Appendf(nil, `{"k":"%s","n":%d}`, fmt.Sprintf([]string{"v%d", "p%d-x"}[i%2], key), key)
				var err error
				if keys, err = m.Match(keys[:0], event); err != nil {
					t.Error(err)
					return
				}
				if len(keys) > 1 || len(keys) == 1 && keys[0] != key || len(keys) == 0 && key < stay {
					t.Errorf("%s found %v", event, keys)
					return
				}
			}
		})
	}
	for i := range 2 * come {
		key := stay + i*11%come
		if i%3 == 0 {
			m.Delete(key)
		} else if err := m.Put(key, patterns[key]); err != nil {
			t.Error(err)
		}
		p, err := Parse(fmt.Appendf(nil, `{"k":["w%d",{"prefix":"q%d-"}],"z":[%d]}`, i, i, i))
		if err != nil {
			t.Error(err)
			break
		}
		if err := m.Put(stay+come+i, p); err != nil {
			t.Error(err)
		}
	}
	done.Store(true)
	wg.Wait()
}
