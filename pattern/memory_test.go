package pattern

import (
	"fmt"
	"runtime"
	"testing"
)

func TestMemoryIsGivenBackWhenRulesGo(t *testing.T) {
	held := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const n = 10_000
	before := held()
	m := NewMatcher[int]()
	for i := range n {
		p, err := Parse(fmt.Appendf(nil, `{"a%d":["x%d",{"prefix":"y%d"}],"b":[{"numeric":[">",%d]}],"c":[{"wildcard":"*z%d*"}]}`, i%100, i, i, i, i))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Put(i, p); err != nil {
			t.Fatal(err)
		}
	}
	full := held() - before
	for i := range n - 10 {
		m.Delete(i)
	}
	keys, err := m.Match(nil, []byte(`{"a99":"x9999","b":10000,"c":"-z9999-","a98":"y9998!"}`))
	if err != nil || len(keys) != 1 || keys[0] != 9999 {
		t.Errorf("found %v, %v", keys, err)
	}
	if left := held() - before; left > full/50 {
		t.Errorf("%d rules took %d bytes, 10 still take %d", n, full, left)
	}
	runtime.KeepAlive(m)
}
