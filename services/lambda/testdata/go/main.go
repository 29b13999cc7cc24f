// Command main is the test handler as a Go program.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do   string
	With json.RawMessage
	N    int
}

func handle(ctx context.Context, e event) (any, error) {
	switch e.Do {
	case "echo":
		return e.With, nil
	case "throw":
		return nil, errors.New("boom")
	case "exit":
		os.Exit(e.N)
	case "hang":
		time.Sleep(time.Hour)
	case "print":
		fmt.Println("to stdout")
		fmt.Fprintln(os.Stderr, "to stderr")
	case "flood":
		line := strings.Repeat("x", 1023)
		for range e.N {
			fmt.Println(line)
		}
	case "large":
		return strings.Repeat("x", e.N), nil
	case "env":
		all := map[string]string{}
		for _, v := range os.Environ() {
			k, value, _ := strings.Cut(v, "=")
			all[k] = value
		}
		return all, nil
	case "pid":
		return os.Getpid(), nil
	case "context":
		c, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return map[string]any{
			"requestId": c.AwsRequestID, "arn": c.InvokedFunctionArn, "name": lambdacontext.FunctionName,
			"version": lambdacontext.FunctionVersion, "memory": fmt.Sprint(lambdacontext.MemoryLimitInMB),
			"group": lambdacontext.LogGroupName, "stream": lambdacontext.LogStreamName,
			"remaining": time.Until(deadline).Milliseconds(), "custom": c.ClientContext.Custom["who"],
		}, nil
	}
	return nil, nil
}

func main() { lambda.Start(handle) }
