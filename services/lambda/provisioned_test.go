package lambda_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// provision asks for provisioned concurrency.
func (w *world) provision(function, qualifier string, n int32) error {
	_, err := w.PutProvisionedConcurrencyConfig(w.t.Context(), &lambda.PutProvisionedConcurrencyConfigInput{
		FunctionName: &function, Qualifier: &qualifier, ProvisionedConcurrentExecutions: &n,
	})
	return err
}

// provisioned is the configuration's state, as "READY 2/2".
func (w *world) provisioned(function, qualifier string) string {
	out, err := w.GetProvisionedConcurrencyConfig(w.t.Context(), &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: &function, Qualifier: &qualifier})
	if err != nil {
		code, _ := apiError(err)
		return code
	}
	return string(out.Status) + " " + string('0'+rune(*out.AllocatedProvisionedConcurrentExecutions)) + "/" + string('0'+rune(*out.RequestedProvisionedConcurrentExecutions))
}

// initialized is a handler that tells when and how its process began.
const initialized = `
import os, time
began, how = time.time(), os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
if os.environ.get("BROKEN"): raise RuntimeError("it cannot be loaded")
def handler(event, context):
    if event.get("exit"): os._exit(1)
    return {"pid": os.getpid(), "how": how, "age": time.time() - began}
`

type began struct {
	PID int
	How string
}

func TestProvisionedConcurrency(t *testing.T) {
	python.need(t)
	w := start(t)
	ctx := t.Context()
	w.write("f", python.runtime, "app.handler", map[string]string{"app.py": initialized}, func(in *lambda.CreateFunctionInput) { in.Publish = true })
	w.write("broken", python.runtime, "app.handler", map[string]string{"app.py": initialized}, func(in *lambda.CreateFunctionInput) {
		in.Publish, in.Environment = true, &types.Environment{Variables: map[string]string{"BROKEN": "1"}}
	})
	if _, err := w.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: new("f"), Name: new("live"), FunctionVersion: new("1")}); err != nil {
		t.Fatal(err)
	}
	becomes := func(t *testing.T, function, qualifier, want string) {
		t.Helper()
		eventually(t, "the configuration is "+want, func() bool { return w.provisioned(function, qualifier) == want })
	}

	put, err := w.PutProvisionedConcurrencyConfig(ctx, &lambda.PutProvisionedConcurrencyConfigInput{FunctionName: new("f"), Qualifier: new("live"), ProvisionedConcurrentExecutions: new(int32(2))})
	if err != nil {
		t.Fatal(err)
	}
	if put.Status != types.ProvisionedConcurrencyStatusEnumInProgress || *put.AllocatedProvisionedConcurrentExecutions != 0 {
		t.Errorf("the answer to a new configuration is %s with %d processes", put.Status, *put.AllocatedProvisionedConcurrentExecutions)
	}
	if err := w.provision("broken", "1", 1); err != nil {
		t.Fatal(err)
	}
	becomes(t, "f", "live", "READY 2/2")

	first := answer[began](t, w.invoke("f:live", task{}))
	if first.How != "provisioned-concurrency" {
		t.Errorf("the process was started for %s", first.How)
	}
	if onDemand := answer[began](t, w.invoke("f", task{})); onDemand.How != "on-demand" || onDemand.PID == first.PID {
		t.Errorf("$LATEST runs in %+v, the provisioned version in %+v", onDemand, first)
	}

	t.Run("a process that ends is replaced", func(t *testing.T) {
		w := &world{t, w.box, w.Client}
		failed(t, w.invoke("f:live", map[string]bool{"exit": true}))
		becomes(t, "f", "live", "READY 2/2")
	})
	t.Run("it goes with its alias", func(t *testing.T) {
		w := &world{t, w.box, w.Client}
		if _, err := w.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: new("f"), Publish: true, ZipFile: zipOf(t, map[string]string{"app.py": initialized + "\n# again\n"})}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: new("f"), Name: new("live"), FunctionVersion: new("2")}); err != nil {
			t.Fatal(err)
		}
		becomes(t, "f", "live", "READY 2/2")
		if got := answer[began](t, w.invoke("f:live", task{})); got.How != "provisioned-concurrency" {
			t.Errorf("the new version's process was started for %s", got.How)
		}
	})
	t.Run("one that cannot be loaded has failed", func(t *testing.T) {
		becomes(t, "broken", "1", "FAILED 0/1")
	})
	t.Run("it is listed, and deleted", func(t *testing.T) {
		list, err := w.ListProvisionedConcurrencyConfigs(ctx, &lambda.ListProvisionedConcurrencyConfigsInput{FunctionName: new("f")})
		if err != nil || len(list.ProvisionedConcurrencyConfigs) != 1 || !strings.HasSuffix(*list.ProvisionedConcurrencyConfigs[0].FunctionArn, ":function:f:live") {
			t.Fatalf("the list is %+v, %v", list, err)
		}
		if _, err := time.Parse("2006-01-02T15:04:05-0700", *list.ProvisionedConcurrencyConfigs[0].LastModified); err != nil {
			t.Error(err)
		}
		for range 2 {
			if _, err := w.DeleteProvisionedConcurrencyConfig(ctx, &lambda.DeleteProvisionedConcurrencyConfigInput{FunctionName: new("f"), Qualifier: new("live")}); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.provisioned("f", "live"); got != "ProvisionedConcurrencyConfigNotFoundException" {
			t.Errorf("after its deletion it is %s", got)
		}
	})
}

