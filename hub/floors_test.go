package hub

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/signalbox/signalbox/engine"
)

// Floors are written some at a time, where there are many. A crash in between
// must not take one that follows a tail begun anew for as far as the old one was.
func TestNoFloorIsTooHighWhenOnlySomeAreWritten(t *testing.T) {
	f := open(t, Options{})
	f.subscribe("bus", Subscription{ID: "old", Delivery: to(&receiver{})})
	f.put("bus", orders(0, 200)...)
	f.until("it has all", func() bool { return f.status("bus", "old").Floor == 201 })
	if _, err := f.writeFloors(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.again(Options{})
	if err := f.Unsubscribe(t.Context(), "bus", "old"); err != nil {
		t.Fatal(err)
	}
	f.subscribe("bus", Subscription{ID: "new", Delivery: to(&receiver{}), Start: At(50), Paused: true})
	b, err := f.bus("bus")
	if err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	s := b.subs["new"]
	s.conf.Paused = false
	b.tail, b.tailNext = &tail{bus: b, cancel: func() {}}, 60 // it stands still
	b.attach(s)
	b.mu.Unlock()
	var fl floors
	if err := fl.look(b); err != nil {
		t.Fatal(err)
	}
	recorded, cur := engine.Position(201), cursor{Position: 50}
	for _, w := range fl.writes() {
		switch w.Collection {
		case tailsCollection:
			n, err := strconv.Atoi(string(w.Value))
			if err != nil {
				t.Fatal(err)
			}
			recorded = engine.Position(n)
		default:
			cur = cursor{}
			if err := json.Unmarshal(w.Value, &cur); err != nil {
				t.Fatal(err)
			}
		}
		if at := cur.place(recorded); at > 60 {
			t.Errorf("a crash now would begin at %d, and it has seen what is below 60", at)
		}
	}
	if at := cur.place(recorded); at != 60 {
		t.Errorf("in the end its place is %d", at)
	}
}
