package hub

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// putBuffer is what one Put builds its entries in.
type putBuffer struct {
	scratch []byte   // one envelope
	bytes   []byte   // all entries, one after another
	ends    []int    // of each entry in bytes
	data    [][]byte // the entries
}

// maxKeptBuffer bounds the buffers that are kept for the next Put, in bytes.
const maxKeptBuffer = 1 << 20

var putBuffers = sync.Pool{New: func() any { return new(putBuffer) }}

// Put appends the events to the bus's log and returns their ids, in the order
// of the events. When it returns nil, all of them are durable and will be seen
// by every subscription there is; when it returns an error that comes of an
// event ([ErrDetail], [ErrEnvelope]), none was written. After any other error
// they are in the log all or none.
//
// Put waits for the log alone, never for matching or for targets.
func (h *Hub) Put(ctx context.Context, busName string, events []Event) ([]string, error) {
	if len(events) == 0 {
		return nil, nil
	}
	if h.isClosed() {
		return nil, ErrClosed
	}
	buf := putBuffers.Get().(*putBuffer)
	defer buf.release()
	now := h.clk.Now()
	var idText strings.Builder
	idText.Grow(len(events) * idLen)
	idEnds := make([]int, 0, 16)
	for i := range events {
		e := &events[i]
		var from, to int
		var err error
		buf.scratch, from, to, err = e.appendEnvelope(buf.scratch[:0], &h.ids, now)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
		buf.bytes = e.appendHeader(buf.bytes, now, from, to-from)
		buf.bytes = append(buf.bytes, buf.scratch...)
		buf.ends = append(buf.ends, len(buf.bytes))
		idText.Write(buf.scratch[from:to])
		idEnds = append(idEnds, idText.Len())
	}
	start := 0
	for _, end := range buf.ends {
		buf.data = append(buf.data, buf.bytes[start:end])
		start = end
	}
	if err := h.append(ctx, busName, buf.data); err != nil {
		return nil, fmt.Errorf("put events on %s: %w", busName, err)
	}
	all, start := idText.String(), 0
	ids := make([]string, len(events))
	for i, end := range idEnds {
		ids[i], start = all[start:end], end
	}
	return ids, nil
}

// append writes the entries to the bus's log, unless the bus is dropped
// meanwhile: then to that of the new bus of its name.
func (h *Hub) append(ctx context.Context, busName string, data [][]byte) error {
	for {
		b, err := h.registered(ctx, busName)
		if err != nil {
			return err
		}
		b.gate.RLock()
		dropped := b.dropped
		if !dropped {
			_, err = h.logs.Append(ctx, b.log, data...)
		}
		b.gate.RUnlock()
		if !dropped {
			return err
		}
	}
}

func (p *putBuffer) release() {
	if cap(p.bytes) > maxKeptBuffer || cap(p.scratch) > maxKeptBuffer {
		return
	}
	clear(p.data)
	p.scratch, p.bytes, p.ends, p.data = p.scratch[:0], p.bytes[:0], p.ends[:0], p.data[:0]
	putBuffers.Put(p)
}
