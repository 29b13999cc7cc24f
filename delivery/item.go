package delivery

import "time"

// item is an event in a runner's hands.
//
// Between begun being set and the end of its round it belongs to the round's
// goroutine; at all other times the runner's mu guards it.
type item struct {
	event      Event
	prev, next *item // in the runner's list of offered events
	size       int   // bytes, for the bounds on memory
	begun      bool
	group      *group // nil where no order is kept

	attempts  int     // made so far
	last      Attempt // the last of them; its Number is 0 where there was none
	bury      bool    // given up: what remains is to bury it
	exhausted string  // for Dead

	// Of a leased record; id is 0 for an event from the log.
	id     uint64
	token  string
	until  time.Time
	writer uint64 // Runner.opened of the runner that wrote it
	again  *item  // the record's next lease, where it was made before this one's round is over
	// queueGroup is the group that the engine's queue has it in, while it is another's again.
	queueGroup string

	// Of the round under way.
	input []byte
	due   time.Time // of the next attempt, where there is to be one
	asked bool      // the target asked for due
	fate  fate
}

// fate is what a round made of an item.
type fate uint8

const (
	fateLeft    fate = iota // nothing: the runner closes
	fateSettled             // it has its outcome, durably
	fateQueued              // it is durable in the queue, with a due time
	fateMoved               // it is durable in the queue under another id
	fateLost                // its lease ran out: it comes again
)

func newItem(e Event) *item {
	return &item{event: e, size: len(e.Data) + len(e.ID) + len(e.Group) + len(e.Trace) + 256}
}

// list is the offered events that are not settled, in their order.
type list struct {
	head, tail *item
	n, bytes   int
}

func (l *list) push(it *item) {
	it.prev = l.tail
	if l.tail != nil {
		l.tail.next = it
	} else {
		l.head = it
	}
	l.tail = it
	l.n++
	l.bytes += it.size
}

func (l *list) remove(it *item) {
	if it.prev != nil {
		it.prev.next = it.next
	} else {
		l.head = it.next
	}
	if it.next != nil {
		it.next.prev = it.prev
	} else {
		l.tail = it.prev
	}
	it.prev, it.next = nil, nil
	l.n--
	l.bytes -= it.size
}

// shorten makes the wait of a record no longer than it was to be when it was
// written: the clock may have been set back since.
func (it *item) shorten(now time.Time) {
	wait := it.due.Sub(it.last.Start.Add(it.last.Duration))
	if latest := now.Add(max(0, wait)); it.due.After(latest) {
		it.due = latest
	}
}
