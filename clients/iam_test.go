package clients

import (
	"strings"
	"testing"

	"github.com/signalbox/signalbox/signalboxtest"
)

func TestTerraformKeepsIAM(t *testing.T) {
	t.Parallel() // it waits for most of its time
	box := signalboxtest.Start(t)
	tf := newTerraform(t, "iam", box.URL())
	tf.apply()
	if out := tf.run("output", "allowed"); !strings.HasSuffix(strings.TrimSpace(out), "true") {
		t.Errorf("the role may not put events: %s", out)
	}
	tf.clean()
	tf.apply("-var=revision=2")
	tf.clean("-var=revision=2")
	tf.destroy("-var=revision=2")
}
