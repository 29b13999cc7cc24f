package queue

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A stored is a message as it was enqueued.
type stored struct {
	enqueued int64
	due      int64
	delayed  bool // it was not due when it was enqueued, and stands on the shelf of the delayed
	group    string
	dedup    string
	body     []byte
}

// A state is what changed since: it is stored once a lease ended without the
// message being settled.
type state struct {
	due     int64
	first   int64
	count   int
	delayed bool
}

// Flags of a message in the order of due times and among its group's members.
const (
	flagState = 1 << iota // a state is stored
	flagGroup             // the group's name follows
)

func (m *stored) size() int { return 8 + 8 + 1 + 2 + len(m.group) + 2 + len(m.dedup) + len(m.body) }

func (m *stored) encode(b []byte) {
	be := binary.BigEndian
	b = be.AppendUint64(b[:0], uint64(m.enqueued))
	b = be.AppendUint64(b, uint64(m.due))
	b = append(b, flag(m.delayed, 1))
	b = append(be.AppendUint16(b, uint16(len(m.group))), m.group...)
	b = append(be.AppendUint16(b, uint16(len(m.dedup))), m.dedup...)
	_ = append(b, m.body...)
}

// decodeStored shares the body's memory with b.
func decodeStored(b []byte) (m stored, err error) {
	text := func() string {
		if len(b) < 2 || len(b) < 2+int(binary.BigEndian.Uint16(b)) {
			err = fmt.Errorf("a message is damaged")
			return ""
		}
		n := 2 + int(binary.BigEndian.Uint16(b))
		s := string(b[2:n])
		b = b[n:]
		return s
	}
	if len(b) < 17 {
		return m, fmt.Errorf("a message is damaged")
	}
	m.enqueued = int64(binary.BigEndian.Uint64(b))
	m.due = int64(binary.BigEndian.Uint64(b[8:]))
	m.delayed = b[16] != 0
	b = b[17:]
	m.group, m.dedup = text(), text()
	m.body = b
	return m, err
}

func (s *state) encode() []byte {
	be := binary.BigEndian
	b := be.AppendUint64(nil, uint64(s.due))
	b = be.AppendUint64(b, uint64(s.first))
	b = be.AppendUint32(b, uint32(s.count))
	return append(b, flag(s.delayed, 1))
}

func decodeState(b []byte) (s state, err error) {
	if len(b) != 21 {
		return s, fmt.Errorf("a message's state is damaged")
	}
	return state{
		due:     int64(binary.BigEndian.Uint64(b)),
		first:   int64(binary.BigEndian.Uint64(b[8:])),
		count:   int(binary.BigEndian.Uint32(b[16:])),
		delayed: b[20] != 0,
	}, nil
}

func flag(set bool, f byte) byte {
	if set {
		return f
	}
	return 0
}

// A groupRecord is what is stored of a group that has messages.
type groupRecord struct {
	count int
	head  place
}

func (r *groupRecord) encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(r.count))
	b = binary.BigEndian.AppendUint64(b, r.head.id)
	return binary.BigEndian.AppendUint64(b, uint64(r.head.due))
}

func decodeGroup(b []byte) (r groupRecord, err error) {
	if len(b) != 24 {
		return r, fmt.Errorf("a group is damaged")
	}
	r.count = int(binary.BigEndian.Uint64(b))
	r.head = place{int64(binary.BigEndian.Uint64(b[16:])), binary.BigEndian.Uint64(b[8:])}
	return r, nil
}

// A token is the message's id and the lease's nonce.
func makeToken(id, nonce uint64) string {
	b := strconv.AppendUint(make([]byte, 0, 34), id, 36)
	return string(strconv.AppendUint(append(b, '-'), nonce, 36))
}

func parseToken(s string) (id, nonce uint64, ok bool) {
	a, b, ok := strings.Cut(s, "-")
	if !ok || len(s) > 40 {
		return 0, 0, false
	}
	id, err1 := strconv.ParseUint(a, 36, 64)
	nonce, err2 := strconv.ParseUint(b, 36, 64)
	return id, nonce, err1 == nil && err2 == nil && makeToken(id, nonce) == s
}

func millis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// dueMillis is the first millisecond that is not before t.
func dueMillis(t time.Time) int64 {
	ms := t.UnixMilli()
	if t.Nanosecond()%1e6 != 0 {
		ms++
	}
	return max(ms, 0)
}
