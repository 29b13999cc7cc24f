package engine_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local"
)

type fruit struct{ Colour string }

type vessel struct{ Litres int }

func TestCollectionsAreOpenedTogether(t *testing.T) {
	ctx := t.Context()
	e, err := local.Open("data", local.Options{FS: vfs.NewMem(), Clock: clock.Real()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var fruits *engine.Documents[fruit]
	var vessels *engine.Documents[vessel]
	open := func() error {
		return engine.OpenEach(ctx, e.Records(), engine.Into(&fruits, "fruits"), engine.Into(&vessels, "vessels"))
	}
	if err := open(); err != nil {
		t.Fatal(err)
	}
	if err := fruits.Put(ctx, "plum", &fruit{"blue"}); err != nil {
		t.Fatal(err)
	}
	if err := vessels.Put(ctx, "jug", &vessel{2}); err != nil {
		t.Fatal(err)
	}
	if err := open(); err != nil {
		t.Fatal(err)
	}
	if f, v := fruits.Get("plum"), vessels.Get("jug"); f == nil || f.Colour != "blue" || v == nil || v.Litres != 2 {
		t.Errorf("%v, %v", f, v)
	}
	if _, err := e.Records().Apply(ctx, engine.Write{Collection: "vessels", Key: "cup", Value: []byte(`{"Litres":"half"}`)}); err != nil {
		t.Fatal(err)
	}
	if err := open(); err == nil || !strings.Contains(err.Error(), `vessels "cup"`) {
		t.Errorf("%v does not name the document", err)
	}
}
