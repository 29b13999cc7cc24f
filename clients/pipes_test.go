package clients

import (
	"testing"

	"github.com/signalbox/signalbox/signalboxtest"
)

func TestTerraformKeepsPipes(t *testing.T) {
	t.Parallel() // it waits for most of its time
	box := signalboxtest.Start(t)
	tf := newTerraform(t, "pipes", box.URL())
	tf.apply()
	tf.clean()
	tf.apply("-var=revision=2")
	tf.clean("-var=revision=2")
	tf.destroy("-var=revision=2")
}
