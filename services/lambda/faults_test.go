package lambda_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// TestFaults has functions, packages and clients do what they should not.
func TestFaults(t *testing.T) {
	python.need(t)
	w := start(t)
	w.write("f", python.runtime, "app.handler", map[string]string{"app.py": `
import os, subprocess, sys, time
def handler(event, context):
    do = event.get("do")
    if do == "line":
        for _ in range(100):
            sys.stdout.write("x" * (1 << 20))
        return "printed"
    if do == "pid":
        with open(event["file"], "w") as f: f.write(str(os.getpid()))
        while not os.path.exists(event["gate"]): time.sleep(0.005)
        with open(event["gate"] + ".done", "w") as f: f.write("x")
    if do == "child":
        return subprocess.Popen(["sleep", "3600"]).pid
    if do == "close":
        os.close(1); os.close(2)
        print("nobody hears")
        return "closed"
    if do == "bytes":
        os.write(1, b"\xff\xfe\x00not text\n")
        return "written"
    if do == "stdin":
        return sys.stdin.read()
`}, func(in *lambda.CreateFunctionInput) { in.Timeout = new(int32(60)) })

	t.Run("a line of 100 MB without end", func(t *testing.T) {
		w := &world{t, w.box, w.Client}
		out := w.invoke("f", map[string]string{"do": "line"})
		if got := answer[string](t, out); got != "printed" {
			t.Errorf("the answer is %s", got)
		}
		containsAll(t, tail(t, out), " bytes of output left out", "REPORT RequestId: ")
	})
	t.Run("a process that is killed while it runs", func(t *testing.T) {
		w := &world{t, w.box, w.Client}
		dir := t.TempDir()
		file, gate := filepath.Join(dir, "pid"), filepath.Join(dir, "gate")
		done := make(chan *lambda.InvokeOutput)
		go func() { done <- w.invoke("f", map[string]string{"do": "pid", "file": file, "gate": gate}) }()
		if err := syscall.Kill(number(t, file), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		out := <-done
		f := failed(t, out)
		if f.ErrorType != "Runtime.ExitError" || !strings.HasSuffix(f.ErrorMessage, " Error: Runtime exited with error: signal: killed") {
			t.Errorf("got %+v", f)
		}
		containsAll(t, tail(t, out), "Status: error\tError Type: Runtime.ExitError")
		answer[any](t, w.invoke("f", map[string]string{}))
	})
	t.Run("a client that goes away does not end the invocation", func(t *testing.T) {
		w := &world{t, w.box, w.Client}
		dir := t.TempDir()
		file, gate := filepath.Join(dir, "pid"), filepath.Join(dir, "gate")
		ctx, leave := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := w.Invoke(ctx, &lambda.InvokeInput{FunctionName: new("f"), Payload: []byte(`{"do":"pid","file":"` + file + `","gate":"` + gate + `"}`)})
			done <- err
		}()
		number(t, file)
		leave()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err := writeFile(gate); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the handler ends", func() bool { _, err := os.Stat(gate + ".done"); return err == nil })
	})
	t.Run("what a handler leaves running ends with its process", func(t *testing.T) {
		w := &world{t, w.box, w.Client}
		pid := answer[int](t, w.invoke("f", map[string]string{"do": "child"}))
		if !alive(pid) {
			t.Fatal("it does not run at all")
		}
		if _, err := w.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: new("f"), Description: new("new")}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is gone", func() bool { return !alive(pid) })
	})
	t.Run("output that is closed or no text", func(t *testing.T) {
		w := &world{t, w.box, w.Client}
		answer[string](t, w.invoke("f", map[string]string{"do": "bytes"}))
		if got := answer[string](t, w.invoke("f", map[string]string{"do": "stdin"})); got != "" {
			t.Errorf("the input is %q", got)
		}
		w.invoke("f", map[string]string{"do": "close"}) // whatever Python makes of it
		answer[any](t, w.invoke("f", map[string]string{}))
	})
}

// number waits for a file with a number.
func number(t *testing.T, file string) (n int) {
	t.Helper()
	eventually(t, "there is "+file, func() bool {
		text, err := os.ReadFile(file)
		if err != nil {
			return false
		}
		n, err = strconv.Atoi(string(text))
		return err == nil
	})
	return n
}

