package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// The root user's key: signatures are checked in what is measured.
const accessKey, secretKey = "AKIABENCHBENCHBENCH0", "bench-secret-bench-secret"

// box is the Signalbox that is measured.
type box struct {
	process *exec.Cmd
	data    string
	address string        // host:port
	took    time.Duration // from the start of the process until it was ready
}

// newBox starts one on an empty data directory.
func newBox(ctx context.Context, binary string, args ...string) (*box, error) {
	data, err := os.MkdirTemp("", "signalbox-bench-")
	if err != nil {
		return nil, err
	}
	b := &box{data: data}
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data, "--auth", "required", "--log-level", "error"}, args...)
	b.process = exec.CommandContext(ctx, binary, args...)
	b.process.Env = append(os.Environ(), "SIGNALBOX_ACCESS_KEY="+accessKey, "SIGNALBOX_SECRET_KEY="+secretKey, "SIGNALBOX_PRIVATE=true", "NO_COLOR=1")
	b.process.Stderr = os.Stderr
	out, err := b.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := b.process.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("signalbox did not start: %w", err)
	}
	b.took = time.Since(begin)
	_, rest, _ := strings.Cut(line, "http://")
	b.address, _, _ = strings.Cut(rest, " ")
	return b, nil
}

func (b *box) stop() {
	_ = b.process.Process.Signal(os.Interrupt)
	_ = b.process.Wait()
	_ = os.RemoveAll(b.data)
}

// resident is the process's resident memory in MB.
func (b *box) resident() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.process.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kb, _ := strconv.ParseFloat(f[1], 64)
			return kb / 1024
		}
	}
	return 0
}

func (b *box) events() *eventbridge.Client {
	return eventbridge.New(eventbridge.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + b.address),
		Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
	})
}

func (b *box) queues() *sqs.Client {
	return sqs.New(sqs.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + b.address),
		Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
	})
}

// grant makes the role that targets are called with.
func (b *box) grant(ctx context.Context) error {
	client := iam.New(iam.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + b.address),
		Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
	})
	if _, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("bench"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}); err != nil {
		return err
	}
	_, err := client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("bench"), PolicyName: aws.String("call"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"events:InvokeApiDestination","Resource":"*"}]}`)})
	return err
}
