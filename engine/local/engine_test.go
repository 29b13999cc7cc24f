package local

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/enginetest"
)

func TestEngine(t *testing.T) {
	enginetest.Run(t, func(t *testing.T) enginetest.Harness {
		fs, c := vfs.NewMem(), clock.NewFake(enginetest.Epoch)
		var e *Engine
		open := func(t *testing.T) engine.Engine {
			var err error
			if e, err = Open("data", Options{FS: fs, Clock: c}); err != nil {
				t.Fatal(err)
			}
			return e
		}
		h := enginetest.Harness{Engine: open(t), Clock: c, Reopen: func(t *testing.T) engine.Engine {
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t)
		}}
		t.Cleanup(func() {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
		return h
	})
}
