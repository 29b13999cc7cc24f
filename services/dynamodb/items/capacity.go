package items

import (
	"math"

	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/item"
	"github.com/signalbox/signalbox/services/dynamodb/table"
	"github.com/signalbox/signalbox/wire"
)

// Capacity units as the developer guide's page "DynamoDB read and write
// operations" counts them: a read unit for each 4 KB begun, half of one where
// the read need not be consistent, two in a transaction; a write unit for each
// KB begun, two in a transaction.

func readUnits(bytes int, consistent bool) float64 {
	units := math.Ceil(float64(max(bytes, 1)) / 4096)
	if !consistent {
		units /= 2
	}
	return units
}

func writeUnits(bytes int) float64 { return math.Ceil(float64(max(bytes, 1)) / 1024) }

// usage is what an operation consumed of one table.
type usage struct {
	name   string
	table  float64
	local  map[string]float64
	global map[string]float64
}

func (u *usage) index(ix *table.Index, units float64) {
	if units == 0 {
		return
	}
	m := &u.global
	if ix.Local {
		m = &u.local
	}
	if *m == nil {
		*m = map[string]float64{}
	}
	(*m)[ix.Name] += units
}

// tell is the answer's member, nil where it was not asked for. Transactions
// tell read and write units apart.
func (u *usage) tell(how *string, read, write bool) *dynamodb.ConsumedCapacity {
	level := wire.Value(how)
	if level == "" || level == dynamodb.ReturnConsumedCapacityNone {
		return nil
	}
	total := u.table
	for _, m := range []map[string]float64{u.local, u.global} {
		for _, n := range m {
			total += n
		}
	}
	c := &dynamodb.ConsumedCapacity{TableName: new(u.name), CapacityUnits: &total}
	if read {
		c.ReadCapacityUnits = &total
	}
	if write {
		c.WriteCapacityUnits = &total
	}
	if level == dynamodb.ReturnConsumedCapacityIndexes {
		units := func(n float64) dynamodb.Capacity {
			k := dynamodb.Capacity{CapacityUnits: &n}
			if read {
				k.ReadCapacityUnits = &n
			}
			if write {
				k.WriteCapacityUnits = &n
			}
			return k
		}
		c.Table = new(units(u.table))
		for name, n := range u.local {
			if c.LocalSecondaryIndexes == nil {
				c.LocalSecondaryIndexes = map[string]dynamodb.Capacity{}
			}
			c.LocalSecondaryIndexes[name] = units(n)
		}
		for name, n := range u.global {
			if c.GlobalSecondaryIndexes == nil {
				c.GlobalSecondaryIndexes = map[string]dynamodb.Capacity{}
			}
			c.GlobalSecondaryIndexes[name] = units(n)
		}
	}
	return c
}

// add counts a write.
func (u *usage) add(w *table.Write, factor float64) {
	u.table += factor * writeUnits(max(w.OldSize, w.NewSize))
	if w.Action == table.Check || w.Def == nil {
		return
	}
	for i := range w.Def.Index {
		ix := &w.Def.Index[i]
		old, new := w.Def.Entry(ix, w.Old), w.Def.Entry(ix, w.New)
		units := 0.0
		switch {
		case old == nil && new == nil:
		case old == nil:
			units = writeUnits(new.Size())
		case new == nil:
			units = writeUnits(old.Size())
		case !w.Def.SameEntry(ix, w.Old, w.New):
			units = writeUnits(old.Size()) + writeUnits(new.Size())
		case !item.Equal(item.Value{Kind: item.M, Map: old}, item.Value{Kind: item.M, Map: new}):
			units = writeUnits(max(old.Size(), new.Size()))
		}
		u.index(ix, factor*units)
	}
}

func (w *write) consumed(how *string) *dynamodb.ConsumedCapacity {
	if how == nil {
		return nil
	}
	u := usage{name: w.o.Name()}
	u.add(&w.Write, 1)
	return u.tell(how, false, false)
}

// metrics tells of the partition that a write was in, where the table has local
// indexes: only then is its size limited on AWS, and told.
func (w *write) metrics(how *string) *dynamodb.ItemCollectionMetrics {
	if wire.Value(how) != dynamodb.ReturnItemCollectionMetricsSize || w.Def == nil {
		return nil
	}
	for _, ix := range w.Def.Index {
		if ix.Local {
			hash := w.Def.Schema.Hash
			key := item.Item{hash: w.Item[hash]}
			return &dynamodb.ItemCollectionMetrics{ItemCollectionKey: key.AppendJSON(nil), SizeEstimateRangeGB: []float64{0, 1}}
		}
	}
	return nil
}
