package clients

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/signalboxtest"
)

// runScript runs a client's script against a new Signalbox; it must end by
// saying that all is well.
func runScript(t *testing.T, env []string, command string, args ...string) {
	t.Helper()
	box := signalboxtest.Start(t)
	c := exec.CommandContext(t.Context(), command, args...)
	c.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+box.URL(), "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_PAGER=")
	c.Env = append(c.Env, env...)
	out, err := c.CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "all is well") {
		t.Errorf("%s: %v\n%s", filepath.Base(args[len(args)-1]), err, out)
	}
}

// python is the interpreter that has boto3 and the AWS CLI beside it.
func python(t *testing.T) string {
	t.Helper()
	p := os.Getenv("SIGNALBOX_PYTHON")
	if p == "" {
		leaveOut(t, "Python with boto3 and awscli (SIGNALBOX_PYTHON, set up by make test)")
	}
	return p
}

func TestPythonSDK(t *testing.T) {
	runScript(t, nil, python(t), "testdata/python/events.py")
}

func TestCommandLineInterface(t *testing.T) {
	bin := filepath.Dir(python(t))
	runScript(t, []string{"PATH=" + bin + ":" + os.Getenv("PATH")}, "bash", "testdata/cli/events.sh")
}

func TestJavaScriptSDK(t *testing.T) { runJavaScript(t, "events.mjs") }

// runJavaScript runs a script of testdata/javascript.
func runJavaScript(t *testing.T, script string) {
	t.Helper()
	modules := os.Getenv("SIGNALBOX_NODE_MODULES")
	if _, err := exec.LookPath("node"); err != nil || modules == "" {
		leaveOut(t, "Node.js with the AWS SDK v3 (SIGNALBOX_NODE_MODULES, set up by make test)")
	}
	// ES modules are looked for from the script's own place.
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/javascript")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	runScript(t, nil, "node", filepath.Join(dir, script))
}
