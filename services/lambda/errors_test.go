package lambda_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// TestLoading has code that cannot be loaded, or loads in particular ways.
func TestLoading(t *testing.T) {
	const node, py = types.RuntimeNodejs20x, types.RuntimePython311
	w := start(t)
	for i, c := range []struct {
		says    string
		runtime types.Runtime
		handler string
		files   map[string]string
		payload string // of the answer; where it is to be an error: empty
		kind    string // errorType
		message string // errorMessage, a regular expression
	}{
		{"Node: a module that is not there", node, "index.handler", map[string]string{"other.js": ""}, "", "Runtime.ImportModuleError", `^Error: Cannot find module 'index'\nRequire stack:\n- `},
		{"Node: a package that is not there", node, "index.handler", map[string]string{"index.js": "require('no-such-package')"}, "", "Runtime.ImportModuleError", `^Error: Cannot find module 'no-such-package'\nRequire stack:\n- .*/index.js\n`},
		{"Node: a package that is not there, imported", node, "index.handler", map[string]string{"index.mjs": "import 'no-such-package'"}, "", "Error", `^Cannot find package 'no-such-package' imported from `},
		{"Node: an export that is not there", node, "index.other", map[string]string{"index.js": "exports.handler = 1"}, "", "Runtime.HandlerNotFound", `^index.other is undefined or not exported$`},
		{"Node: an export that is no function", node, "index.handler", map[string]string{"index.js": "exports.handler = 1"}, "", "Runtime.HandlerNotFound", `^index.handler is not a function$`},
		{"Node: a handler without a dot", node, "index", map[string]string{"index.js": ""}, "", "Runtime.MalformedHandlerName", `^Bad handler$`},
		{"Node: a syntax error", node, "index.handler", map[string]string{"index.js": "exports.handler = ("}, "", "Runtime.UserCodeSyntaxError", `^SyntaxError: Unexpected (token|end of input)`},
		{"Node: an error while loading", node, "index.handler", map[string]string{"index.js": "throw new RangeError('at load')"}, "", "RangeError", `^at load$`},
		{"Node: an exit while loading", node, "index.handler", map[string]string{"index.js": "process.exit(7)"}, "", "Runtime.ExitError", `^RequestId: \S+ Error: Runtime exited with error: exit status 7$`},
		{"Node: an exit with status 0", node, "index.handler", map[string]string{"index.js": "process.exit(0)"}, "", "Runtime.ExitError", `^RequestId: \S+ Error: Runtime exited without providing a reason$`},
		{"Node: a handler in a folder", node, "src/app/main.handler", map[string]string{"src/app/main.js": "exports.handler = async () => 1"}, "1", "", ""},
		{"Node: a handler within an object", node, "index.api.get", map[string]string{"index.js": "exports.api = { get: async () => 2 }"}, "2", "", ""},
		{"Node: a package of type module", node, "index.handler", map[string]string{"package.json": `{"type":"module"}`, "index.js": "export const handler = async () => import.meta.url.length > 0"}, "true", "", ""},
		{"Node: a .cjs file", node, "index.handler", map[string]string{"index.cjs": "exports.handler = async () => 3"}, "3", "", ""},
		{"Node: a file of the package, by its relative name", node, "index.handler", map[string]string{"index.js": "exports.handler = async () => require('fs').readFileSync('./data.txt', 'utf8')", "data.txt": "x"}, `"x"`, "", ""},
		{"Node: a package in node_modules", node, "index.handler", map[string]string{"index.mjs": "import v from 'left'; export const handler = async () => v", "node_modules/left/package.json": `{"main":"m.js"}`, "node_modules/left/m.js": "module.exports = 4"}, "4", "", ""},
		{"Python: a module that is not there", py, "app.handler", map[string]string{"other.py": ""}, "", "Runtime.ImportModuleError", `^Unable to import module 'app': No module named 'app'$`},
		{"Python: a package that is not there", py, "app.handler", map[string]string{"app.py": "import no_such_package"}, "", "Runtime.ImportModuleError", `^Unable to import module 'app': No module named 'no_such_package'$`},
		{"Python: a function that is not there", py, "app.other", map[string]string{"app.py": "x = 1"}, "", "Runtime.HandlerNotFound", `^Handler 'other' missing on module 'app'$`},
		{"Python: a handler without a dot", py, "app", map[string]string{"app.py": ""}, "", "Runtime.MalformedHandlerName", `^Bad handler 'app': not enough values to unpack \(expected 2, got 1\)$`},
		{"Python: a syntax error", py, "app.handler", map[string]string{"app.py": "def handler(:"}, "", "Runtime.UserCodeSyntaxError", `^Syntax error in module 'app': `},
		{"Python: an error while loading", py, "app.handler", map[string]string{"app.py": "1/0"}, "", "ZeroDivisionError", `^division by zero$`},
		{"Python: an answer that is no JSON", py, "app.handler", map[string]string{"app.py": "def handler(e, c): return object()"}, "", "Runtime.MarshalError", `^Unable to marshal response: Object of type object is not JSON serializable$`},
		{"Python: sys.exit", py, "app.handler", map[string]string{"app.py": "import sys\ndef handler(e, c): sys.exit(5)"}, "", "Runtime.ExitError", `^RequestId: \S+ Error: Runtime exited with error: exit status 5$`},
		{"Python: a handler in a folder", py, "src/app/main.handler", map[string]string{"src/app/main.py": "def handler(e, c): return 1"}, "1", "", ""},
		{"Python: a handler in a package", py, "src.main.handler", map[string]string{"src/__init__.py": "", "src/other.py": "x = 2", "src/main.py": "from .other import x\ndef handler(e, c): return x"}, "2", "", ""},
		{"Python: what is built in is there", py, "app.handler", map[string]string{"app.py": "import ssl, sqlite3, json\ndef handler(e, c): return [callable(exit), __name__, str(e)]"}, `[true, "app", "{}"]`, "", ""},
		{"a program that is not there", types.RuntimeProvidedal2023, "x", map[string]string{"README": ""}, "", "Runtime.InvalidEntrypoint", `^RequestId: \S+ Error: Couldn't find valid bootstrap\(s\): \[.*/bootstrap\]$`},
		{"a program that is none", types.RuntimeProvidedal2023, "x", map[string]string{"bootstrap": "\x7fELF nonsense"}, "", "Runtime.InvalidEntrypoint", `exec format error$`},
		{"a script as program", types.RuntimeProvidedal2, "x", map[string]string{"bootstrap": shellRuntime}, `{"from":"sh"}`, "", ""},
	} {
		t.Run(c.says, func(t *testing.T) {
			switch c.runtime {
			case node:
				nodeESM.need(t)
			case py:
				python.need(t)
			}
			t.Parallel()
			w := &world{t, w.box, w.Client}
			name := "load-" + string(rune('a'+i/26)) + string(rune('a'+i%26))
			w.write(name, c.runtime, c.handler, c.files, nil)
			out := w.invoke(name, map[string]string{})
			if c.payload != "" {
				if out.FunctionError != nil || string(out.Payload) != c.payload {
					t.Fatalf("got %s, want %s\n%s", out.Payload, c.payload, tail(t, out))
				}
				return
			}
			f := failed(t, out)
			if f.ErrorType != c.kind || !regexp.MustCompile(c.message).MatchString(f.ErrorMessage) {
				t.Errorf("got %s: %q, want %s: %s", f.ErrorType, f.ErrorMessage, c.kind, c.message)
			}
			containsAll(t, tail(t, out), "START RequestId: ", "END RequestId: ", "REPORT RequestId: ")
		})
	}
}

// shellRuntime is a runtime in a dozen lines.
const shellRuntime = `#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  headers="$(mktemp)"
  curl -sS -D "$headers" "$api/next" >/dev/null
  id=$(grep -i Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '[:space:]' | cut -d: -f2)
  curl -sS -X POST "$api/$id/response" -d '{"from":"sh"}' >/dev/null
done
`

// TestNodeOnly shows what only Node has: callbacks, promises that nobody
// awaits, its log's format.
func TestNodeOnly(t *testing.T) {
	nodeESM.need(t)
	w := start(t)
	w.create("esm", nodeESM, nil)
	w.create("cjs", nodeCJS, nil)
	for _, c := range []struct{ says, function, payload, want string }{
		{"an answer waits for the event loop", "cjs", `{"Do":"late"}`, `"late"`},
		{"a handler that never answers answers null", "cjs", `{"Do":"never"}`, `null`},
		{"unless the handler says that it shall not", "cjs", `{"Do":"early"}`, `"early"`},
		{"top-level await and imports of the package's files", "esm", `{"Do":"greet","With":"you"}`, `"hello you"`},
		{"undefined is null", "esm", `{"Do":"nothing"}`, `null`},
	} {
		t.Run(c.says, func(t *testing.T) {
			out, err := w.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &c.function, Payload: []byte(c.payload), LogType: types.LogTypeTail})
			if err != nil || out.FunctionError != nil || string(out.Payload) != c.want {
				t.Errorf("%v, %s; want %s", err, out.Payload, c.want)
			}
			if strings.Contains(c.payload, "late") {
				containsAll(t, tail(t, out), "after the callback")
			}
		})
	}
	for _, c := range []struct{ says, function, payload, kind, message string }{
		{"an error that is called back", "cjs", `{"Do":"fail"}`, "TypeError", "called back"},
		{"a text that is thrown", "esm", `{"Do":"throwText"}`, "string", "just text"},
		{"an answer that is no JSON", "esm", `{"Do":"circular"}`, "Error", "Unable to stringify response body"},
		{"a rejection that nobody hears", "esm", `{"Do":"reject"}`, "Runtime.UnhandledPromiseRejection", "Error: unheard"},
	} {
		t.Run(c.says, func(t *testing.T) {
			out, err := w.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &c.function, Payload: []byte(c.payload)})
			if err != nil {
				t.Fatal(err)
			}
			if f := failed(t, out); f.ErrorType != c.kind || f.ErrorMessage != c.message {
				t.Errorf("got %+v", f)
			}
		})
	}
	t.Run("console writes time, request and level before the message", func(t *testing.T) {
		log := tail(t, w.invoke("esm", task{Do: "print"}))
		for _, form := range []string{
			`\n\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t[0-9a-f-]{36}\tINFO\tlogged \{ a: 1 \}\n`,
			`\n\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t[0-9a-f-]{36}\tERROR\ttwo\nlines\n`,
		} {
			if !regexp.MustCompile(form).MatchString(log) {
				t.Errorf("%s is not in\n%s", form, log)
			}
		}
		eventually(t, "the message of two lines is one event", func() bool {
			for _, m := range w.logged("/aws/lambda/esm") {
				if strings.HasSuffix(m, "\tERROR\ttwo\nlines") {
					return true
				}
			}
			return false
		})
	})
	t.Run("an error is logged as Invoke Error", func(t *testing.T) {
		containsAll(t, tail(t, w.invoke("esm", task{Do: "throw"})), "\tERROR\tInvoke Error \t{\"errorType\":\"Error\",\"errorMessage\":\"boom\",\"stack\":[\"Error: boom\",")
	})
	t.Run("handlers within objects, and what a streaming one writes", func(t *testing.T) {
		for handler, want := range map[string]string{"index.nested.deep.handler": `"deep"`, "index.stream": `{"streamed":true}`} {
			if _, err := w.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: new("esm"), Handler: &handler}); err != nil {
				t.Fatal(err)
			}
			if out := w.invoke("esm", task{}); string(out.Payload) != want {
				t.Errorf("%s: %s", handler, out.Payload)
			}
		}
	})
	t.Run("logs in JSON", func(t *testing.T) {
		if _, err := w.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{
			FunctionName: new("esm"), Handler: new("index.handler"), LoggingConfig: &types.LoggingConfig{LogFormat: types.LogFormatJson},
		}); err != nil {
			t.Fatal(err)
		}
		containsAll(t, tail(t, w.invoke("esm", task{Do: "print"})),
			`"type":"platform.start"`, `"level":"ERROR","requestId":"`, `"message":"two\nlines"`, `"type":"platform.report"`, `"status":"success"`)
	})
}

func TestPythonLog(t *testing.T) {
	python.need(t)
	w := start(t)
	w.create("app", python, nil)
	log := tail(t, w.invoke("app", task{Do: "print"}))
	if form := `\n\[INFO\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t[0-9a-f-]{36}\tlogged \{"a": 1\}\n`; !regexp.MustCompile(form).MatchString(log) {
		t.Errorf("%s is not in\n%s", form, log)
	}
	out := w.invoke("app", task{Do: "throw"})
	log = tail(t, out)
	if form := `\n\[ERROR\] ValueError: boom\nTraceback \(most recent call last\):\n  File ".*/app.py", line \d+, in handler\n    raise ValueError\("boom"\)\n`; !regexp.MustCompile(form).MatchString(log) {
		t.Errorf("%s is not in\n%s", form, log)
	}
	f := failed(t, out)
	if trace, _ := f.StackTrace[0].(string); len(f.StackTrace) != 1 || !strings.Contains(trace, filepath.Join("task", "app.py")) {
		t.Errorf("the stack trace is %q, want the handler's frame alone", f.StackTrace)
	}
}
