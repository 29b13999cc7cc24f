package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// handlers are the functions that are measured: each answers at once.
var handlers = []handler{
	{"Go", lambdatypes.RuntimeProvidedal2023, "bootstrap", nil},
	{"Node", lambdatypes.RuntimeNodejs20x, "index.handler", map[string]string{"index.mjs": "export const handler = async (event) => event;\n"}},
	{"Python", lambdatypes.RuntimePython312, "app.handler", map[string]string{"app.py": "def handler(event, context):\n    return event\n"}},
}

// handler is a function in one language.
type handler struct {
	language string
	runtime  lambdatypes.Runtime
	name     string
	files    map[string]string // of the package
}

const (
	overheadBudget = 300 * time.Microsecond // DESIGN section 9: over the handler's own time
	coldStarts     = 8
	atOnce         = 1000
	orderEvent     = `{"order":{"id":"8f1c2a7e","state":"pending"}}`
)

// functions measures invocations beside the same process behind a bare Runtime
// API, which does nothing but hand out events and take answers.
func (r *run) functions() error {
	b, err := newBox(r.ctx, r.binary)
	if err != nil {
		return err
	}
	defer b.stop()
	config := aws.Config{Region: "us-east-1", BaseEndpoint: aws.String("http://" + b.address), Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, "")}
	role, err := apiRole(r.ctx, config)
	if err != nil {
		return err
	}
	front, err := r.frontDoor(b)
	if err != nil {
		return err
	}
	row("the front door alone: signed, answered, no function", "p50 %v", front)
	client := lambda.NewFromConfig(config)
	for _, h := range handlers {
		if err := r.measure(b, client, role, h, front); err != nil {
			return fmt.Errorf("%s: %w", h.language, err)
		}
	}
	return nil
}

// frontDoor is what a request takes that runs no function.
func (r *run) frontDoor(b *box) (time.Duration, error) {
	request, err := signedRequest(http.MethodGet, b.address, "/2016-08-19/account-settings", "")
	if err != nil {
		return 0, err
	}
	_, times, err := load(r.ctx, b.address, again(request), "AccountLimit", 1, time.Second)
	return quantile(times, 0.5), err
}

// measure measures one language: warm, cold and many at once.
func (r *run) measure(b *box, client *lambda.Client, role string, h handler, front time.Duration) error {
	dir, err := h.source(r.ctx)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	code, err := packed(dir)
	if err != nil {
		return err
	}
	create := func(name string) error {
		_, err := client.CreateFunction(r.ctx, &lambda.CreateFunctionInput{
			FunctionName: &name, Runtime: h.runtime, Handler: &h.name, Role: &role, Code: &lambdatypes.FunctionCode{ZipFile: code}, Timeout: aws.Int32(60),
		})
		return err
	}
	var bareCold, cold []time.Duration
	for i := range coldStarts {
		bare, err := startBare(r.ctx, h, dir)
		if err != nil {
			return err
		}
		bareCold = append(bareCold, bare.took)
		if i == coldStarts-1 {
			if err := r.warm(b, create, h, bare, front); err != nil {
				return err
			}
		}
		bare.stop()
		name := fmt.Sprintf("cold-%s-%d", h.language, i)
		if err := create(name); err != nil {
			return err
		}
		request, err := invocation(b.address, name)
		if err != nil {
			return err
		}
		once := func(_, n int) []byte { return [][]byte{request, nil}[min(n, 1)] }
		_, times, err := load(r.ctx, b.address, once, "pending", 1, time.Minute)
		if err != nil {
			return err
		}
		cold = append(cold, times...)
	}
	bare, mine := quantile(bareCold, 0.5), quantile(cold, 0.5)
	row(h.language+", cold", "p50 %v, the bare process %v: %.2f of it", mine, bare, float64(mine)/float64(bare))
	if err := create("many-" + h.language); err != nil {
		return err
	}
	took, slowest, err := together(b.address, "many-"+h.language)
	if err != nil {
		return err
	}
	row(fmt.Sprintf("%s, %d at once, none warm", h.language, atOnce), "all in %v, %.0f /s, the slowest %v, %d processes",
		took.Round(time.Millisecond), atOnce/took.Seconds(), slowest.Round(time.Millisecond), b.children())
	return nil
}

