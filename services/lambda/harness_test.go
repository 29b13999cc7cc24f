package lambda_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/signalbox/signalbox/signalboxtest"
)

const role = "arn:aws:iam::000000000000:role/test"

// language is a runtime with the test handler in it.
type language struct {
	name    string
	program string // that must be on this machine
	runtime types.Runtime
	handler string
	dir     string // of testdata; empty for Go, which is built
}

var (
	goLang   = language{"Go", "go", types.RuntimeProvidedal2023, "bootstrap", ""}
	nodeESM  = language{"Node with ECMAScript modules", "node", types.RuntimeNodejs20x, "index.handler", "esm"}
	nodeCJS  = language{"Node with CommonJS and callbacks", "node", types.RuntimeNodejs20x, "index.handler", "cjs"}
	python   = language{"Python", "python3", types.RuntimePython311, "app.handler", "python"}
	allLangs = []language{goLang, nodeESM, nodeCJS, python}
)

// need leaves the test out where the language's program is not there; in CI
// that is a failure.
func (l language) need(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath(l.program); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("LEFT OUT: %s is not on this machine", l.program)
	}
	t.Skipf("LEFT OUT: %s is not on this machine", l.program)
}

// code is the test handler as a deployment package.
func (l language) code(t testing.TB) []byte {
	t.Helper()
	if l.dir != "" {
		return zipDir(t, filepath.Join("testdata", l.dir))
	}
	program, err := goProgram()
	if err != nil {
		t.Fatal(err)
	}
	return zipOf(t, map[string]string{"bootstrap": program})
}

// goProgram builds the handler in Go, once.
var goProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "handler")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", file, "./testdata/go")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	text, err := os.ReadFile(file)
	return string(text), err
})

func zipOf(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(0o755)
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipDir(t testing.TB, dir string) []byte {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return zipOf(t, files)
}

// world is a Signalbox with clients.
type world struct {
	t   *testing.T
	box *signalboxtest.Box
	*sdk.Client
}

func start(t *testing.T, options ...signalboxtest.Option) *world {
	t.Helper()
	t.Parallel()
	box := signalboxtest.Start(t, options...)
	return &world{t, box, sdk.NewFromConfig(box.Config(), func(o *sdk.Options) { o.RetryMaxAttempts = 1 })}
}

// create creates a function of a language; change may be nil.
func (w *world) create(name string, l language, change func(*sdk.CreateFunctionInput)) {
	w.t.Helper()
	in := &sdk.CreateFunctionInput{
		FunctionName: &name, Runtime: l.runtime, Handler: &l.handler, Role: new(role), Timeout: new(int32(30)),
	}
	if change != nil {
		change(in)
	}
	if in.Code == nil {
		in.Code = &types.FunctionCode{ZipFile: l.code(w.t)}
	}
	if _, err := w.CreateFunction(w.t.Context(), in); err != nil {
		w.t.Fatalf("creating %s: %v", name, err)
	}
}

// write creates a function from source files.
func (w *world) write(name string, runtime types.Runtime, handler string, files map[string]string, change func(*sdk.CreateFunctionInput)) {
	w.t.Helper()
	w.create(name, language{runtime: runtime, handler: handler}, func(in *sdk.CreateFunctionInput) {
		in.Code = &types.FunctionCode{ZipFile: zipOf(w.t, files)}
		if change != nil {
			change(in)
		}
	})
}

// invoke invokes a function with a payload that is written as JSON.
func (w *world) invoke(name string, payload any) *sdk.InvokeOutput {
	w.t.Helper()
	text, err := json.Marshal(payload)
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := w.Invoke(w.t.Context(), &sdk.InvokeInput{FunctionName: &name, Payload: text, LogType: types.LogTypeTail})
	if err != nil {
		w.t.Fatalf("invoking %s: %v", name, err)
	}
	return out
}

// task is the test handler's event.
type task struct {
	Do   string
	With any `json:",omitempty"`
	N    int `json:",omitempty"`
}

// answer decodes the payload of a successful invocation.
func answer[T any](t *testing.T, out *sdk.InvokeOutput) (v T) {
	t.Helper()
	if out.FunctionError != nil {
		t.Fatalf("the function failed: %s\n%s", out.Payload, tail(t, out))
	}
	if err := json.Unmarshal(out.Payload, &v); err != nil {
		t.Fatalf("the answer %.200s: %v", out.Payload, err)
	}
	return v
}

// failure is an error as functions report it.
type failure struct {
	ErrorType    string
	ErrorMessage string
	Trace        []string
	StackTrace   []any
}

func failed(t *testing.T, out *sdk.InvokeOutput) (f failure) {
	t.Helper()
	if out.FunctionError == nil || *out.FunctionError != "Unhandled" {
		t.Fatalf("FunctionError %v, payload %s; want Unhandled", out.FunctionError, out.Payload)
	}
	if err := json.Unmarshal(out.Payload, &f); err != nil {
		t.Fatalf("the error %.200s: %v", out.Payload, err)
	}
	return f
}

func tail(t *testing.T, out *sdk.InvokeOutput) string {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(*out.LogResult)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// code of an API error; empty for none.
func apiError(err error) (code, message string) {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode(), e.ErrorMessage()
	}
	return "", ""
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("it never came to be that %s", what)
		}
	}
}

// logged are the messages of a log group.
func (w *world) logged(group string) []string {
	out, err := cloudwatchlogs.NewFromConfig(w.box.Config()).FilterLogEvents(w.t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group})
	if err != nil {
		return nil // the group is not there yet
	}
	var all []string
	for _, e := range out.Events {
		all = append(all, *e.Message)
	}
	return all
}

func containsAll(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in\n%s", p, text)
		}
	}
}

func writeFile(path string) error { return os.WriteFile(path, nil, 0o600) }

// alive tells whether there is a process.
func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }
