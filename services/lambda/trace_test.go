package lambda_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/signalboxtest"
)

// traced gives a call a tracing header.
func traced(header string) func(*lambda.Options) {
	return func(o *lambda.Options) {
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
			return s.Build.Add(middleware.BuildMiddlewareFunc("trace", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
				in.Request.(*smithyhttp.Request).Header.Set("X-Amzn-Trace-Id", header)
				return next.HandleBuild(ctx, in)
			}), middleware.After)
		})
	}
}

// TestTraces has handlers tell which trace they belong to.
func TestTraces(t *testing.T) {
	python.need(t)
	now := clock.NewFake(time.Now())
	w := start(t, signalboxtest.WithClock(now))
	dir := t.TempDir()
	w.write("f", python.runtime, "app.handler", map[string]string{"app.py": `
import os
def handler(event, context):
    with open(event["file"], "a") as f: f.write(os.environ.get("_X_AMZN_TRACE_ID", "none") + "\n")
    if event.get("fail"): raise ValueError("again")
`}, func(in *lambda.CreateFunctionInput) { in.Timeout = new(int32(900)) })
	const root = "1-65a1b2c3-0123456789abcdef01234567"
	for i, c := range []struct {
		says, header string
		kind         types.InvocationType
		form         string
		attempts     int
	}{
		{"a trace goes on", "Root=" + root + ";Parent=53995c3f42cd8ad8;Sampled=1", types.InvocationTypeRequestResponse, "^Root=" + root + ";Parent=[0-9a-f]{16};Sampled=1", 1},
		{"a header that is none begins one", "nonsense", types.InvocationTypeRequestResponse, "^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", 1},
		{"a trace goes on in what is not waited for, and its retries", "Root=" + root, types.InvocationTypeEvent, "^Root=" + root + ";Parent=[0-9a-f]{16}", 3},
		{"retries belong to the trace that the first attempt began", "", types.InvocationTypeEvent, "^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", 3},
	} {
		t.Run(c.says, func(t *testing.T) {
			file := filepath.Join(dir, fmt.Sprint(i))
			in := &lambda.InvokeInput{FunctionName: new("f"), InvocationType: c.kind, Payload: fmt.Appendf(nil, `{"file":%q,"fail":%v}`, file, c.attempts > 1)}
			if _, err := w.Invoke(t.Context(), in, traced(c.header)); err != nil {
				t.Fatal(err)
			}
			turn(t, now, 10*time.Second, "all attempts are made", func() bool { return len(lines(file)) == c.attempts })
			roots := map[string]bool{}
			for _, l := range lines(file) {
				if !regexp.MustCompile(c.form).MatchString(l) {
					t.Errorf("the trace is %s, want %s", l, c.form)
				}
				first, _, _ := strings.Cut(l, ";")
				roots[first] = true
			}
			if len(roots) != 1 {
				t.Errorf("the attempts belong to %v", roots)
			}
		})
	}
	t.Run("a URL tells the trace that it began", func(t *testing.T) {
		u, err := w.CreateFunctionUrlConfig(t.Context(), &lambda.CreateFunctionUrlConfigInput{FunctionName: new("f"), AuthType: types.FunctionUrlAuthTypeNone})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.AddPermission(t.Context(), &lambda.AddPermissionInput{
			FunctionName: new("f"), StatementId: new("all"), Action: new("lambda:InvokeFunctionUrl"), Principal: new("*"), FunctionUrlAuthType: types.FunctionUrlAuthTypeNone,
		}); err != nil {
			t.Fatal(err)
		}
		response, err := http.Get(*u.FunctionUrl)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if got := response.Header.Get("X-Amzn-Trace-Id"); !regexp.MustCompile(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24}`).MatchString(got) {
			t.Errorf("the header is %q", got)
		}
	})
}
