package lambda_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/signalbox/signalbox/server"
	"github.com/signalbox/signalbox/signalboxtest"
)

// TestDeployedCodeIsUnpackedBeforeItIsInvoked looks where the code lies: it is
// there once, as it was deployed last, and goes with its function.
func TestDeployedCodeIsUnpackedBeforeItIsInvoked(t *testing.T) {
	data := t.TempDir()
	w := start(t, signalboxtest.With(func(c *server.Config) { c.Data = data }))
	lies := func(want ...string) {
		t.Helper()
		eventually(t, "the code is unpacked as deployed", func() bool {
			files, err := filepath.Glob(filepath.Join(data, "lambda", "code", "f-*", "task", "app.py"))
			if err != nil || len(files) != len(want) {
				return false
			}
			for i, f := range files {
				if text, err := os.ReadFile(f); err != nil || string(text) != returns(want[i])["app.py"] {
					return false
				}
			}
			return true
		})
	}
	w.write("f", python.runtime, "app.handler", returns("1"), nil)
	lies("1")
	if _, err := w.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: new("f"), ZipFile: zipOf(t, returns("2"))}); err != nil {
		t.Fatal(err)
	}
	lies("2")
	if _, err := w.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: new("f")}); err != nil {
		t.Fatal(err)
	}
	lies()
}
