package table

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/signalbox/signalbox/services/dynamodb/expr"
	"github.com/signalbox/signalbox/services/dynamodb/item"
	"github.com/signalbox/signalbox/wire"
)

// PageSize is how much of a table one page reads, in bytes of its items as they
// are before they are filtered; the item that reaches it is the page's last.
const PageSize = 1 << 20

// Read asks for a page of a table or an index.
type Read struct {
	Index    *Index
	Hash     item.Value    // the partition; of kind None: all
	Range    *expr.KeyPart // nil: the whole partition
	Backward bool
	Start    item.Item // the keys behind which to begin; nil: at the beginning
	Segment  int       // of a scan: which of
	Segments int       // how many; 0: one
	Limit    int       // items to read; 0: as many as a page holds
	Filter   *expr.Condition
	Project  *expr.Projection // nil: all that there is
	Full     bool             // all attributes, also those that the index does not project
	Count    bool             // only count
}

// Page is what was read.
type Page struct {
	Items   []wire.Document
	Count   int       // of items that passed the filter
	Scanned int       // of items read
	Last    item.Item // keys of the item behind which to go on; nil: there is no more
	Bytes   int       // that were read of the table or the index
	Fetched int       // blocks of 4 KB read of the table, item by item, for what an index does not project
}

// Get reads an item: its JSON, nil where there is none, and its size.
func (t *Table) Get(key item.Item) (json []byte, size int, err error) {
	err = t.store.View(func(r pebble.Reader) error {
		json, size, err = t.get(r, key)
		return err
	})
	return json, size, err
}

func (t *Table) get(r pebble.Reader, key item.Item) (json []byte, size int, err error) {
	d := t.def.Load()
	if d == nil {
		return nil, 0, ErrGone
	}
	v, done, err := get(r, d.itemKey(key))
	defer done()
	if err != nil || v == nil {
		return nil, 0, err
	}
	size, json, err = splitItem(v)
	return bytes.Clone(json), size, err
}

// One is an item to get.
type One struct {
	Table *Table
	Key   item.Item
	JSON  []byte // the answer; nil where there is no item
	Size  int
}

// GetAll reads items, of tables of one store, as they were at one moment.
func GetAll(list []One) error {
	if len(list) == 0 {
		return nil
	}
	return list[0].Table.store.View(func(r pebble.Reader) error {
		for i := range list {
			var err error
			if list[i].JSON, list[i].Size, err = list[i].Table.get(r, list[i].Key); err != nil {
				return err
			}
		}
		return nil
	})
}

// Read reads a page.
func (t *Table) Read(q *Read) (*Page, error) {
	d := t.def.Load()
	if d == nil {
		return nil, ErrGone
	}
	lower, upper := d.bounds(q)
	if q.Start != nil {
		if at := d.position(q.Index, q.Start); q.Backward {
			upper = smaller(upper, at)
		} else if at = append(at, 0); bytes.Compare(at, lower) > 0 {
			lower = at
		}
	}
	p := &pager{d: d, q: q}
	if bytes.Compare(lower, upper) >= 0 {
		return &p.Page, nil
	}
	err := t.store.View(func(r pebble.Reader) error {
		p.r = r
		return scan(r, lower, upper, q.Backward, p.next)
	})
	return &p.Page, err
}

func smaller(a, b []byte) []byte {
	if bytes.Compare(b, a) < 0 {
		return b
	}
	return a
}

// bounds is the range of stored keys that a read asks for.
func (d *Definition) bounds(q *Read) (lower, upper []byte) {
	prefix := roomKey(roomItems, d.ID)
	s := d.Schema
	if q.Index != nil {
		prefix, s = indexPrefix(d.ID, q.Index.ID), q.Index.Schema
	}
	if q.Hash.Kind == item.None {
		if q.Segments <= 1 {
			return prefix, after(prefix)
		}
		edge := func(n int) []byte {
			at := (uint64(n)<<32 + uint64(q.Segments) - 1) / uint64(q.Segments)
			if at > 1<<32-1 {
				return after(prefix)
			}
			return binary.BigEndian.AppendUint32(bytes.Clone(prefix), uint32(at))
		}
		return edge(q.Segment), edge(q.Segment + 1)
	}
	prefix = appendPartition(prefix, q.Hash)
	if q.Range == nil || s.Range == "" {
		return prefix, after(prefix)
	}
	key := func(i int) []byte { return item.AppendKey(bytes.Clone(prefix), q.Range.Operands[i]) }
	switch q.Range.Compare {
	case expr.Equals:
		return key(0), after(key(0))
	case expr.Less:
		return prefix, key(0)
	case expr.AtMost:
		return prefix, after(key(0))
	case expr.Greater:
		return after(key(0)), after(prefix)
	case expr.AtLeast:
		return key(0), after(prefix)
	case expr.Between:
		return key(0), after(key(1))
	}
	begin := item.AppendPrefix(bytes.Clone(prefix), q.Range.Operands[0])
	return begin, after(begin)
}

// Within says whether a start key can be one of those that a read would give.
func (d *Definition) Within(q *Read, start item.Item) bool {
	lower, upper := d.bounds(q)
	at := d.position(q.Index, start)
	return at != nil && bytes.Compare(at, lower) >= 0 && bytes.Compare(at, upper) < 0
}

// pager fills a page.
type pager struct {
	Page
	d *Definition
	q *Read
	r pebble.Reader
}

func (p *pager) next(k, v []byte) (more bool, err error) {
	stored := v
	if p.q.Index != nil {
		keys, err := p.d.keysOf(p.q.Index, k)
		if err != nil {
			return false, err
		}
		var done func()
		stored, done, err = get(p.r, p.d.itemKey(keys))
		defer done()
		if err != nil {
			return false, err
		}
		if stored == nil {
			return false, fmt.Errorf("index %d of table %d has an entry without an item", p.q.Index.ID, p.d.ID)
		}
	}
	size, json, err := splitItem(stored)
	if err != nil {
		return false, err
	}
	if err := p.take(size, json); err != nil {
		return false, err
	}
	p.Scanned++
	if p.Scanned != p.q.Limit && p.Bytes <= PageSize {
		return true, nil
	}
	p.Last, err = p.d.keysOf(p.q.Index, k)
	return false, err
}

// take filters an item and adds it to the page.
func (p *pager) take(size int, json []byte) error {
	q := p.q
	narrow := q.Index != nil && q.Index.Projection != All
	if !narrow && q.Filter == nil && q.Project == nil {
		p.Bytes += size
		p.Count++
		if !q.Count {
			p.Items = append(p.Items, bytes.Clone(json))
		}
		return nil
	}
	it, err := item.Decode(json)
	if err != nil {
		return err
	}
	visible := it
	if narrow {
		visible = p.d.projected(q.Index, it)
		p.Bytes += visible.Size()
		if q.Full {
			visible = it
		}
	} else {
		p.Bytes += size
	}
	if !q.Filter.Holds(visible) {
		return nil
	}
	p.Count++
	if q.Full {
		p.Fetched += (size + 4095) / 4096
	}
	if !q.Count {
		p.Items = append(p.Items, q.Project.Of(visible).AppendJSON(nil))
	}
	return nil
}
