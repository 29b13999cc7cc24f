// Package workload makes random requests to tables: items of all types,
// expressions right and wrong, the older members, batches and transactions.
// The same seed makes the same requests. What requests name is drawn from small
// sets, so that they meet: conditions hold now and then, paths lead somewhere.
package workload

import (
	"encoding/base64"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// object is a JSON object.
type object = map[string]any

// Maker makes requests.
type Maker struct {
	r      *rand.Rand
	tables []schema
	added  bool // the index that comes and goes is there
}

// New makes a maker.
func New(seed uint64) *Maker { return &Maker{r: rand.New(rand.NewPCG(seed, 8)), tables: schemas()} }

func (m *Maker) chance(percent int) bool { return m.r.IntN(100) < percent }

func pick[T any](m *Maker, list ...T) T { return list[m.r.IntN(len(list))] }

var attributes = []string{"a", "b", "c", "d", "e", "f1", "g_h", "size2"}

func (m *Maker) attribute() string {
	if m.chance(3) {
		return pick(m, "name", "status", "Date", "comment", "Ünï", "a.b", "with space", "h", "r", "items", "_a", "0a", "")
	}
	return pick(m, attributes...)
}

func (m *Maker) number() string {
	switch m.r.IntN(14) {
	case 2:
		return m.digits()
	case 0:
		return pick(m, "1E+125", "-9.9e100", "1e-130", "0.000000001", "12345678901234567890123456789012345678", "-0", "1.50", "007", "+3", "100")
	case 1:
		return pick(m, "1.5", "-2.25", "10", "99999999999999999999", "0.1", "1e3")
	default:
		return pick(m, "0", "1", "2", "3", "5", "-1", "-7", "42")
	}
}

// digits is a number of up to 38 digits, or one more, somewhere.
func (m *Maker) digits() string {
	n := 1 + m.r.IntN(39)
	var b strings.Builder
	if m.chance(30) {
		b.WriteByte('-')
	}
	point := m.r.IntN(n + 1)
	for i := range n {
		if i == point && i > 0 {
			b.WriteByte('.')
		}
		b.WriteByte(byte('0' + m.r.IntN(10)))
	}
	if m.chance(30) {
		b.WriteString(pick(m, "e", "E", "e+", "E-") + strconv.Itoa(m.r.IntN(130)))
	}
	return b.String()
}

func (m *Maker) text() string {
	return pick(m, "", "a", "ab", "abc", "b", "hello", "äß€", "x\"y\\z", "10", "2", "a\u0000b", strings.Repeat("long", 20))
}

func (m *Maker) bytes() string {
	return base64.StdEncoding.EncodeToString([]byte(pick(m, "", "\x00", "\x00\xff", "ab", "a", "\xff\xfe", "zzz")))
}

// value is a random attribute value, now and then a bad one.
func (m *Maker) value(depth int) any {
	if m.chance(1) {
		return pick[any](m, object{}, object{"S": "a", "N": "1"}, object{"NULL": false}, object{"SS": []any{}}, object{"NS": []any{}},
			object{"BS": []any{}}, object{"N": "abc"}, object{"N": ""}, object{"N": "1e126"}, object{"N": "1e-131"}, object{"SS": []any{"a", "a"}},
			object{"NS": []any{"1", "1.0"}}, object{"N": "123456789012345678901234567890123456789"}, object{"M": object{"x": object{}}})
	}
	most := 10
	if depth <= 0 {
		most = 8
	}
	switch m.r.IntN(most) {
	case 0, 1:
		return object{"S": m.text()}
	case 2, 3:
		return object{"N": m.number()}
	case 4:
		return object{"B": m.bytes()}
	case 5:
		return pick[any](m, object{"BOOL": true}, object{"BOOL": false}, object{"NULL": true})
	case 6:
		return m.set()
	case 7:
		return object{"N": m.number()}
	case 8:
		list := []any{}
		for range m.r.IntN(4) {
			list = append(list, m.value(depth-1))
		}
		return object{"L": list}
	}
	inner := object{}
	for range m.r.IntN(4) {
		inner[m.attribute()] = m.value(depth - 1)
	}
	return object{"M": inner}
}

func (m *Maker) set() any {
	some := func(list ...string) []any {
		out := []any{}
		for _, s := range list {
			if m.chance(50) {
				out = append(out, s)
			}
		}
		if len(out) == 0 {
			out = append(out, list[0])
		}
		return out
	}
	switch m.r.IntN(3) {
	case 0:
		return object{"SS": some("a", "b", "c", "hello")}
	case 1:
		return object{"NS": some("1", "2", "3.5", "-7")}
	}
	return object{"BS": some("AA==", "YQ==", "YWI=")}
}

func sorted(it object) []string { return slices.Sorted(maps.Keys(it)) }
