package clients

import (
	"strings"
	"testing"

	"github.com/signalbox/signalbox/signalboxtest"
)

func TestTerraformKeepsAStackWithAPipe(t *testing.T) {
	t.Parallel() // it waits for most of its time
	box := signalboxtest.Start(t)
	tf := newTerraform(t, "stack", box.URL())
	tf.apply()
	tf.clean()
	if out := tf.run("output", "-raw", "pipe"); !strings.HasSuffix(strings.TrimSpace(out), ":pipe/dynamodb-orders-stream") {
		t.Errorf("the output is %q", out)
	}
	out := tf.run(append([]string{"plan", "-input=false", "-no-color", "-var=revision=2"}, tf.vars...)...)
	if strings.Contains(out, "must be replaced") {
		t.Errorf("an update would replace:\n%s", out)
	}
	tf.apply("-var=revision=2")
	tf.clean("-var=revision=2")
	tf.destroy("-var=revision=2")
}
