package table

import (
	"slices"

	"github.com/signalbox/signalbox/services/dynamodb/item"
	"github.com/signalbox/signalbox/wire"
)

// The bounds of keys, in bytes.
const (
	MaxHash  = 2048
	MaxRange = 1024
)

// Schema names the attributes of a key: a partition key and perhaps a sort key.
type Schema struct {
	Hash  string
	Range string `json:",omitempty"`
}

// Names are the key's attributes, the partition key first.
func (s Schema) Names() []string {
	if s.Range == "" {
		return []string{s.Hash}
	}
	return []string{s.Hash, s.Range}
}

// Projections of indexes.
const (
	All      = "ALL"
	KeysOnly = "KEYS_ONLY"
	Include  = "INCLUDE"
)

// Index is a secondary index.
type Index struct {
	ID         uint32
	Name       string
	Schema     Schema
	Local      bool   `json:",omitempty"` // of the table's own partitions
	Projection string // All, KeysOnly, Include
	Include    []string
	// Building is set until the index holds all items; it is written to, but
	// not read, meanwhile.
	Building bool `json:",omitempty"`
}

// Stream is a table's change stream.
type Stream struct {
	Label  string // of its ARN
	View   string // NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES, KEYS_ONLY
	Shards int
	Logs   string // what the names of its logs begin with
}

// Definition is all of a table that its data depends on. It is not changed, but
// replaced.
type Definition struct {
	ID     uint32
	Schema Schema
	Kinds  map[string]string // of the attributes in keys: "S", "N", "B"
	Index  []Index           `json:",omitempty"`
	Stream *Stream           `json:",omitempty"`
	TTL    string            `json:",omitempty"` // the attribute that says when an item expires
}

// Find returns an index by its name, nil where there is none.
func (d *Definition) Find(name string) *Index {
	for i := range d.Index {
		if d.Index[i].Name == name {
			return &d.Index[i]
		}
	}
	return nil
}

func (d *Definition) kind(name string) item.Kind { return item.KindOf(d.Kinds[name]) }

// Keys are the attributes that position an entry: the index's own, then the
// table's where they are others. For the table itself ix is nil.
func (d *Definition) Keys(ix *Index) []string {
	keys := d.Schema.Names()
	if ix == nil {
		return keys
	}
	all := ix.Schema.Names()
	for _, k := range keys {
		if !slices.Contains(all, k) {
			all = append(all, k)
		}
	}
	return all
}

// Projects says whether an index projects an attribute.
func (d *Definition) Projects(ix *Index, name string) bool {
	return ix.Projection == All || slices.Contains(ix.Include, name) || slices.Contains(d.Keys(ix), name)
}

// projected is the part of an item that an index projects.
func (d *Definition) projected(ix *Index, it item.Item) item.Item {
	if ix == nil || ix.Projection == All {
		return it
	}
	out := item.Item{}
	for _, names := range [][]string{d.Keys(ix), ix.Include} {
		for _, name := range names {
			if v, ok := it[name]; ok {
				out[name] = v
			}
		}
	}
	return out
}

func invalid(format string, args ...any) error {
	return wire.Errorf(wire.CodeValidation, format, args...)
}

var errKey = invalid("The provided key element does not match the schema")

// CheckKey checks that a request's key is one of the table: its attributes and
// no others, of the right types.
func (d *Definition) CheckKey(key item.Item) error {
	names := d.Schema.Names()
	if len(key) != len(names) {
		return errKey
	}
	for _, name := range names {
		v, ok := key[name]
		if !ok || v.Kind != d.kind(name) {
			return errKey
		}
	}
	return d.checkValues(key)
}

// CheckItem checks the keys of an item that is to be put.
func (d *Definition) CheckItem(it item.Item) error {
	for _, name := range d.Schema.Names() {
		v, ok := it[name]
		if !ok {
			return invalid("One or more parameter values were invalid: Missing the key %s in the item", name)
		}
		if k := d.kind(name); v.Kind != k {
			return invalid("One or more parameter values were invalid: Type mismatch for key %s expected: %s actual: %s", name, k, v.Kind)
		}
	}
	if err := d.checkValues(it); err != nil {
		return err
	}
	return d.checkIndexes(it, false)
}

// KeyAttributes are the keys of the table's indexes that are not its own.
func (d *Definition) KeyAttributes() []string {
	var list []string
	for i := range d.Index {
		for _, name := range d.Index[i].Schema.Names() {
			if name != d.Schema.Hash && name != d.Schema.Range {
				list = append(list, name)
			}
		}
	}
	return list
}

// checkValues checks what keys hold.
func (d *Definition) checkValues(it item.Item) error {
	for _, name := range d.Schema.Names() {
		if v := it[name]; v.Kind != item.N && v.Text == "" {
			return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", noun(v.Kind), name)
		}
	}
	if len(it[d.Schema.Hash].Text) > MaxHash {
		return invalid("One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes")
	}
	if d.Schema.Range != "" && len(it[d.Schema.Range].Text) > MaxRange {
		return invalid("One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
	}
	return nil
}

func noun(k item.Kind) string {
	if k == item.B {
		return "binary"
	}
	return "string"
}

// checkIndexes checks the attributes of an item that are keys of indexes; an
// item without them is simply not in the index.
func (d *Definition) checkIndexes(it item.Item, update bool) error {
	for i := range d.Index {
		ix := &d.Index[i]
		for _, name := range ix.Schema.Names() {
			v, ok := it[name]
			if !ok {
				continue
			}
			if k := d.kind(name); v.Kind != k {
				return invalid("One or more parameter values were invalid: Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", name, k, v.Kind, ix.Name)
			}
			if v.Kind != item.N && v.Text == "" {
				if update {
					return invalid("One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty %s value.", noun(v.Kind))
				}
				return invalid("One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %s, IndexKey: %s", noun(v.Kind), ix.Name, name)
			}
		}
		if len(it[ix.Schema.Hash].Text) > MaxHash {
			return invalid("One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes")
		}
		if ix.Schema.Range != "" && len(it[ix.Schema.Range].Text) > MaxRange {
			return invalid("One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
		}
	}
	return nil
}

// Entry is what an index projects of an item; nil where it has no entry for it.
func (d *Definition) Entry(ix *Index, it item.Item) item.Item {
	if it == nil || d.entryKey(ix, it) == nil {
		return nil
	}
	return d.projected(ix, it)
}

// SameEntry says whether two states of an item have their entry in one place.
func (d *Definition) SameEntry(ix *Index, a, b item.Item) bool {
	return string(d.entry(ix, a)) == string(d.entry(ix, b))
}