func TestProvisionedConcurrencyIsRefused(t *testing.T) {
	python.need(t)
	w := start(t)
	ctx := t.Context()
	for _, name := range []string{"f", "reserved"} {
		w.write(name, python.runtime, "app.handler", returns("1"), func(in *lambda.CreateFunctionInput) { in.Publish = true })
		if _, err := w.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: &name, Name: new("live"), FunctionVersion: new("1")}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: new("reserved"), ReservedConcurrentExecutions: new(int32(1))}); err != nil {
		t.Fatal(err)
	}
	if err := w.provision("reserved", "1", 1); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		do   func() error
		want string
	}{
		"of $LATEST":                   {func() error { return w.provision("f", "$LATEST", 1) }, "InvalidParameterValueException: Provisioned Concurrency Configs cannot be applied to unpublished function versions."},
		"of a version that is not":     {func() error { return w.provision("f", "9", 1) }, "ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:9"},
		"of an alias that is not":      {func() error { return w.provision("f", "none", 1) }, "ResourceNotFoundException: Cannot find alias arn: arn:aws:lambda:us-east-1:000000000000:function:f:none"},
		"beyond the account's":         {func() error { return w.provision("f", "1", 1001) }, "InvalidParameterValueException: Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [1000]."},
		"of what must stay unreserved": {func() error { return w.provision("f", "1", 901) }, "InvalidParameterValueException: Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100]."},
		"beyond the reserved":          {func() error { return w.provision("reserved", "1", 2) }, "InvalidParameterValueException: Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"},
		"of an alias whose version is": {func() error { return w.provision("reserved", "live", 1) }, "ResourceConflictException: Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"},
		"and less reserved": {func() error {
			_, err := w.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: new("reserved"), ReservedConcurrentExecutions: new(int32(0))})
			return err
		}, "InvalidParameterValueException:  ReservedConcurrentExecutions  0 should not be lower than function's total provisioned concurrency [1]."},
		"and the rest is throttled": {func() error {
			_, err := w.Invoke(ctx, &lambda.InvokeInput{FunctionName: new("reserved")})
			return err
		}, "TooManyRequestsException: Rate Exceeded."},
	} {
		t.Run(name, func(t *testing.T) {
			code, message := apiError(c.do())
			if got := code + ": " + message; got != c.want {
				t.Errorf("the answer is\n%s, want\n%s", got, c.want)
			}
		})
	}
	if out := w.invoke("reserved:1", task{}); string(out.Payload) != "1" {
		t.Errorf("the provisioned version answers %s", out.Payload)
	}
}
