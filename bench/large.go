package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	batch     = 25 // items of a BatchWriteItem call
	someItems = 10_000
)

// large fills a table and looks at memory and queries, beside a small table.
func (r *run) large() error {
	b, err := newBox(r.ctx, r.binary)
	if err != nil {
		return err
	}
	defer b.stop()
	if err := createOrders(b.address, ""); err != nil {
		return err
	}
	have := 0
	for _, items := range []int{min(someItems, r.items), r.items} {
		begin := time.Now()
		if err := r.fillTable(b.address, have, items); err != nil {
			return err
		}
		took := time.Since(begin)
		if items > have {
			row(fmt.Sprintf("%d items put in batches of %d", items-have, batch), "%8.0f items/s", float64(items-have)/took.Seconds())
		}
		have = items
		if err := r.askTable(b, items); err != nil {
			return err
		}
	}
	return nil
}

// fillTable puts the orders from one number to another.
func (r *run) fillTable(address string, from, to int) error {
	var next atomic.Int64
	next.Store(int64(from))
	_, _, err := load(r.ctx, address, func(int, int) []byte {
		n := int(next.Add(batch)) - batch
		if n >= to {
			return nil
		}
		var body strings.Builder
		body.WriteString(`{"RequestItems":{"orders":[`)
		for i := n; i < min(n+batch, to); i++ {
			if i > n {
				body.WriteByte(',')
			}
			body.WriteString(`{"PutRequest":{"Item":` + order(i) + `}}`)
		}
		body.WriteString("]}}")
		request, err := tableCall(address, "BatchWriteItem", body.String())
		if err != nil {
			return nil
		}
		return request
	}, `"UnprocessedItems":{}`, 16, time.Hour)
	return err
}

// askTable queries random customers, one connection, then many.
func (r *run) askTable(b *box, items int) error {
	raw := make([][]byte, 20_000)
	query := works[2]
	for i := range raw {
		var err error
		if raw[i], err = tableCall(b.address, query.op, query.body(rand.IntN(max(1, items/ofOne))*ofOne)); err != nil {
			return err
		}
	}
	for _, connections := range []int{1, clients} {
		rate, times, err := load(r.ctx, b.address, func(int, int) []byte { return raw[rand.IntN(len(raw))] }, query.holds, connections, r.seconds)
		if err != nil {
			return err
		}
		row(fmt.Sprintf("query of %d, table of %d items, %d connection(s)", asked, items, connections), "%8.0f /s  p50 %v  p99 %v", rate, quantile(times, 0.5), quantile(times, 0.99))
	}
	row("resident, and on disk, with "+strconv.Itoa(items)+" items", "%.0f MB, %.0f MB", b.resident(), onDisk(b.data))
	return nil
}

// onDisk is how much a directory takes, in MB.
func onDisk(dir string) float64 {
	var sum int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return float64(sum) / (1 << 20)
}
