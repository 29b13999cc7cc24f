package lambda_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// TestHandlers has handlers in all languages show the same behaviours.
func TestHandlers(t *testing.T) {
	w := start(t)
	for _, l := range allLangs {
		t.Run(l.name, func(t *testing.T) {
			l.need(t)
			t.Parallel()
			w := &world{t, w.box, w.Client}
			name := strings.ToLower(strings.ReplaceAll(l.name, " ", "-"))
			w.create(name, l, func(in *lambda.CreateFunctionInput) {
				in.Environment = &types.Environment{Variables: map[string]string{"COLOUR": "blue"}}
			})
			for _, b := range behaviours {
				t.Run(b.says, func(t *testing.T) { b.shown(t, &world{t, w.box, w.Client}, name, l) })
			}
		})
	}
}

var behaviours = []struct {
	says  string
	shown func(t *testing.T, w *world, name string, l language)
}{
	{"an answer comes back as it was given", func(t *testing.T, w *world, name string, l language) {
		in := map[string]any{"text": "snow ☃", "list": []any{1.0, nil, true}}
		if got := answer[map[string]any](t, w.invoke(name, task{Do: "echo", With: in})); fmt.Sprint(got) != fmt.Sprint(in) {
			t.Errorf("got %v, want %v", got, in)
		}
	}},
	{"a payload of a megabyte comes back whole", func(t *testing.T, w *world, name string, l language) {
		in := strings.Repeat("0123456789abcdef", 1<<16)
		if got := answer[string](t, w.invoke(name, task{Do: "echo", With: in})); got != in {
			t.Errorf("got %d bytes, want %d", len(got), len(in))
		}
	}},
	{"the process stays for the next invocation", func(t *testing.T, w *world, name string, l language) {
		a, b := answer[int](t, w.invoke(name, task{Do: "pid"})), answer[int](t, w.invoke(name, task{Do: "pid"}))
		if a != b {
			t.Errorf("process %d, then %d", a, b)
		}
	}},
	{"an error has its type, its message and FunctionError Unhandled", func(t *testing.T, w *world, name string, l language) {
		out := w.invoke(name, task{Do: "throw"})
		f := failed(t, out)
		want := map[string]string{"go": "errorString", "node": "Error", "python3": "ValueError"}[l.program]
		if f.ErrorType != want || f.ErrorMessage != "boom" {
			t.Errorf("got %+v, want %s: boom", f, want)
		}
		if l.program != "go" && len(f.Trace)+len(f.StackTrace) == 0 {
			t.Errorf("no stack trace in %s", out.Payload)
		}
		if answer[int](t, w.invoke(name, task{Do: "pid"})) == 0 {
			t.Error("it does not go on after the error")
		}
	}},
	{"an exit is Runtime.ExitError", func(t *testing.T, w *world, name string, l language) {
		out := w.invoke(name, task{Do: "exit", N: 3})
		f := failed(t, out)
		if f.ErrorType != "Runtime.ExitError" || !regexp.MustCompile(`^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 3$`).MatchString(f.ErrorMessage) {
			t.Errorf("got %+v", f)
		}
		containsAll(t, tail(t, out), "Runtime.ExitError", "REPORT RequestId: ", "Status: error\tError Type: Runtime.ExitError")
	}},
	{"a process that is killed from outside is replaced", func(t *testing.T, w *world, name string, l language) {
		pid := answer[int](t, w.invoke(name, task{Do: "pid"}))
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "another process answers", func() bool {
			out := w.invoke(name, task{Do: "pid"}) // one that was handed over before the death was seen fails
			return out.FunctionError == nil && answer[int](t, out) != pid
		})
	}},
	{"the log has START, output, END and REPORT", func(t *testing.T, w *world, name string, l language) {
		log := tail(t, w.invoke(name, task{Do: "print"}))
		form := `(?s)^(INIT_START.*)?START RequestId: ([0-9a-f-]{36}) Version: \$LATEST\n.*to stdout\n.*END RequestId: ([0-9a-f-]{36})\nREPORT RequestId: ([0-9a-f-]{36})\tDuration: [0-9.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\t`
		if !regexp.MustCompile(form).MatchString(log) {
			t.Errorf("the log is\n%s", log)
		}
		containsAll(t, log, "to stderr")
	}},
	{"the context says whose invocation it is", func(t *testing.T, w *world, name string, l language) {
		out, err := w.Invoke(t.Context(), &lambda.InvokeInput{
			FunctionName: &name, Payload: []byte(`{"Do":"context"}`),
			ClientContext: new(base64.StdEncoding.EncodeToString([]byte(`{"custom":{"who":"me"}}`))),
		})
		if err != nil {
			t.Fatal(err)
		}
		got := answer[map[string]any](t, out)
		for key, want := range map[string]string{
			"arn": "arn:aws:lambda:us-east-1:000000000000:function:" + name, "name": name, "version": "$LATEST",
			"memory": "128", "group": "/aws/lambda/" + name, "custom": "me",
		} {
			if got[key] != want {
				t.Errorf("%s is %v, want %s", key, got[key], want)
			}
		}
		if ms, _ := got["remaining"].(float64); ms < 20000 || ms > 30000 {
			t.Errorf("%v ms remain of 30 s", got["remaining"])
		}
		if ok := regexp.MustCompile(`^\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}$`).MatchString(fmt.Sprint(got["stream"])); !ok {
			t.Errorf("the log stream is %v", got["stream"])
		}
	}},
	{"the environment is the function's and nothing of this process", func(t *testing.T, w *world, name string, l language) {
		if err := os.Setenv("SECRET_OF_THE_SERVER", "x"); err != nil {
			t.Fatal(err)
		}
		got := answer[map[string]string](t, w.invoke(name, task{Do: "env"}))
		for key, want := range map[string]string{
			"COLOUR": "blue", "AWS_LAMBDA_FUNCTION_NAME": name, "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
			"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": w.box.URL(), "_HANDLER": l.handler, "TZ": ":UTC",
			"SECRET_OF_THE_SERVER": "",
		} {
			if got[key] != want {
				t.Errorf("%s is %q, want %q", key, got[key], want)
			}
		}
		for _, key := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "LAMBDA_TASK_ROOT", "_X_AMZN_TRACE_ID", "AWS_LAMBDA_RUNTIME_API"} {
			if got[key] == "" && !(key == "_X_AMZN_TRACE_ID" && l.program == "go") {
				t.Errorf("%s is not set", key)
			}
		}
	}},
	{"an answer of more than 6 MB is Function.ResponseSizeTooLarge", func(t *testing.T, w *world, name string, l language) {
		f := failed(t, w.invoke(name, task{Do: "large", N: 6291556}))
		if f.ErrorType != "Function.ResponseSizeTooLarge" || f.ErrorMessage != "Response payload size exceeded maximum allowed payload size (6291556 bytes)." {
			t.Errorf("got %+v", f)
		}
		if n := len(answer[string](t, w.invoke(name, task{Do: "large", N: 6 << 20}))); n != 6<<20 {
			t.Errorf("an answer of 6 MB comes back with %d bytes", n)
		}
	}},
	{"output without end is cut, and the invocation goes on", func(t *testing.T, w *world, name string, l language) {
		out := w.invoke(name, task{Do: "flood", N: 30 << 10})
		answer[any](t, out)
		containsAll(t, tail(t, out), "[signalbox] ", " bytes of output left out", "REPORT RequestId: ")
		if n := len(tail(t, out)); n > 4096 {
			t.Errorf("the tail has %d bytes", n)
		}
	}},
	{"no payload is an empty object", func(t *testing.T, w *world, name string, l language) {
		out, err := w.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &name})
		if err != nil || out.FunctionError != nil {
			t.Fatal(err, string(out.Payload))
		}
		if *out.ExecutedVersion != "$LATEST" || out.StatusCode != 200 || string(out.Payload) != "null" {
			t.Errorf("version %s, status %d, payload %s", *out.ExecutedVersion, out.StatusCode, out.Payload)
		}
	}},
	{"a handler that hangs is killed at its time-out", func(t *testing.T, w *world, name string, l language) {
		_, err := w.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: &name, Timeout: new(int32(1))})
		if err != nil {
			t.Fatal(err)
		}
		out := w.invoke(name, task{Do: "hang"})
		f := failed(t, out)
		if f.ErrorType != "Sandbox.Timedout" || !regexp.MustCompile(`^RequestId: [0-9a-f-]{36} Error: Task timed out after 1.00 seconds$`).MatchString(f.ErrorMessage) {
			t.Errorf("got %+v", f)
		}
		containsAll(t, tail(t, out), " Task timed out after 1.00 seconds\n", "Status: timeout")
		m := regexp.MustCompile(`\tDuration: (\d+)\.`).FindStringSubmatch(tail(t, out))
		if ms, _ := strconv.Atoi(m[1]); ms < 1000 || ms > 3000 {
			t.Errorf("it was killed after %d ms", ms)
		}
	}},
}
