package hub

import (
	"encoding/hex"
	"math/rand/v2"
	"sync"
	"time"
)

// ids makes the ids of events: UUIDs of version 7 (RFC 9562), whose time finds
// the event in its log again. Those of one hub grow from one to the next.
type ids struct {
	mu   sync.Mutex
	last uint64 // milliseconds and, in the low 12 bits, a counter within them
}

const idLen = 36

// appendID appends a new id.
func (g *ids) appendID(dst []byte, now time.Time) []byte {
	g.mu.Lock()
	g.last = max(g.last+1, uint64(now.UnixMilli())<<12)
	v := g.last
	g.mu.Unlock()
	r := rand.Uint64()
	var b [16]byte
	ms := v >> 12
	b[0], b[1], b[2], b[3], b[4], b[5] = byte(ms>>40), byte(ms>>32), byte(ms>>24), byte(ms>>16), byte(ms>>8), byte(ms)
	b[6], b[7] = 0x70|byte(v>>8&0x0f), byte(v)
	for i := range 8 {
		b[8+i] = byte(r >> (8 * i))
	}
	b[8] = b[8]&0x3f | 0x80
	dst = hex.AppendEncode(dst, b[:4])
	for i := 4; i < 10; i += 2 {
		dst = append(dst, '-')
		dst = hex.AppendEncode(dst, b[i:i+2])
	}
	dst = append(dst, '-')
	return hex.AppendEncode(dst, b[10:])
}

// idTime is when an id of version 7 was made; ok is false for other ids.
func idTime(id string) (t time.Time, ok bool) {
	if len(id) != idLen || id[8] != '-' || id[13] != '-' || id[14] != '7' {
		return time.Time{}, false
	}
	b, err := hex.DecodeString(id[:8] + id[9:13])
	if err != nil {
		return time.Time{}, false
	}
	var ms int64
	for _, c := range b {
		ms = ms<<8 | int64(c)
	}
	return time.UnixMilli(ms), true
}
