package journey

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
)

// A block is what one entry of a journey's log holds:
//
//	version  1 byte
//	base     uvarint: milliseconds since 1970, what the records' times count from
//	low,high uvarint: the positions that the records speak of lie between; 0, 0 where none does
//	ids      1 byte: 1 where records tell their event's id
//	records  to the end
//
// and a record is a byte for its kind and then
//
//	source   three strings: subscription, rule, target; the block's next source number, from 0
//	matches  varint time, uvarint n, and n times: varint position, uvarint m, m source numbers
//	attempt  flags, source number, event, varint start, uvarint duration (µs), uvarint number, [failure]
//	outcome  flags, source number, event, varint start, uvarint duration (µs), uvarint number, [failure], 1 byte outcome, varint end
//
// where positions count from the position before, times are milliseconds from
// base, event is a position (0: it has none) and, by its flag, the id, and
// failure, by its flag, is kind, HTTP status, code and message. The id is told
// where there is no position, and of failures, which are asked for when the
// event itself may be gone.
const blockVersion = 1

const (
	recordSource  = 1
	recordMatches = 2
	recordAttempt = 3
	recordOutcome = 4

	flagID      = 1
	flagFailure = 2
)

// maxMessage bounds the failure messages kept, in bytes.
const maxMessage = 1024

// Source names a subscription in a journal. It belongs to one [Journal].
type Source struct {
	Subscription string // the hub's name
	Rule, Target string // ARNs

	block  uint64 // number of the block that defines it last; guarded by the journal's mutex
	number uint64 // in that block
}

// Matches collects what a batch of events matched. The zero value is empty.
type Matches struct {
	positions []engine.Position
	ends      []int // of each position's sources
	sources   []*Source
}

// Reset empties it for the next batch.
func (m *Matches) Reset() {
	clear(m.sources)
	m.positions, m.ends, m.sources = m.positions[:0], m.ends[:0], m.sources[:0]
}

// Begin starts the next event.
func (m *Matches) Begin(p engine.Position) {
	m.positions = append(m.positions, p)
	m.ends = append(m.ends, len(m.sources))
}

// Add notes that the event which was begun last matched s.
func (m *Matches) Add(s *Source) {
	m.sources = append(m.sources, s)
	m.ends[len(m.ends)-1] = len(m.sources)
}

// block is a block in the making.
type block struct {
	number    uint64
	base      int64
	buf       []byte
	sources   uint64
	low, high uint64
	last      uint64 // the position told before
	ids       bool
}

func (b *block) begin(now time.Time) {
	*b = block{number: b.number + 1, base: now.UnixMilli(), buf: b.buf[:0]}
}

func (b *block) empty() bool { return len(b.buf) == 0 }

// sealed is the block as it is appended.
func (b *block) sealed() []byte {
	out := make([]byte, 0, len(b.buf)+32)
	out = append(out, blockVersion)
	out = binary.AppendUvarint(out, uint64(b.base))
	out = binary.AppendUvarint(out, b.low)
	out = binary.AppendUvarint(out, b.high)
	if b.ids {
		out = append(out, 1)
	} else {
		out = append(out, 0)
	}
	return append(out, b.buf...)
}

func (b *block) source(s *Source) uint64 {
	if s.block != b.number {
		s.block, s.number = b.number, b.sources
		b.sources++
		b.buf = append(b.buf, recordSource)
		b.str(s.Subscription)
		b.str(s.Rule)
		b.str(s.Target)
	}
	return s.number
}

func (b *block) str(s string) {
	b.buf = binary.AppendUvarint(b.buf, uint64(len(s)))
	b.buf = append(b.buf, s...)
}

func (b *block) time(t time.Time) {
	b.buf = binary.AppendVarint(b.buf, t.UnixMilli()-b.base)
}

func (b *block) position(p engine.Position) {
	if p != 0 && (b.low == 0 || uint64(p) < b.low) {
		b.low = uint64(p)
	}
	b.high = max(b.high, uint64(p))
	b.buf = binary.AppendVarint(b.buf, int64(uint64(p)-b.last))
	b.last = uint64(p)
}

func (b *block) matches(at time.Time, m *Matches) {
	for _, s := range m.sources {
		b.source(s)
	}
	b.buf = append(b.buf, recordMatches)
	b.time(at)
	b.buf = binary.AppendUvarint(b.buf, uint64(len(m.positions)))
	from := 0
	for i, p := range m.positions {
		b.position(p)
		b.buf = binary.AppendUvarint(b.buf, uint64(m.ends[i]-from))
		for _, s := range m.sources[from:m.ends[i]] {
			b.buf = binary.AppendUvarint(b.buf, s.number)
		}
		from = m.ends[i]
	}
}

func (b *block) attempt(kind byte, s *Source, e *delivery.Event, a *delivery.Attempt) {
	number := b.source(s)
	var flags byte
	if a.Result.Kind != delivery.Success {
		flags |= flagFailure
	}
	if e.Position == 0 || flags&flagFailure != 0 {
		flags |= flagID
		b.ids = true
	}
	b.buf = append(b.buf, kind, flags)
	b.buf = binary.AppendUvarint(b.buf, number)
	b.position(e.Position)
	if flags&flagID != 0 {
		b.str(e.ID)
	}
	b.time(a.Start)
	b.buf = binary.AppendUvarint(b.buf, uint64(max(a.Duration, 0)/time.Microsecond))
	b.buf = binary.AppendUvarint(b.buf, uint64(max(a.Number, 0)))
	if flags&flagFailure != 0 {
		r := &a.Result
		b.buf = append(b.buf, byte(r.Kind))
		b.buf = binary.AppendUvarint(b.buf, uint64(max(r.Status, 0)))
		b.str(r.Code)
		b.str(r.Message[:min(len(r.Message), maxMessage)])
	}
}

