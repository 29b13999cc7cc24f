package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cloudformationsdk "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// signalbox is the server under demonstration, as a process of its own.
type signalbox struct {
	binary, data string
	process      *exec.Cmd
}

const address = "127.0.0.1:4599"

func (b *signalbox) url() string { return "http://" + address }

// start returns once the server says that it is ready.
func (b *signalbox) start(ctx context.Context) error {
	b.process = exec.Command(b.binary, "serve", "--listen", address, "--data", b.data, "--log-level", "error")
	b.process.Stderr = os.Stderr
	out, err := b.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := b.process.Start(); err != nil {
		return fmt.Errorf("starting signalbox: %w", err)
	}
	line := make([]byte, 4096)
	n, err := out.Read(line)
	if err != nil {
		return fmt.Errorf("signalbox did not start: %w", err)
	}
	fmt.Printf("   %s", line[:n])
	return ctx.Err()
}

// crash kills the server and starts it again.
func (b *signalbox) crash(ctx context.Context) error {
	if err := b.process.Process.Kill(); err != nil {
		return err
	}
	_ = b.process.Wait() // it was killed
	return b.start(ctx)
}

func (b *signalbox) stop() {
	_ = b.process.Process.Signal(os.Interrupt)
	_ = b.process.Wait()
}

// run calls the command line.
func (b *signalbox) run(ctx context.Context, args ...string) error {
	c := exec.CommandContext(ctx, b.binary, args...)
	c.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+b.url())
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	return c.Run()
}

func (b *signalbox) config() aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(b.url()), Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
}

// shipped counts the orders in the table, and those of them that are shipped.
func (b *signalbox) shipped(ctx context.Context) (all, shipped int, err error) {
	pages := dynamodb.NewScanPaginator(dynamodb.NewFromConfig(b.config()), &dynamodb.ScanInput{TableName: aws.String("orders"), ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, 0, err
		}
		all += len(page.Items)
		for _, item := range page.Items {
			if state, _ := item["state"].(*types.AttributeValueMemberS); state != nil && state.Value == "shipped" {
				shipped++
			}
		}
	}
	return all, shipped, nil
}

// settled is [signalbox.shipped] once all are, or after some seconds: an order
// that nobody was told of may still be on its way.
func (b *signalbox) settled(ctx context.Context) (all, shipped int, err error) {
	for range 100 {
		if all, shipped, err = b.shipped(ctx); err != nil || all == shipped {
			break
		}
		if err := wait(ctx, 100*time.Millisecond); err != nil {
			return 0, 0, err
		}
	}
	return all, shipped, err
}

// output is an output of a stack.
func (b *signalbox) output(ctx context.Context, stack, name string) (string, error) {
	out, err := cloudformationsdk.NewFromConfig(b.config()).DescribeStacks(ctx, &cloudformationsdk.DescribeStacksInput{StackName: &stack})
	if err != nil {
		return "", err
	}
	for _, o := range out.Stacks[0].Outputs {
		if *o.OutputKey == name {
			return *o.OutputValue, nil
		}
	}
	return "", fmt.Errorf("stack %s has no output %s", stack, name)
}
