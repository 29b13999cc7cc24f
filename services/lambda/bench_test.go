package lambda_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/services/lambda/process"
	"github.com/signalbox/signalbox/services/lambda/runtimes"
	"github.com/signalbox/signalbox/signalboxtest"
)

// benchLanguages are one runtime of each kind. The bare command is what the
// operating system and the interpreter take to start and to end.
var benchLanguages = []struct {
	language
	bare []string
}{
	{goLang, []string{"true"}},
	{nodeESM, []string{"node", "-e", "0"}},
	{python, []string{"python3", "-S", "-c", "0"}},
}

// BenchmarkWarm measures an invocation through the SDK, the gateway and the
// signature, in a process that is there.
func BenchmarkWarm(b *testing.B) {
	box := signalboxtest.Start(b)
	c := lambda.NewFromConfig(box.Config())
	for _, l := range benchLanguages {
		b.Run(l.name, func(b *testing.B) {
			create(b, c, "warm-"+l.dir, l.language)
			in := &lambda.InvokeInput{FunctionName: new("warm-" + l.dir), Payload: []byte(`{"Do":"echo","With":1}`)}
			if _, err := c.Invoke(b.Context(), in); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := c.Invoke(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCold measures the first invocation of a function that was just
// created, against the bare interpreter.
func BenchmarkCold(b *testing.B) {
	box := signalboxtest.Start(b)
	c := lambda.NewFromConfig(box.Config())
	for _, l := range benchLanguages {
		b.Run(l.name, func(b *testing.B) {
			create(b, c, "cold-"+l.dir, l.language)
			var bare time.Duration
			for b.Loop() {
				// Other code is another process.
				b.StopTimer()
				if _, err := c.UpdateFunctionConfiguration(b.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: new("cold-" + l.dir)}); err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				if err := exec.Command(l.bare[0], l.bare[1:]...).Run(); err != nil {
					b.Fatal(err)
				}
				bare += time.Since(start)
				b.StartTimer()
				if _, err := c.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: new("cold-" + l.dir), Payload: []byte(`{}`)}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(bare.Nanoseconds())/float64(b.N), "bare-ns/op")
		})
	}
}

// BenchmarkHandler measures what an invocation takes over the handler's own
// time: the Runtime API and the runtime client alone.
func BenchmarkHandler(b *testing.B) {
	for _, l := range benchLanguages[1:] {
		b.Run(l.name, func(b *testing.B) {
			host, err := runtimes.New(b.TempDir(), b.TempDir(), nil)
			if err != nil {
				b.Fatal(err)
			}
			r, _ := runtimes.Parse(string(l.runtime))
			i, err := host.Find(b.Context(), r)
			if err != nil {
				b.Skip("LEFT OUT: ", err)
			}
			task, err := filepath.Abs("testdata/" + l.dir)
			if err != nil {
				b.Fatal(err)
			}
			env, err := process.Start(process.Spec{
				Command: host.Command(r, i, l.handler, task, "", 128), Dir: task, Clock: clock.Real(), Output: func([]byte) {},
				Env: append(host.Env(r, i, task, task, ""), "_HANDLER="+l.handler, "LAMBDA_TASK_ROOT="+task),
			})
			if err != nil {
				b.Fatal(err)
			}
			defer env.Stop()
			ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
			defer cancel()
			if err := env.Ready(ctx); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				a, err := env.Invoke(ctx, process.Invocation{RequestID: "r", Remaining: time.Minute, Payload: []byte(`{"Do":"echo","With":1}`)})
				if err != nil || a.Failed {
					b.Fatal(err, string(a.Payload))
				}
			}
		})
	}
}

func create(b *testing.B, c *lambda.Client, name string, l language) {
	b.Helper()
	if _, err := exec.LookPath(l.program); err != nil {
		b.Skipf("LEFT OUT: %s is not on this machine", l.program)
	}
	_, err := c.CreateFunction(b.Context(), &lambda.CreateFunctionInput{
		FunctionName: &name, Runtime: l.runtime, Handler: &l.handler, Role: new(role), Code: &types.FunctionCode{ZipFile: l.code(b)},
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkThousand has a thousand invocations at a time of a function that has
// no process yet.
func BenchmarkThousand(b *testing.B) {
	for _, l := range benchLanguages {
		b.Run(l.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				box := signalboxtest.Start(b)
				c := lambda.NewFromConfig(box.Config())
				create(b, c, "f", l.language)
				b.StartTimer()
				many(b, c, 1000)
			}
		})
	}
}

// many invokes the function f many times at a time.
func many(t testing.TB, c *lambda.Client, n int) {
	t.Helper()
	var under sync.WaitGroup
	for range n {
		under.Go(func() {
			out, err := c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("f"), Payload: []byte(`{"Do":"pid"}`)})
			if err != nil || out.FunctionError != nil {
				t.Error(err, out)
			}
		})
	}
	under.Wait()
}

func TestManyInvocationsAtATime(t *testing.T) {
	goLang.need(t)
	w := start(t)
	w.create("f", goLang, nil)
	many(t, w.Client, 200)
}