// TestBadPackages has packages that would do harm.
func TestBadPackages(t *testing.T) {
	w := start(t)
	pack := func(change func(z *zip.Writer) error) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		if err := errors.Join(change(z), z.Close()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	file := func(name, text string) []byte {
		return pack(func(z *zip.Writer) error {
			f, err := z.Create(name)
			if err == nil {
				_, err = f.Write([]byte(text))
			}
			return err
		})
	}
	const unreadable = "Could not unzip uploaded file. Please check your file, then try to upload again."
	for _, c := range []struct {
		says    string
		zip     []byte
		message string
	}{
		{"a name that leads out", file("../app.py", ""), unreadable},
		{"an absolute name", file("/etc/passwd", ""), unreadable},
		{"a bomb", file("app.py", strings.Repeat("\x00", 251<<20)), "Unzipped size must be smaller than 262144000 bytes"},
		{"no zip", []byte("#!/bin/sh"), unreadable},
		{"no files", pack(func(*zip.Writer) error { return nil }), "Uploaded file must be a non-empty zip"},
	} {
		t.Run(c.says, func(t *testing.T) {
			_, err := w.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
				FunctionName: new("bad"), Runtime: python.runtime, Handler: new("app.handler"), Role: new(role), Code: &types.FunctionCode{ZipFile: c.zip},
			})
			if code, message := apiError(err); code != "InvalidParameterValueException" || message != c.message {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestLayers has handlers use what layers bring.
func TestLayersInTheirOrder(t *testing.T) {
	python.need(t)
	nodeCJS.need(t)
	w := start(t)
	layer := func(name string, files map[string]string) string {
		out, err := w.PublishLayerVersion(t.Context(), &lambda.PublishLayerVersionInput{LayerName: &name, Content: &types.LayerVersionContentInput{ZipFile: zipOf(t, files)}})
		if err != nil {
			t.Fatal(err)
		}
		return *out.LayerVersionArn
	}
	one := layer("one", map[string]string{
		"python/shared.py": "x = 'one'", "python/mine.py": "x = 'layer'",
		"nodejs/node_modules/shared/index.js": "module.exports = 'one'", "nodejs/node_modules/mine/index.js": "module.exports = 'layer'", "bin/tool": "#!/bin/sh\necho tool\n",
	})
	two := layer("two", map[string]string{"python/shared.py": "x = 'two'", "nodejs/node_modules/shared/index.js": "module.exports = 'two'"})
	use := func(in *lambda.CreateFunctionInput) { in.Layers = []string{one, two} }
	for _, c := range []struct {
		name    string
		runtime types.Runtime
		handler string
		files   map[string]string
	}{
		{"python", python.runtime, "app.handler", map[string]string{
			"app.py": "import shared, mine, subprocess\ndef handler(e, c): return [shared.x, mine.x, subprocess.check_output('tool').decode().strip()]", "mine.py": "x = 'mine'"}},
		{"cjs", nodeCJS.runtime, "index.handler", map[string]string{
			"index.js":                   "exports.handler = async () => [require('shared'), require('mine'), require('child_process').execSync('tool').toString().trim()]",
			"node_modules/mine/index.js": "module.exports = 'mine'"}},
		{"esm", nodeCJS.runtime, "index.handler", map[string]string{
			"index.mjs":                  "import shared from 'shared'; import mine from 'mine'; import { execSync } from 'node:child_process'; export const handler = async () => [shared, mine, execSync('tool').toString().trim()]",
			"node_modules/mine/index.js": "module.exports = 'mine'"}},
	} {
		t.Run(c.name+": the later layer counts, the function's own code before both", func(t *testing.T) {
			w := &world{t, w.box, w.Client}
			w.write(c.name, c.runtime, c.handler, c.files, use)
			if got := answer[[]string](t, w.invoke(c.name, nil)); strings.Join(got, " ") != "two mine tool" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestPathsOfAWS has settings that name AWS's folders, and a program around the
// runtime.
func TestPathsOfAWS(t *testing.T) {
	nodeCJS.need(t)
	w := start(t)
	l, err := w.PublishLayerVersion(t.Context(), &lambda.PublishLayerVersionInput{LayerName: new("l"), Content: &types.LayerVersionContentInput{ZipFile: zipOf(t, map[string]string{
		"libs/shared/index.js": "module.exports = 'shared'", "wrap": "#!/bin/sh\nexport WRAPPED=\"$#\"\nexec \"$@\"\n", "extensions/watcher": "#!/bin/sh\n",
	})}})
	if err != nil {
		t.Fatal(err)
	}
	w.write("f", nodeCJS.runtime, "index.handler", map[string]string{
		"index.js": "exports.handler = async () => [require('shared'), process.env.WRAPPED > 0, require('fs').existsSync(process.env.DATA)]", "data.txt": "x",
	}, func(in *lambda.CreateFunctionInput) {
		in.Layers = []string{*l.LayerVersionArn}
		in.Environment = &types.Environment{Variables: map[string]string{"NODE_PATH": "/opt/libs", "AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap", "DATA": "/var/task/data.txt"}}
	})
	out := w.invoke("f", nil)
	if string(out.Payload) != `["shared",true,true]` {
		t.Errorf("the answer is %s", out.Payload)
	}
	eventually(t, "the log tells of the extension", func() bool {
		return strings.Contains(strings.Join(w.logged("/aws/lambda/f"), "\n"), "[signalbox] its layers bring extensions, which Signalbox does not run: watcher")
	})
}

// TestLogFormats has the JSON log format in Python, and what it leaves out.
func TestLogFormats(t *testing.T) {
	python.need(t)
	w := start(t)
	w.write("f", python.runtime, "app.handler", map[string]string{"app.py": `
import logging
log = logging.getLogger("app")
def handler(event, context):
    log.debug("not told"); log.info("told %s", 1, extra={"order": 7})
    print("plain")
    try: 1/0
    except ZeroDivisionError: log.exception("caught")
    raise KeyError("x")
`}, func(in *lambda.CreateFunctionInput) {
		in.LoggingConfig = &types.LoggingConfig{LogFormat: types.LogFormatJson, ApplicationLogLevel: types.ApplicationLogLevelInfo, LogGroup: new("my-group")}
	})
	out := w.invoke("f", nil)
	log := tail(t, out)
	for _, form := range []string{
		`\{"timestamp": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "level": "INFO", "message": "told 1", "logger": "app", "requestId": "[0-9a-f-]{36}", "order": 7\}\n`,
		`\nplain\n`, `"level": "ERROR", "message": "caught".*"errorType": "ZeroDivisionError", "errorMessage": "division by zero"`,
		`"log_level": "ERROR", "errorMessage": "'x'", "errorType": "KeyError"`, `"type":"platform.report"`, `"status":"error"`,
	} {
		if !regexp.MustCompile(form).MatchString(log) {
			t.Errorf("%s is not in\n%s", form, log)
		}
	}
	if strings.Contains(log, "not told") || strings.Contains(log, "END RequestId") {
		t.Errorf("the log tells too much:\n%s", log)
	}
	eventually(t, "it is in its log group", func() bool { return strings.Contains(strings.Join(w.logged("my-group"), "\n"), "told 1") })
}

// TestNoCapacity has functions that may not run at all.
func TestNoCapacity(t *testing.T) {
	w := start(t)
	w.create("f", language{runtime: python.runtime, handler: "app.handler"}, func(in *lambda.CreateFunctionInput) {
		in.Code = &types.FunctionCode{ZipFile: zipOf(t, map[string]string{"app.py": "def handler(e, c): return 1"})}
	})
	if _, err := w.PutFunctionConcurrency(t.Context(), &lambda.PutFunctionConcurrencyInput{FunctionName: new("f"), ReservedConcurrentExecutions: new(int32(0))}); err != nil {
		t.Fatal(err)
	}
	_, err := w.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("f")})
	var e *types.TooManyRequestsException
	if !errors.As(err, &e) || e.Reason != types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded || *e.Message != "Rate Exceeded." {
		t.Errorf("the error is %#v (%v)", e, err)
	}
}
