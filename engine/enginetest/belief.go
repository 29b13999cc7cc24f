package enginetest

import (
	"cmp"

	"github.com/signalbox/signalbox/engine"
)

// A belief is what a ledger says an engine must have, and may have.
type belief struct {
	entries map[string]map[engine.Position]string
	trimmed map[string]span
	counted span // increments
	latest  map[string]engine.Revision
	tries   map[string]map[string]bool // what a key may be: known last, or tried since
	rev     engine.Revision
	message map[uint64]*messageBelief
	cleared map[string]span // generations
	blobs   map[engine.Digest]string
	token   uint64
}

// A span is what is known at least, and what was tried at most.
type span struct{ least, most int }

type messageBelief struct {
	id           uint64
	known        bool
	body         string // at least: bodies only grow
	most         string
	settled      bool
	maybeSettled bool
}

// believe reads the ledger: what was known before the first mark, what was
// tried before the second.
func (w *Workload) believe(acknowledged, tried Mark) *belief {
	w.mu.Lock()
	ledger := w.ledger[:tried]
	w.mu.Unlock()
	b := &belief{
		entries: map[string]map[engine.Position]string{},
		trimmed: map[string]span{},
		latest:  map[string]engine.Revision{},
		tries:   map[string]map[string]bool{},
		message: map[uint64]*messageBelief{},
		cleared: map[string]span{},
		blobs:   map[engine.Digest]string{},
	}
	for i, f := range ledger {
		f.tried(b)
		if Mark(i) < acknowledged {
			f.known(b)
		}
	}
	return b
}

func (b *belief) of(id uint64) *messageBelief {
	m := b.message[id]
	if m == nil {
		m = &messageBelief{id: id}
		b.message[id] = m
	}
	return m
}

// longer is the later of two bodies.
func longer(a, b string) string {
	if cmp.Compare(len(a), len(b)) < 0 {
		return b
	}
	return a
}

// entryFact: an entry was acknowledged or read.
type entryFact struct {
	log  string
	at   engine.Position
	data string
}

func (entryFact) tried(*belief) {}
func (f entryFact) known(b *belief) {
	if b.entries[f.log] == nil {
		b.entries[f.log] = map[engine.Position]string{}
	}
	b.entries[f.log][f.at] = f.data
}

type trimFact struct {
	log    string
	before engine.Position
	done   bool
}

func (f trimFact) tried(b *belief) {
	s := b.trimmed[f.log]
	s.most = max(s.most, int(f.before))
	b.trimmed[f.log] = s
}

func (f trimFact) known(b *belief) {
	if f.done {
		s := b.trimmed[f.log]
		s.least = max(s.least, int(f.before))
		b.trimmed[f.log] = s
	}
}

type countFact struct {
	done     bool
	revision engine.Revision
}

func (f countFact) tried(b *belief) {
	if !f.done {
		b.counted.most++
	}
}

func (f countFact) known(b *belief) {
	if f.done {
		b.counted.least++
		b.rev = max(b.rev, f.revision)
	}
}

// pairFact: a value was tried, or, with a revision, is known to have stood.
type pairFact struct {
	key, value string
	revision   engine.Revision
}

func (f pairFact) tried(b *belief) {
	if b.tries[f.key] == nil {
		b.tries[f.key] = map[string]bool{}
	}
	b.tries[f.key][f.value] = true
}

func (f pairFact) known(b *belief) {
	b.rev = max(b.rev, f.revision)
	if f.revision > b.latest[f.key] {
		b.latest[f.key] = f.revision
		b.tries[f.key] = map[string]bool{f.value: true}
	}
}

// messageFact: a message was enqueued or leased.
type messageFact struct {
	id   uint64
	body string
}

func (f messageFact) tried(b *belief) { m := b.of(f.id); m.most = longer(m.most, f.body) }
func (f messageFact) known(b *belief) {
	m := b.of(f.id)
	m.known, m.body = true, longer(m.body, f.body)
}

type bodyFact struct {
	id   uint64
	body string
	done bool
}

func (f bodyFact) tried(b *belief) { m := b.of(f.id); m.most = longer(m.most, f.body) }
func (f bodyFact) known(b *belief) {
	if f.done {
		m := b.of(f.id)
		m.body = longer(m.body, f.body)
	}
}

type settleFact struct {
	id   uint64
	done bool
}

func (f settleFact) tried(b *belief) { b.of(f.id).maybeSettled = true }
func (f settleFact) known(b *belief) {
	if f.done {
		b.of(f.id).settled = true
	}
}

// clearFact: a generation was begun, or, when done, dropped or purged.
type clearFact struct {
	name       string
	generation int
	done       bool
}

func (f clearFact) tried(b *belief) {
	s := b.cleared[f.name]
	s.most = max(s.most, f.generation)
	b.cleared[f.name] = s
}

func (f clearFact) known(b *belief) {
	if f.done {
		s := b.cleared[f.name]
		s.least = max(s.least, f.generation+1)
		b.cleared[f.name] = s
	}
}

type blobFact struct {
	digest  engine.Digest
	content string
}

func (blobFact) tried(*belief)     {}
func (f blobFact) known(b *belief) { b.blobs[f.digest] = f.content }

type tokenFact struct{ token uint64 }

func (tokenFact) tried(*belief)     {}
func (f tokenFact) known(b *belief) { b.token = max(b.token, f.token) }