// warm measures one invocation after another, and what of it is not the process.
func (r *run) warm(b *box, create func(string) error, h handler, bare *bareRuntime, front time.Duration) error {
	if err := create("warm-" + h.language); err != nil {
		return err
	}
	request, err := invocation(b.address, "warm-"+h.language)
	if err != nil {
		return err
	}
	if _, _, err := load(r.ctx, b.address, again(request), "pending", 1, time.Second); err != nil {
		return err
	}
	direct, err := bare.calls(r.seconds)
	if err != nil {
		return err
	}
	_, times, err := load(r.ctx, b.address, again(request), "pending", 1, r.seconds)
	if err != nil {
		return err
	}
	p50, p99, own := quantile(times, 0.5), quantile(times, 0.99), quantile(direct, 0.5)
	over := p50 - own
	verdict := "within"
	if over > overheadBudget {
		verdict = "ABOVE"
	}
	row(h.language+", warm", "p50 %v  p99 %v, the bare process %v: %.2f of it; %v over it (front door %v), %s the budget of %v",
		p50, p99, own, float64(p50)/float64(own), over, front, verdict, overheadBudget)
	return nil
}

// source is a folder with the function's code.
func (h handler) source(ctx context.Context) (string, error) {
	dir, err := os.MkdirTemp("", "signalbox-bench-")
	if err != nil {
		return "", err
	}
	for name, text := range h.files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return dir, err
		}
	}
	if h.files != nil {
		return dir, nil
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, "bootstrap"), "./bench/echo")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	return dir, build.Run()
}

// packed is a folder as a deployment package.
func packed(dir string) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if err := z.AddFS(os.DirFS(dir)); err != nil {
		return nil, err
	}
	err := z.Close()
	return b.Bytes(), err
}

// invocation is a raw signed Invoke.
func invocation(address, function string) ([]byte, error) {
	return signedRequest(http.MethodPost, address, "/2015-03-31/functions/"+function+"/invocations", orderEvent)
}

func signedRequest(method, address, path, body string) ([]byte, error) {
	r, err := http.NewRequest(method, "http://"+address+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(body))
	err = v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, r,
		hex.EncodeToString(hash[:]), "lambda", "us-east-1", time.Now())
	if err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	err = r.Write(&raw)
	return raw.Bytes(), err
}

// together invokes a function atOnce times at a time, each on a connection of
// its own that is there already.
func together(address, function string) (all, slowest time.Duration, err error) {
	request, err := invocation(address, function)
	if err != nil {
		return 0, 0, err
	}
	connections := make([]net.Conn, atOnce)
	for i := range connections {
		if connections[i], err = net.Dial("tcp", address); err != nil {
			return 0, 0, err
		}
		defer connections[i].Close()
	}
	times, errs := make([]time.Duration, atOnce), make([]error, atOnce)
	var group sync.WaitGroup
	begin := time.Now()
	for i, c := range connections {
		group.Go(func() {
			if _, errs[i] = c.Write(request); errs[i] == nil {
				_, errs[i] = answer(bufio.NewReaderSize(c, 4<<10), nil, []byte("pending"))
			}
			times[i] = time.Since(begin)
		})
	}
	group.Wait()
	for _, e := range errs {
		if e != nil {
			return 0, 0, e
		}
	}
	return time.Since(begin), slices.Max(times), nil
}

// children counts the processes that the box has started.
func (b *box) children() (n int) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", b.process.Process.Pid))
	if err != nil {
		return 0
	}
	for _, t := range tasks { // each thread has its own
		if text, err := os.ReadFile(t); err == nil {
			n += len(strings.Fields(string(text)))
		}
	}
	return n
}
