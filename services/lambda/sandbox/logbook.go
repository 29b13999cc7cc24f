package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
)

// Bounds of logs.
const (
	tailBytes    = 4 << 10 // of X-Amz-Log-Result (API reference, page Invoke)
	pendingBytes = 1 << 20 // of what waits to be written; then the process waits
	closeTime    = 5 * time.Second
)

// logbook writes one process's log stream, in order and in batches.
type logbook struct {
	pool   *Pool
	stream string
	done   chan struct{} // closed when the writer has ended

	mu      sync.Mutex // guards what follows
	changed *sync.Cond
	pending []string
	size    int      // bytes of pending
	last    []string // of the invocation, for its tail
	lastLen int      // bytes of last, line ends included
	closed  bool
	broken  bool // the last write failed
}

func openLogbook(p *Pool, stream string) *logbook {
	l := &logbook{pool: p, stream: stream, done: make(chan struct{})}
	l.changed = sync.NewCond(&l.mu)
	go l.run()
	return l
}

// add adds a message. It waits while more is pending than may be.
func (l *logbook) add(message string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.size > pendingBytes && !l.closed {
		l.changed.Wait()
	}
	l.last = append(l.last, message)
	l.lastLen += len(message) + 1
	for l.lastLen > 2*tailBytes && len(l.last) > 1 {
		l.lastLen -= len(l.last[0]) + 1
		l.last = l.last[1:]
	}
	if l.closed {
		return
	}
	l.pending = append(l.pending, message)
	l.size += len(message) + 1
	l.changed.Broadcast()
}

// run writes until the logbook is closed and everything is written.
func (l *logbook) run() {
	defer close(l.done)
	for {
		l.mu.Lock()
		for len(l.pending) == 0 && !l.closed {
			l.changed.Wait()
		}
		batch := l.pending
		l.pending, l.size = nil, 0
		l.changed.Broadcast()
		l.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		l.write(batch)
	}
}

func (l *logbook) write(batch []string) {
	r := &l.pool.recipe
	err := l.pool.Logs.Write(context.Background(), r.Scope, r.LogGroup, l.stream, l.pool.Clock.Now(), batch...)
	if err != nil && !l.broken { // told once, not for every line
		l.pool.Logger.Error("writing a function's log", "function", r.Name, "group", r.LogGroup, "error", err)
	}
	l.broken = err != nil
}

// close writes what is pending and ends the log.
func (l *logbook) close() {
	l.mu.Lock()
	l.closed = true
	l.changed.Broadcast()
	l.mu.Unlock()
	late := l.pool.Clock.NewTimer(closeTime)
	defer late.Stop()
	select {
	case <-l.done:
	case <-late.C:
	}
}

// begin forgets the tail: another invocation begins.
func (l *logbook) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last, l.lastLen = nil, 0
}

// tail is the last 4 KB since begin.
func (l *logbook) tail() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.Join(l.last, "\n")
	if text != "" {
		text += "\n"
	}
	return []byte(text[max(0, len(text)-tailBytes):])
}

// platform writes an event of the platform: text, or in the JSON format.
func (l *logbook) platform(text, kind string, record map[string]any) {
	if !l.pool.recipe.JSON {
		l.add(text)
		return
	}
	line, err := json.Marshal(struct {
		Time   string         `json:"time"`
		Type   string         `json:"type"`
		Record map[string]any `json:"record"`
	}{l.now(), "platform." + kind, record})
	if err == nil {
		l.add(string(line))
	}
}

func (l *logbook) now() string {
	return l.pool.Clock.Now().UTC().Format("2006-01-02T15:04:05.000Z")
}

func (l *logbook) initStart() {
	r := &l.pool.recipe
	l.platform("INIT_START Runtime Version: "+r.Runtime, "initStart", map[string]any{
		"initializationType": "on-demand", "phase": "init", "runtimeVersion": r.Runtime,
		"functionName": r.Name, "functionVersion": r.Version,
	})
}

func (l *logbook) start(id string) {
	v := l.pool.recipe.Version
	l.platform("START RequestId: "+id+" Version: "+v, "start", map[string]any{"requestId": id, "version": v})
}

// finish writes END; the JSON format has no such line.
func (l *logbook) finish(id string) {
	if !l.pool.recipe.JSON {
		l.add("END RequestId: " + id)
	}
}

func (l *logbook) timedOut(id, message string) {
	if !l.pool.recipe.JSON {
		l.add(l.now() + " " + id + " " + message)
	}
}

// report is the last line of an invocation.
type report struct {
	id         string
	took, init time.Duration
	used       int    // MB
	kind       string // of the error; empty: success
}

func (l *logbook) report(r report) {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	billed := int(math.Ceil(ms(r.took + r.init)))
	status := "success"
	if r.kind == ErrorTimeout {
		status = "timeout"
	} else if r.kind != "" {
		status = "error"
	}
	memory := l.pool.recipe.Memory
	text := fmt.Sprintf("REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB\t", r.id, ms(r.took), billed, memory, r.used)
	metrics := map[string]any{"durationMs": ms(r.took), "billedDurationMs": billed, "memorySizeMB": memory, "maxMemoryUsedMB": r.used}
	if r.init > 0 {
		text += fmt.Sprintf("Init Duration: %.2f ms\t", ms(r.init))
		metrics["initDurationMs"] = ms(r.init)
	}
	record := map[string]any{"requestId": r.id, "status": status, "metrics": metrics}
	switch {
	case status == "timeout":
		text += "Status: timeout"
	case strings.HasPrefix(r.kind, "Runtime."):
		text += "Status: error\tError Type: " + r.kind
		record["errorType"] = r.kind
	}
	l.platform(text, "report", record)
}
