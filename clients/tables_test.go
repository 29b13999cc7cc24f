package clients

import (
	"testing"

	"github.com/signalbox/signalbox/signalboxtest"
)

func TestTerraformKeepsTables(t *testing.T) {
	t.Parallel() // it waits for most of its time
	box := signalboxtest.Start(t)
	tf := newTerraform(t, "tables", box.URL())
	tf.apply()
	tf.clean()
	tf.apply("-var=revision=2")
	tf.clean("-var=revision=2")
	tf.destroy("-var=revision=2")
}

func TestTablesByThePythonSDK(t *testing.T) {
	runScript(t, nil, python(t), "testdata/python/tables.py")
}

func TestTablesByTheJavaScriptSDK(t *testing.T) { runJavaScript(t, "tables.mjs") }