func (b *block) outcome(s *Source, e *delivery.Event, o delivery.Outcome, last *delivery.Attempt, now time.Time) {
	b.attempt(recordOutcome, s, e, last)
	b.buf = append(b.buf, byte(o))
	b.time(now)
}

// Record is what a journal keeps of one event and, but for the matching
// itself, one subscription.
type Record struct {
	Position engine.Position // of the event; 0: it was submitted
	EventID  string          // where it is told: without a position, and of failures

	Matched []Source // of a match: the subscriptions; none where nothing matched
	Match   bool     // this is a match
	Source  Source
	Attempt delivery.Attempt
	Outcome delivery.Outcome // 0: a failed attempt
	Time    time.Time        // of a match or an outcome
}

// errBlock is what a block that was not written here gives.
var errBlock = errors.New("not a block of journey records")

// scanner reads a block.
type scanner struct {
	data    []byte
	base    int64
	last    uint64
	sources []Source
	bad     bool
	wanted  func(p engine.Position, id string) bool
}

// scan visits the records of the block that speak of the event at position p
// (if it is not 0) or, where they tell no position or p is 0, of the event id.
func scan(data []byte, p engine.Position, id string, visit func(Record)) error {
	s := scanner{data: data, wanted: func(at engine.Position, name string) bool {
		if at != 0 && p != 0 { // the same id may have come twice
			return at == p
		}
		return name == id && id != ""
	}}
	return s.scan(func(low, high engine.Position, ids bool) bool { return ids || p != 0 && p >= low && p <= high }, visit)
}

// scanAll visits all records of the block.
func scanAll(data []byte, visit func(Record)) error {
	s := scanner{data: data, wanted: func(engine.Position, string) bool { return true }}
	return s.scan(func(engine.Position, engine.Position, bool) bool { return true }, visit)
}

func (s *scanner) scan(worth func(low, high engine.Position, ids bool) bool, visit func(Record)) error {
	if s.byte() != blockVersion {
		return errBlock
	}
	s.base = int64(s.uvarint())
	low, high, ids := engine.Position(s.uvarint()), engine.Position(s.uvarint()), s.byte() == 1
	if !s.bad && !worth(low, high, ids) {
		return nil
	}
	for len(s.data) > 0 && !s.bad {
		switch kind := s.byte(); kind {
		case recordSource:
			s.sources = append(s.sources, Source{Subscription: s.str(), Rule: s.str(), Target: s.str()})
		case recordMatches:
			s.matches(visit)
		case recordAttempt, recordOutcome:
			s.attempt(kind, visit)
		default:
			return errBlock
		}
	}
	if s.bad {
		return errBlock
	}
	return nil
}

func (s *scanner) matches(visit func(Record)) {
	at := s.time()
	for n := s.uvarint(); n > 0 && !s.bad; n-- {
		r := Record{Match: true, Time: at, Position: s.position()}
		mine := s.wanted(r.Position, "")
		for m := s.uvarint(); m > 0 && !s.bad; m-- {
			if src := s.source(); mine && !s.bad {
				r.Matched = append(r.Matched, src)
			}
		}
		if mine && !s.bad {
			visit(r)
		}
	}
}

func (s *scanner) attempt(kind byte, visit func(Record)) {
	flags := s.byte()
	r := Record{Source: s.source(), Position: s.position()}
	if flags&flagID != 0 {
		r.EventID = s.str()
	}
	r.Attempt.Start = s.time()
	r.Attempt.Duration = time.Duration(s.uvarint()) * time.Microsecond
	r.Attempt.Number = int(s.uvarint())
	if flags&flagFailure != 0 {
		r.Attempt.Result = delivery.Result{Kind: delivery.Kind(s.byte()), Status: int(s.uvarint()), Code: s.str(), Message: s.str()}
	}
	if kind == recordOutcome {
		r.Outcome = delivery.Outcome(s.byte())
		r.Time = s.time()
		if r.Outcome == 0 {
			s.bad = true
		}
	}
	if !s.bad && s.wanted(r.Position, r.EventID) {
		visit(r)
	}
}

func (s *scanner) byte() byte {
	if len(s.data) == 0 {
		s.bad = true
		return 0
	}
	c := s.data[0]
	s.data = s.data[1:]
	return c
}

func (s *scanner) uvarint() uint64 {
	v, n := binary.Uvarint(s.data)
	if n <= 0 {
		s.bad, s.data = true, nil
		return 0
	}
	s.data = s.data[n:]
	return v
}

func (s *scanner) varint() int64 {
	v, n := binary.Varint(s.data)
	if n <= 0 {
		s.bad, s.data = true, nil
		return 0
	}
	s.data = s.data[n:]
	return v
}

func (s *scanner) str() string {
	n := s.uvarint()
	if n > uint64(len(s.data)) {
		s.bad, s.data = true, nil
		return ""
	}
	v := string(s.data[:n])
	s.data = s.data[n:]
	return v
}

func (s *scanner) time() time.Time { return time.UnixMilli(s.base + s.varint()).UTC() }

func (s *scanner) position() engine.Position {
	s.last += uint64(s.varint())
	return engine.Position(s.last)
}

func (s *scanner) source() Source {
	n := s.uvarint()
	if n >= uint64(len(s.sources)) {
		s.bad, s.data = true, nil
		return Source{}
	}
	return s.sources[n]
}
