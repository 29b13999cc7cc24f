package cloudformation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/seal"
	"github.com/signalbox/signalbox/wire"
)

// Collections of the engine.
const (
	stackCollection     = "cloudformation.stack"
	eventCollection     = "cloudformation.event"
	changeSetCollection = "cloudformation.changeset"
)

// keptFor is how long deleted stacks are told of (API reference, ListStacks).
const keptFor = 90 * 24 * time.Hour

// store keeps the stacks: sealed in the engine, and as immutable snapshots in
// memory.
type store struct {
	records engine.Records
	box     *seal.Box
	mu      sync.RWMutex // guards the maps, and serializes writes
	stacks  map[string]*stack
	names   map[string]string // scope and name of stacks that are not deleted → id
}

func openStore(ctx context.Context, records engine.Records, box *seal.Box, now time.Time) (*store, error) {
	s := &store{records: records, box: box, stacks: map[string]*stack{}, names: map[string]string{}}
	all, err := records.List(ctx, stackCollection, "", "", 0)
	if err != nil {
		return nil, fmt.Errorf("loading stacks: %w", err)
	}
	for _, r := range all {
		text, err := box.Open(r.Value, []byte(r.Key))
		if err != nil {
			return nil, fmt.Errorf("opening the stack %s: %w", r.Key, err)
		}
		st, err := readStack(text)
		if err != nil {
			return nil, fmt.Errorf("loading the stack %s: %w", r.Key, err)
		}
		if st.gone() && now.Sub(st.Deleted) > keptFor {
			if err := s.forget(ctx, st.ID); err != nil {
				return nil, err
			}
			continue
		}
		s.remember(st)
	}
	return s, nil
}

func (s *store) remember(st *stack) {
	s.stacks[st.ID] = st
	key := st.Scope.Key(st.Name)
	if !st.gone() {
		s.names[key] = st.ID
	} else if s.names[key] == st.ID {
		delete(s.names, key)
	}
}

// forget deletes a stack's records.
func (s *store) forget(ctx context.Context, id string) error {
	writes := []engine.Write{{Collection: stackCollection, Key: id}}
	events, err := s.records.List(ctx, eventCollection, id+"|", "", 0)
	if err != nil {
		return fmt.Errorf("forgetting the stack %s: %w", id, err)
	}
	for _, e := range events {
		writes = append(writes, engine.Write{Collection: eventCollection, Key: e.Key})
	}
	if _, err := s.records.Apply(ctx, writes...); err != nil {
		return fmt.Errorf("forgetting the stack %s: %w", id, err)
	}
	return nil
}

// byID returns a stack, nil where there is none. It must not be changed.
func (s *store) byID(id string) *stack {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.stacks[id]
}

// find returns the caller's stack by its name or id; a deleted one only by its id.
func (s *store) find(sc wire.Scope, name string) *stack {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !arn.Is(name) {
		name = s.names[sc.Key(name)]
	}
	if st := s.stacks[name]; st != nil && st.Scope == sc {
		return st
	}
	return nil
}

// list returns the caller's stacks, the newest first.
func (s *store) list(sc wire.Scope) (all []*stack) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, st := range s.stacks {
		if st.Scope == sc {
			all = append(all, st)
		}
	}
	slices.SortFunc(all, func(a, b *stack) int {
		if d := b.Created.Compare(a.Created); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all
}

// unfinished lists the stacks with an operation under way.
func (s *store) unfinished() (ids []string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for id, st := range s.stacks {
		if st.busy() {
			ids = append(ids, id)
		}
	}
	return ids
}

// add puts a new stack, unless there is one of its name.
func (s *store) add(ctx context.Context, st *stack, events ...event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names[st.Scope.Key(st.Name)] != "" {
		return alreadyExists(st.Name)
	}
	return s.put(ctx, st, events)
}

// change makes a changed copy of a stack and keeps it with the events of the
// change, in one write. Where edit fails nothing is changed.
func (s *store) change(ctx context.Context, id string, edit func(*stack) ([]event, error)) (*stack, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.stacks[id]
	if old == nil {
		return nil, notThere(id)
	}
	st, err := old.clone()
	if err != nil {
		return nil, fmt.Errorf("copying the stack %s: %w", id, err)
	}
	events, err := edit(st)
	if err != nil {
		return nil, err
	}
	return st, s.put(ctx, st, events)
}

// put writes; the lock is held.
func (s *store) put(ctx context.Context, st *stack, events []event) error {
	writes := make([]engine.Write, 0, 1+len(events))
	for i := range events {
		text, err := json.Marshal(&events[i])
		if err != nil {
			return fmt.Errorf("writing an event of %s: %w", st.ID, err)
		}
		st.Events++
		key := eventKey(st.ID, st.Events)
		writes = append(writes, engine.Write{Collection: eventCollection, Key: key, Value: s.box.Seal(text, []byte(key))})
	}
	text, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("writing the stack %s: %w", st.ID, err)
	}
	writes = append(writes, engine.Write{Collection: stackCollection, Key: st.ID, Value: s.box.Seal(text, []byte(st.ID))})
	if _, err := s.records.Apply(ctx, writes...); err != nil {
		return fmt.Errorf("writing the stack %s: %w", st.ID, err)
	}
	s.remember(st)
	return nil
}

func eventKey(id string, n int) string { return fmt.Sprintf("%s|%010d", id, n) }

// events reads a stack's events, the newest first: those with numbers below
// under (0: all), at most limit. next is the number to go on below, 0 at the end.
func (s *store) events(ctx context.Context, st *stack, under, limit int) (list []event, next int, err error) {
	if under == 0 || under > st.Events+1 {
		under = st.Events + 1
	}
	first := max(under-limit, 1)
	all, err := s.records.List(ctx, eventCollection, st.ID+"|", eventKey(st.ID, first-1), under-first)
	if err != nil {
		return nil, 0, fmt.Errorf("reading the events of %s: %w", st.ID, err)
	}
	for _, r := range all {
		text, err := s.box.Open(r.Value, []byte(r.Key))
		if err != nil {
			return nil, 0, fmt.Errorf("opening the event %s: %w", r.Key, err)
		}
		var e event
		if err := json.Unmarshal(text, &e); err != nil {
			return nil, 0, fmt.Errorf("reading the event %s: %w", r.Key, err)
		}
		list = append(list, e)
	}
	slices.Reverse(list)
	if first > 1 {
		next = first
	}
	return list, next, nil
}
