package sqs_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/services/sqs"
	"github.com/signalbox/signalbox/wire"
)

// ledger is what the sender and the receiver know: what they began, and what
// was acknowledged.
type ledger struct {
	sending, sent, deleting, deleted map[string]bool
}

func (l ledger) clone() ledger {
	return ledger{maps.Clone(l.sending), maps.Clone(l.sent), maps.Clone(l.deleting), maps.Clone(l.deleted)}
}

// worker sends, receives, deletes, lets messages die and moves them back.
type worker struct {
	t     *testing.T
	s     *sqs.Service
	clock *clock.Fake
	ctx   context.Context
	r     *rand.Rand
	fifo  bool

	mu     sync.Mutex // guards the ledger
	ledger ledger
}

func (w *worker) url(name string) *string {
	if w.fifo {
		name += ".fifo"
	}
	return aws.String("/" + account + "/" + name)
}

func (w *worker) arn(name string) *string {
	if w.fifo {
		name += ".fifo"
	}
	return aws.String(arnOf(name))
}

func (w *worker) note(change func(*ledger)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.ledger)
}

func (w *worker) create() {
	for _, name := range []string{"dead", "source"} {
		in := &sqs.CreateQueueInput{QueueName: new((*w.url(name))[len("/"+account+"/"):]), Attributes: map[string]string{}}
		if w.fifo {
			in.Attributes["FifoQueue"], in.Attributes["ContentBasedDeduplication"] = "true", "true"
		}
		if name == "source" {
			in.Attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":1}`, *w.arn("dead"))
		}
		if _, err := w.s.CreateQueue(w.ctx, in); err != nil {
			w.t.Error(err)
		}
	}
}

func (w *worker) work(rounds int) {
	for i := range rounds {
		body := fmt.Sprint("m", i)
		w.note(func(l *ledger) { l.sending[body] = true })
		in := &sqs.SendMessageInput{QueueUrl: w.url("source"), MessageBody: &body}
		if w.fifo {
			in.MessageGroupId = aws.String(fmt.Sprint("g", i%3))
		}
		if _, err := w.s.SendMessage(w.ctx, in); err != nil {
			w.t.Error(err)
			return
		}
		w.note(func(l *ledger) { l.sent[body] = true })
		switch w.r.IntN(4) {
		case 0:
			w.consume()
		case 1:
			w.clock.Advance(31 * time.Second)
		case 2:
			// It may be refused while a task is running.
			_, _ = w.s.StartMessageMoveTask(w.ctx, &sqs.StartMessageMoveTaskInput{SourceArn: w.arn("dead")})
		}
	}
}

// consume receives some messages and deletes every other.
func (w *worker) consume() {
	out, err := w.s.ReceiveMessage(w.ctx, &sqs.ReceiveMessageInput{QueueUrl: w.url("source"), MaxNumberOfMessages: aws.Int32(5)})
	if err != nil {
		w.t.Error(err)
		return
	}
	for i, m := range out.Messages {
		if i%2 == 1 {
			continue
		}
		w.note(func(l *ledger) { l.deleting[*m.Body] = true })
		if _, err := w.s.DeleteMessage(w.ctx, &sqs.DeleteMessageInput{QueueUrl: w.url("source"), ReceiptHandle: m.ReceiptHandle}); err != nil {
			w.t.Error(err)
			return
		}
		w.note(func(l *ledger) { l.deleted[*m.Body] = true })
	}
}

// present lists what lies in both queues once all move tasks are over.
func (w *worker) present() map[string]bool {
	for {
		out, err := w.s.ListMessageMoveTasks(w.ctx, &sqs.ListMessageMoveTasksInput{SourceArn: w.arn("dead")})
		if err != nil {
			w.t.Error(err)
			return nil
		}
		if len(out.Results) == 0 || *out.Results[0].Status != "RUNNING" {
			break
		}
	}
	found := map[string]bool{}
	for _, name := range []string{"source", "dead"} {
		for {
			got, err := w.s.Receive(w.ctx, *w.arn(name), sqs.ReceiveParams{Max: 1000})
			if err != nil {
				w.t.Error(err)
				return nil
			}
			if len(got) == 0 {
				break
			}
			for _, m := range got {
				found[string(m.Body)] = true
			}
		}
	}
	return found
}

// TestNothingIsLostInACrash takes the disk as it would be after a power
// failure at random moments of a busy service, and looks at what a service on
// that disk has: all that was acknowledged as sent and not begun to be
// deleted, nothing that was acknowledged as deleted, nothing that nobody sent.
func TestNothingIsLostInACrash(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		t.Run(fmt.Sprint("fifo ", fifo), func(t *testing.T) { crash(t, fifo, 20) })
	}
}

func crash(t *testing.T, fifo bool, crashes int) {
	fs, c := vfs.NewCrashableMem(), clock.NewFake(noon)
	e := openEngine(t, fs, c)
	s, err := sqs.New(e, c, sqs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := wire.NewContext(t.Context(), &wire.Request{Account: account, Region: region})
	w := &worker{
		t: t, s: s, clock: c, ctx: ctx, r: rand.New(rand.NewPCG(7, 7)), fifo: fifo,
		ledger: ledger{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}},
	}
	w.create()
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.work(400)
	}()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range crashes {
		for n := 0; ; n = len(w.snapshot().sent) { // spread the crashes over the work
			if n > i*400/crashes {
				break
			}
			select {
			case <-done:
				n = 400
			default:
			}
		}
		before := w.snapshot()
		disk := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: rand.New(rand.NewPCG(uint64(i), 3))})
		after := w.snapshot()
		check(t, w, disk, before, after)
	}
	<-done
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func (w *worker) snapshot() ledger {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ledger.clone()
}

func check(t *testing.T, w *worker, disk vfs.FS, before, after ledger) {
	t.Helper()
	c := clock.NewFake(w.clock.Now())
	e := openEngine(t, disk, c)
	s, err := sqs.New(e, c, sqs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := (&worker{t: t, s: s, clock: c, ctx: w.ctx, fifo: w.fifo}).present()
	for m := range before.sent {
		if !found[m] && !after.deleting[m] {
			t.Errorf("%s was sent, and is lost", m)
		}
	}
	for m := range found {
		if !after.sending[m] {
			t.Errorf("%s was never sent", m)
		}
		if before.deleted[m] {
			t.Errorf("%s was deleted, and is there", m)
		}
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}
