package clients

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/signalboxtest"
)

// pack writes a zip file with one file in it.
func pack(t *testing.T, path, name, text string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestTerraformKeepsFunctions(t *testing.T) {
	t.Parallel() // it waits for most of its time
	box := signalboxtest.Start(t)
	tf := newTerraform(t, "functions", box.URL())
	pack(t, filepath.Join(tf.dir, "layer.zip"), "python/lib.py", "x = 1")
	pack(t, filepath.Join(tf.dir, "package1.zip"), "app.py", "def handler(e, c): return 1")
	pack(t, filepath.Join(tf.dir, "package2.zip"), "app.py", "def handler(e, c): return 2")
	tf.apply()
	tf.clean()
	out := tf.run(append([]string{"plan", "-input=false", "-no-color", "-var=revision=2"}, tf.vars...)...)
	if strings.Contains(out, "must be replaced") {
		t.Errorf("an update would replace:\n%s", out)
	}
	tf.apply("-var=revision=2")
	tf.clean("-var=revision=2")
	tf.destroy("-var=revision=2")
}
