package clients

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/signalbox/signalbox/clients/providers"
	"github.com/signalbox/signalbox/signalboxtest"
)

// terraform is a configuration in a directory of its own, initialized offline.
type terraform struct {
	t    *testing.T
	dir  string
	vars []string
}

// newTerraform copies the configuration testdata/terraform/NAME.
func newTerraform(t *testing.T, name, endpoint string) *terraform {
	t.Helper()
	return newTerraformIn(t, filepath.Join("testdata", "terraform", name), endpoint)
}

// newTerraformIn copies the configuration that lies in folder.
func newTerraformIn(t *testing.T, folder, endpoint string) *terraform {
	t.Helper()
	plugins := providers.Dir()
	if _, err := exec.LookPath("terraform"); err != nil || plugins == "" {
		leaveOut(t, "terraform and its AWS provider (TF_PLUGIN_DIR)")
	}
	tf := &terraform{t: t, dir: t.TempDir(), vars: []string{"-var=endpoint=" + endpoint}}
	if err := os.CopyFS(tf.dir, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	tf.run("init", "-plugin-dir="+plugins)
	return tf
}

func (tf *terraform) run(args ...string) string {
	tf.t.Helper()
	out, err := tf.try(args...)
	if err != nil {
		tf.t.Fatalf("terraform %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (tf *terraform) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(tf.t.Context(), 8*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "terraform", append([]string{"-chdir=" + tf.dir}, args...)...)
	c.Env = append(os.Environ(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	return out.String(), err
}

// apply brings the world to what the configuration says, changing in place what
// is there.
func (tf *terraform) apply(vars ...string) {
	tf.t.Helper()
	out := tf.run(append(append([]string{"apply", "-auto-approve", "-input=false", "-no-color"}, tf.vars...), vars...)...)
	if strings.Contains(out, "must be replaced") {
		tf.t.Errorf("an update was no update in place:\n%s", out)
	}
}

// clean fails the test where a plan would change anything.
func (tf *terraform) clean(vars ...string) {
	tf.t.Helper()
	if out, err := tf.try(append(append([]string{"plan", "-detailed-exitcode", "-input=false", "-no-color"}, tf.vars...), vars...)...); err != nil {
		tf.t.Errorf("a second plan is not clean: %v\n%s", err, out)
	}
}

func (tf *terraform) destroy(vars ...string) {
	tf.t.Helper()
	tf.run(append(append([]string{"destroy", "-auto-approve", "-input=false", "-no-color"}, tf.vars...), vars...)...)
}

func TestTerraformKeepsEventBridge(t *testing.T) {
	t.Parallel() // it waits for most of its time
	box := signalboxtest.Start(t)
	tf := newTerraform(t, "events", box.URL())
	tf.apply()
	tf.clean()
	tf.apply("-var=revision=2")
	tf.clean("-var=revision=2")
	tf.destroy("-var=revision=2")
}
