package lambda_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// put writes a file of a source folder.
func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func hot(dir string) *types.FunctionCode {
	return &types.FunctionCode{S3Bucket: new("hot-reload"), S3Key: &dir}
}

// TestFolders has functions run from the folders of their source.
func TestFolders(t *testing.T) {
	nodeESM.need(t)
	python.need(t)
	w := start(t)
	t.Run("a change counts from the next invocation on", func(t *testing.T) {
		w := &world{t, w.box, w.Client}
		dir := t.TempDir()
		put(t, dir, "app.py", "import os, part\ndef handler(e, c): return [part.x, os.getcwd(), os.environ['LAMBDA_TASK_ROOT']]\n")
		put(t, dir, "part.py", "x = 1\n")
		w.create("hot", python, func(in *lambda.CreateFunctionInput) { in.Code = hot(dir) })
		for _, x := range []float64{1, 22} {
			if got := answer[[]any](t, w.invoke("hot", nil)); got[0] != x || got[1] != dir || got[2] != dir {
				t.Errorf("the answer is %v, want %v from %s", got, x, dir)
			}
			put(t, dir, "part.py", "x = 22\n")
		}
		names, err := filepath.Glob(dir + "/*")
		if err != nil || len(names) != 2 {
			t.Errorf("the folder has %v (%v), want what was put there", names, err)
		}
		got, err := w.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: new("hot")})
		if err != nil || *got.Code.Location != "file://"+dir {
			t.Errorf("the code is at %v (%v)", got.Code, err)
		}
	})
	t.Run("an invocation under way ends with the old code", func(t *testing.T) {
		w := &world{t, w.box, w.Client}
		dir, gate := t.TempDir(), filepath.Join(t.TempDir(), "gate")
		source := "import os, time\nV = 'old'\ndef handler(e, c):\n    open(e['gate'] + '.at', 'w').close()\n    while e['wait'] and not os.path.exists(e['gate']): time.sleep(0.005)\n    return V\n"
		put(t, dir, "app.py", source)
		w.create("slow", python, func(in *lambda.CreateFunctionInput) { in.Code = hot(dir) })
		first := make(chan string)
		go func() {
			out, err := w.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("slow"), Payload: []byte(`{"wait":true,"gate":"` + gate + `"}`)})
			if err != nil {
				first <- err.Error()
				return
			}
			first <- string(out.Payload)
		}()
		eventually(t, "the handler runs", func() bool { _, err := os.Stat(gate + ".at"); return err == nil })
		put(t, dir, "app.py", "V = 'new'\n"+source[len("import os, time\nV = 'old'\n"):])
		if got := answer[string](t, w.invoke("slow", map[string]any{"wait": false, "gate": gate})); got != "new" {
			t.Errorf("the second answer is %s", got)
		}
		put(t, filepath.Dir(gate), "gate", "")
		if got := <-first; got != `"old"` {
			t.Errorf("the first answer is %s", got)
		}
	})
	t.Run("modules of a layer are found, a layer's folder changes too", func(t *testing.T) {
		w := &world{t, w.box, w.Client}
		dir, opt := t.TempDir(), t.TempDir()
		put(t, dir, "index.mjs", "import v from 'left';\nexport const handler = async () => v;\n")
		put(t, opt, "nodejs/package.json", "{}")
		put(t, opt, "lib/x", "")
		put(t, opt, "nodejs/node_modules/left/package.json", `{"main":"m.js"}`)
		put(t, opt, "nodejs/node_modules/left/m.js", "module.exports = 4")
		l, err := w.PublishLayerVersion(t.Context(), &lambda.PublishLayerVersionInput{
			LayerName: new("left"), Content: &types.LayerVersionContentInput{S3Bucket: new("hot-reload"), S3Key: &opt},
		})
		if err != nil {
			t.Fatal(err)
		}
		w.create("layered", nodeESM, func(in *lambda.CreateFunctionInput) { in.Code, in.Layers = hot(dir), []string{*l.LayerVersionArn} })
		if got := answer[float64](t, w.invoke("layered", nil)); got != 4 {
			t.Errorf("the answer is %v", got)
		}
		put(t, opt, "nodejs/node_modules/left/m.js", "module.exports = 5")
		now := time.Now()
		if err := os.Chtimes(filepath.Join(opt, "nodejs/package.json"), now, now); err != nil { // what npm does
			t.Fatal(err)
		}
		if got := answer[float64](t, w.invoke("layered", nil)); got != 5 {
			t.Errorf("the answer is %v after the change", got)
		}
	})
	t.Run("a folder that went away is an error, and no end", func(t *testing.T) {
		w := &world{t, w.box, w.Client}
		dir := filepath.Join(t.TempDir(), "src")
		put(t, dir, "app.py", "def handler(e, c): return 1\n")
		w.create("gone", python, func(in *lambda.CreateFunctionInput) { in.Code = hot(dir) })
		if err := os.Rename(dir, dir+"2"); err != nil {
			t.Fatal(err)
		}
		_, err := w.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("gone")})
		if code, message := apiError(err); code != "ResourceNotReadyException" {
			t.Errorf("the error is %s: %s", code, message)
		}
		if err := os.Rename(dir+"2", dir); err != nil {
			t.Fatal(err)
		}
		if got := answer[float64](t, w.invoke("gone", nil)); got != 1 {
			t.Errorf("the answer is %v", got)
		}
	})
}
