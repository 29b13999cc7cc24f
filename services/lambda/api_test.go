package lambda_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/signalboxtest"
)

// returns is a Python handler that answers a constant.
func returns(value string) map[string]string {
	return map[string]string{"app.py": "def handler(event, context): return " + value}
}

func TestVersionsAndAliases(t *testing.T) {
	python.need(t)
	w := start(t)
	ctx := t.Context()
	w.write("f", python.runtime, "app.handler", returns("'one'"), nil)
	publish := func() string {
		t.Helper()
		v, err := w.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: new("f")})
		if err != nil {
			t.Fatal(err)
		}
		return *v.Version
	}
	invoke := func(qualifier string) string {
		t.Helper()
		out, err := w.Invoke(ctx, &lambda.InvokeInput{FunctionName: new("f"), Qualifier: &qualifier})
		if err != nil {
			t.Fatal(err)
		}
		return *out.ExecutedVersion + " " + string(out.Payload)
	}
	if v := publish() + publish(); v != "11" {
		t.Fatalf("publishing twice without a change made the versions %s, want 1 both times", v)
	}
	if _, err := w.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: new("f"), ZipFile: zipOf(t, returns("'two'"))}); err != nil {
		t.Fatal(err)
	}
	if v := publish(); v != "2" {
		t.Fatalf("the next version is %s", v)
	}
	if a, b, c := invoke("1"), invoke("2"), invoke("$LATEST"); a != `1 "one"` || b != `2 "two"` || c != `$LATEST "two"` {
		t.Errorf("the versions answer %s, %s, %s", a, b, c)
	}
	alias, err := w.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: new("f"), Name: new("live"), FunctionVersion: new("1")})
	if err != nil || *alias.AliasArn != "arn:aws:lambda:us-east-1:000000000000:function:f:live" {
		t.Fatal(err, alias)
	}
	if got := invoke("live"); got != `1 "one"` {
		t.Errorf("the alias answers %s", got)
	}
	if _, err := w.UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: new("f"), Name: new("live"), RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{"2": 0.5}}}); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for range 60 {
		seen[invoke("live")]++
	}
	if len(seen) != 2 || seen[`1 "one"`]+seen[`2 "two"`] != 60 {
		t.Errorf("an alias with weights answers %v", seen)
	}
	_, err = w.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: new("f"), Qualifier: new("2")})
	if code, _ := apiError(err); code != "ResourceConflictException" {
		t.Errorf("deleting a version that an alias uses: %v", err)
	}
	w.box.Restart()
	if got := invoke("1"); got != `1 "one"` {
		t.Errorf("after a restart version 1 answers %s", got)
	}
	list, err := w.ListVersionsByFunction(ctx, &lambda.ListVersionsByFunctionInput{FunctionName: new("f")})
	if err != nil || len(list.Versions) != 3 || *list.Versions[0].Version != "$LATEST" || *list.Versions[2].FunctionArn != "arn:aws:lambda:us-east-1:000000000000:function:f:2" {
		t.Errorf("%v, %v", err, list)
	}
	if _, err := w.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: new("f")}); err != nil {
		t.Fatal(err)
	}
	w.write("f", python.runtime, "app.handler", returns("'anew'"), nil)
	if aliases, err := w.ListAliases(ctx, &lambda.ListAliasesInput{FunctionName: new("f")}); err != nil || len(aliases.Aliases) != 0 {
		t.Errorf("a new function of the name has the old one's aliases: %v %v", err, aliases)
	}
	if v := publish(); v != "1" {
		t.Errorf("its first version is %s", v)
	}
}

func TestLayers(t *testing.T) {
	python.need(t)
	nodeESM.need(t)
	w := start(t)
	ctx := t.Context()
	layer := func(name string, files map[string]string) string {
		t.Helper()
		out, err := w.PublishLayerVersion(ctx, &lambda.PublishLayerVersionInput{LayerName: &name, Content: &types.LayerVersionContentInput{ZipFile: zipOf(t, files)}})
		if err != nil {
			t.Fatal(err)
		}
		return *out.LayerVersionArn
	}
	first := layer("lib", map[string]string{"python/shared.py": "value = 'old'", "nodejs/node_modules/shared/index.js": "module.exports = 'from the layer'"})
	second := layer("more", map[string]string{"python/shared.py": "value = 'new'"})
	if first != "arn:aws:lambda:us-east-1:000000000000:layer:lib:1" {
		t.Errorf("the layer is %s", first)
	}
	use := func(in *lambda.CreateFunctionInput) { in.Layers = []string{first, second} }
	w.create("py", python, use)
	w.create("esm", nodeESM, use)
	w.create("cjs", nodeCJS, use)
	for name, want := range map[string]string{"py": "new", "esm": "from the layer", "cjs": "from the layer"} {
		if got := answer[string](t, w.invoke(name, task{Do: "module", With: "shared"})); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if _, err := w.DeleteLayerVersion(ctx, &lambda.DeleteLayerVersionInput{LayerName: new("lib"), VersionNumber: new(int64(1))}); err != nil {
		t.Fatal(err)
	}
	w.box.Restart()
	if got := answer[string](t, w.invoke("cjs", task{Do: "module", With: "shared"})); got != "from the layer" {
		t.Errorf("without the layer's deletion: %s", got)
	}
	if again := layer("lib", map[string]string{"x": ""}); !strings.HasSuffix(again, ":2") {
		t.Errorf("the next version is %s", again)
	}
}

func TestLayerPermissions(t *testing.T) {
	w := start(t)
	ctx := t.Context()
	if _, err := w.PublishLayerVersion(ctx, &lambda.PublishLayerVersionInput{LayerName: new("lib"), Content: &types.LayerVersionContentInput{ZipFile: zipOf(t, map[string]string{"x": ""})}}); err != nil {
		t.Fatal(err)
	}
	add := func(sid, principal string, change func(*lambda.AddLayerVersionPermissionInput)) (*lambda.AddLayerVersionPermissionOutput, error) {
		in := &lambda.AddLayerVersionPermissionInput{LayerName: new("lib"), VersionNumber: new(int64(1)), StatementId: &sid, Action: new("lambda:GetLayerVersion"), Principal: &principal}
		if change != nil {
			change(in)
		}
		return w.AddLayerVersionPermission(ctx, in)
	}
	get := func() (string, error) {
		out, err := w.GetLayerVersionPolicy(ctx, &lambda.GetLayerVersionPolicyInput{LayerName: new("lib"), VersionNumber: new(int64(1))})
		if err != nil {
			return "", err
		}
		return *out.Policy, nil
	}
	refused := func(want string, err error) {
		t.Helper()
		if code, message := apiError(err); code+": "+message != want {
			t.Errorf("the answer is %s: %s, want %s", code, message, want)
		}
	}
	_, err := get()
	refused("ResourceNotFoundException: No policy is associated with the given resource.", err)
	first, err := add("one", "123456789012", nil)
	if err != nil {
		t.Fatal(err)
	}
	const arn = `"Action":"lambda:GetLayerVersion","Resource":"arn:aws:lambda:us-east-1:000000000000:layer:lib:1"`
	const one = `{"Sid":"one","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},` + arn + `}`
	const all = `{"Sid":"all","Effect":"Allow","Principal":"*",` + arn + `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}}}`
	if *first.Statement != one {
		t.Errorf("the statement is %s, want %s", *first.Statement, one)
	}
	_, err = add("one", "*", nil)
	refused("ResourceConflictException: The statement id (one) provided already exists. Please provide a new statement id, or remove the existing statement.", err)
	_, err = add("all", "*", func(in *lambda.AddLayerVersionPermissionInput) { in.RevisionId = new("stale") })
	refused("PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the latest Revision Id", err)
	_, err = add("all", "*", func(in *lambda.AddLayerVersionPermissionInput) { in.VersionNumber = new(int64(7)) })
	refused("ResourceNotFoundException: Layer version arn:aws:lambda:us-east-1:000000000000:layer:lib:7 does not exist.", err)
	if _, err := add("all", "*", func(in *lambda.AddLayerVersionPermissionInput) {
		in.RevisionId, in.OrganizationId = first.RevisionId, new("o-abcdefghij")
	}); err != nil {
		t.Fatal(err)
	}
	w.box.Restart()
	if got, err := get(); err != nil || got != `{"Version":"2012-10-17","Id":"default","Statement":[`+one+`,`+all+`]}` {
		t.Errorf("the policy is %s, %v", got, err)
	}
	remove := func(sid string) error {
		_, err := w.RemoveLayerVersionPermission(ctx, &lambda.RemoveLayerVersionPermissionInput{LayerName: new("lib"), VersionNumber: new(int64(1)), StatementId: &sid})
		return err
	}
	refused("ResourceNotFoundException: Statement none is not found in resource policy.", remove("none"))
	if err := errors.Join(remove("one"), remove("all")); err != nil {
		t.Fatal(err)
	}
	_, err = get()
	refused("ResourceNotFoundException: No policy is associated with the given resource.", err)
}

// TestRefusals has requests that AWS refuses, and its words.
func TestRefusals(t *testing.T) {
	w := start(t)
	ctx := t.Context()
	w.write("f", python.runtime, "app.handler", returns("1"), nil)
	create := func(change func(*lambda.CreateFunctionInput)) error {
		in := &lambda.CreateFunctionInput{
			FunctionName: new("g"), Runtime: python.runtime, Handler: new("app.handler"), Role: new(role), Code: &types.FunctionCode{ZipFile: zipOf(t, returns("1"))},
		}
		change(in)
		_, err := w.CreateFunction(ctx, in)
		return err
	}
	invoke := func(in *lambda.InvokeInput) error {
		_, err := w.Invoke(ctx, in)
		return err
	}
	alias := func(function, version string, weights map[string]float64) error {
		_, err := w.CreateAlias(ctx, &lambda.CreateAliasInput{
			FunctionName: &function, Name: new("live"), FunctionVersion: &version, RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights},
		})
		return err
	}
	configure := func(function string, d *types.DestinationConfig) error {
		_, err := w.PutFunctionEventInvokeConfig(ctx, &lambda.PutFunctionEventInvokeConfigInput{FunctionName: &function, DestinationConfig: d})
		return err
	}
	to := func(arn string) *types.DestinationConfig {
		return &types.DestinationConfig{OnSuccess: &types.OnSuccess{Destination: &arn}}
	}
	const functionARN = "arn:aws:lambda:us-east-1:000000000000:function:"
	tags := map[string]string{}
	for i := range 51 {
		tags[fmt.Sprint(i)] = "x"
	}
	for _, c := range []struct {
		says          string
		err           error
		code, message string
	}{
		{"a name that is taken", create(func(in *lambda.CreateFunctionInput) { in.FunctionName = new("f") }), "ResourceConflictException", "Function already exist: f"},
		{"no zip file", create(func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = []byte("no zip") }), "InvalidParameterValueException", "Could not unzip uploaded file. Please check your file, then try to upload again."},
		{"a path that leads out", create(func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = zipOf(t, map[string]string{"../../evil": "x"}) }), "InvalidParameterValueException", "Could not unzip uploaded file. Please check your file, then try to upload again."},
		{"a zip bomb", create(func(in *lambda.CreateFunctionInput) {
			in.Code.ZipFile = zipOf(t, map[string]string{"zeros": strings.Repeat("\x00", 250<<20+1)})
		}), "InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes"},
		{"an empty zip", create(func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = zipOf(t, nil) }), "InvalidParameterValueException", "Uploaded file must be a non-empty zip"},
		{"no code", create(func(in *lambda.CreateFunctionInput) { in.Code = &types.FunctionCode{} }), "InvalidParameterValueException", "Please provide a source for function code."},
		{"code in a bucket that is not there", create(func(in *lambda.CreateFunctionInput) {
			in.Code = &types.FunctionCode{S3Bucket: new("bucket"), S3Key: new("key")}
		}), "InvalidParameterValueException", "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"},
		{"no handler", create(func(in *lambda.CreateFunctionInput) { in.Handler = nil }), "InvalidParameterValueException", "Runtime and Handler are mandatory parameters for functions created with deployment packages."},
		{"a runtime that cannot be run", create(func(in *lambda.CreateFunctionInput) { in.Runtime = types.RuntimeJava21 }), "InvalidParameterValueException", "The runtime parameter of java21 is not implemented by Signalbox: it runs nodejs*, python*, provided.* and go1.x."},
		{"too long a time-out", create(func(in *lambda.CreateFunctionInput) { in.Timeout = new(int32(901)) }), "ValidationException", "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"},
		{"a variable that is reserved", create(func(in *lambda.CreateFunctionInput) {
			in.Environment = &types.Environment{Variables: map[string]string{"AWS_REGION": "x"}}
		}), "InvalidParameterValueException", "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION"},
		{"variables of more than 4 KB", create(func(in *lambda.CreateFunctionInput) {
			in.Environment = &types.Environment{Variables: map[string]string{"LONG": strings.Repeat("x", 4093)}}
		}), "InvalidParameterValueException", "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: 4097 bytes"},
		{"a layer that is not there", create(func(in *lambda.CreateFunctionInput) {
			in.Layers = []string{"arn:aws:lambda:us-east-1:000000000000:layer:none:1"}
		}), "InvalidParameterValueException", "Layer version arn:aws:lambda:us-east-1:000000000000:layer:none:1 does not exist."},
		{"a VPC", create(func(in *lambda.CreateFunctionInput) {
			in.VpcConfig = &types.VpcConfig{SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{"sg-1"}}
		}), "InvalidParameterValueException", "VpcConfig is not implemented by Signalbox: functions run as processes of this machine."},
		{"a configuration of no function", configure("none", to("arn:aws:sqs:us-east-1:000000000000:q")), "ResourceNotFoundException", "The function doesn't exist."},
		{"a configuration that says nothing", configure("f", nil), "InvalidParameterValueException", "You must specify at least one of error handling or destination setting."},
		{"itself as its destination", configure("f", to(functionARN+"f")), "InvalidParameterValueException", "You can't specify the function as a destination for itself."},
		{"a destination that is not there", configure("f", to(functionARN+"none")), "InvalidParameterValueException", "The destination ARN " + functionARN + "none is invalid."},
		{"a destination that takes no records", configure("f", to("arn:aws:iam:us-east-1:000000000000:role/r")), "InvalidParameterValueException", "The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=arn:aws:iam:us-east-1:000000000000:role/r), onFailure=null) is invalid."},
		{"more than 50 tags", create(func(in *lambda.CreateFunctionInput) { in.Tags = tags }), "InvalidParameterValueException", "Number of tags exceeds resource tag limit."},
		{"weights of two versions", alias("f", "1", map[string]float64{"2": 0.1, "3": 0.1}), "InvalidParameterValueException", "Number of items in AdditionalVersionWeights cannot be greater than 1"},
		{"an alias of no function", alias("none", "1", nil), "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:none:1"},
		{"a function that is not there", invoke(&lambda.InvokeInput{FunctionName: new("none")}), "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:none"},
		{"a version that is not there", invoke(&lambda.InvokeInput{FunctionName: new("f"), Qualifier: new("9")}), "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:9"},
		{"two qualifiers", invoke(&lambda.InvokeInput{FunctionName: new("f:1"), Qualifier: new("2")}), "InvalidParameterValueException", "The derived qualifier from the function name does not match the specified qualifier."},
		{"a payload that is no JSON", invoke(&lambda.InvokeInput{FunctionName: new("f"), Payload: []byte("{")}), "InvalidRequestContentException", "Could not parse request body into json: Could not parse payload into json: unexpected end of JSON input"},
		{"a payload of more than 6 MB", invoke(&lambda.InvokeInput{FunctionName: new("f"), Payload: bytes.Repeat([]byte(" "), 6<<20+1)}), "RequestEntityTooLargeException", "Request must be smaller than 6291456 bytes for the InvokeFunction operation"},
		{"an event of more than 1 MB", invoke(&lambda.InvokeInput{FunctionName: new("f"), InvocationType: types.InvocationTypeEvent, Payload: bytes.Repeat([]byte(" "), 1<<20+1)}), "RequestEntityTooLargeException", "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"},
	} {
		t.Run(c.says, func(t *testing.T) {
			if code, message := apiError(c.err); code != c.code || message != c.message {
				t.Errorf("got %v\nwant %s: %s", c.err, c.code, c.message)
			}
		})
	}
	if list, err := w.ListFunctions(ctx, &lambda.ListFunctionsInput{}); err != nil || len(list.Functions) != 1 {
		t.Errorf("there are functions after refusals: %v, %d", err, len(list.Functions))
	}
}

func TestConfiguration(t *testing.T) {
	w := start(t)
	ctx := t.Context()
	zip := zipOf(t, returns("1"))
	w.write("f", python.runtime, "app.handler", nil, func(in *lambda.CreateFunctionInput) {
		in.Code = &types.FunctionCode{ZipFile: zip}
		in.Timeout = nil
		in.Environment = &types.Environment{Variables: map[string]string{"KEY": "a secret"}}
		in.Tags = map[string]string{"team": "shop"}
	})
	get := func() *lambda.GetFunctionOutput {
		t.Helper()
		out, err := w.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: new("arn:aws:lambda:us-east-1:000000000000:function:f")})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	got := get()
	c := got.Configuration
	if c.State != types.StateActive || c.LastUpdateStatus != types.LastUpdateStatusSuccessful || *c.Timeout != 3 || *c.MemorySize != 128 ||
		*c.EphemeralStorage.Size != 512 || c.Environment.Variables["KEY"] != "a secret" || got.Tags["team"] != "shop" || *c.LoggingConfig.LogGroup != "/aws/lambda/f" {
		t.Errorf("got %+v", c)
	}
	if err := lambda.NewFunctionActiveV2Waiter(w.Client).Wait(ctx, &lambda.GetFunctionInput{FunctionName: new("f")}, 10*time.Second); err != nil {
		t.Errorf("waiting for it to be active: %v", err)
	}
	t.Run("its code is where Location says", func(t *testing.T) {
		response, err := http.Get(*got.Code.Location)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if text, err := io.ReadAll(response.Body); err != nil || !bytes.Equal(text, zip) {
			t.Errorf("%v, %d bytes of %d", err, len(text), len(zip))
		}
	})
	t.Run("an update with an old revision is refused", func(t *testing.T) {
		if _, err := w.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: new("f"), MemorySize: new(int32(256)), RevisionId: c.RevisionId}); err != nil {
			t.Fatal(err)
		}
		_, err := w.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: new("f"), MemorySize: new(int32(512)), RevisionId: c.RevisionId})
		if code, _ := apiError(err); code != "PreconditionFailedException" {
			t.Errorf("got %v", err)
		}
		if got := get(); *got.Configuration.MemorySize != 256 || got.Configuration.Environment.Variables["KEY"] != "a secret" {
			t.Errorf("got %+v", got.Configuration)
		}
	})
	t.Run("permissions are the policy's statements", func(t *testing.T) {
		in := &lambda.AddPermissionInput{
			FunctionName: new("f"), StatementId: new("rule"), Action: new("lambda:InvokeFunction"), Principal: new("events.amazonaws.com"),
			SourceArn: new("arn:aws:events:us-east-1:000000000000:rule/orders"),
		}
		out, err := w.AddPermission(ctx, in)
		const statement = `{"Sid":"rule","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:events:us-east-1:000000000000:rule/orders"}}}`
		if err != nil || *out.Statement != statement {
			t.Fatalf("%v, %s", err, *out.Statement)
		}
		if _, err := w.AddPermission(ctx, in); err == nil {
			t.Error("the same statement id twice is accepted")
		}
		policy, err := w.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: new("f")})
		if err != nil || *policy.Policy != `{"Version":"2012-10-17","Id":"default","Statement":[`+statement+`]}` {
			t.Errorf("%v, %s", err, *policy.Policy)
		}
		if _, err := w.RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: new("f"), StatementId: new("rule")}); err != nil {
			t.Fatal(err)
		}
		_, err = w.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: new("f")})
		if code, _ := apiError(err); code != "ResourceNotFoundException" {
			t.Errorf("after its removal: %v", err)
		}
	})
	t.Run("tags are put and removed", func(t *testing.T) {
		if _, err := w.TagResource(ctx, &lambda.TagResourceInput{Resource: c.FunctionArn, Tags: map[string]string{"a": "1"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.UntagResource(ctx, &lambda.UntagResourceInput{Resource: c.FunctionArn, TagKeys: []string{"team"}}); err != nil {
			t.Fatal(err)
		}
		if out, err := w.ListTags(ctx, &lambda.ListTagsInput{Resource: c.FunctionArn}); err != nil || fmt.Sprint(out.Tags) != "map[a:1]" {
			t.Errorf("%v, %v", err, out)
		}
	})
	t.Run("lists come in pages", func(t *testing.T) {
		for i := range 4 {
			w.write(fmt.Sprintf("g%d", i), python.runtime, "app.handler", returns("1"), nil)
		}
		var names []string
		pages := lambda.NewListFunctionsPaginator(w.Client, &lambda.ListFunctionsInput{MaxItems: new(int32(2))})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range page.Functions {
				names = append(names, *f.FunctionName)
			}
		}
		if fmt.Sprint(names) != "[f g0 g1 g2 g3]" {
			t.Errorf("got %v", names)
		}
	})
	t.Run("another account sees nothing of it", func(t *testing.T) {
		other := lambda.NewFromConfig(w.box.ConfigFor("111122223333", "us-east-1"))
		if out, err := other.ListFunctions(ctx, &lambda.ListFunctionsInput{}); err != nil || len(out.Functions) != 0 {
			t.Errorf("%v, %v", err, out)
		}
	})
}

// TestProcesses shows when processes come and go.
func TestProcesses(t *testing.T) {
	python.need(t)
	now := clock.NewFake(time.Now())
	w := start(t, signalboxtest.WithClock(now))
	ctx := t.Context()
	w.write("slow", python.runtime, "app.handler", map[string]string{"app.py": `
import os, time
def handler(event, context):
    if event.get("wait"):
        open("%s.%d" % (event["wait"], os.getpid()), "w").close()
    while event.get("wait") and not os.path.exists(event["wait"]):
        time.sleep(0.005)
    return os.getpid()
`}, nil)
	pid := func(out *lambda.InvokeOutput) int { return answer[int](t, out) }
	t.Run("each concurrent invocation has a process of its own, up to the reserved concurrency", func(t *testing.T) {
		if _, err := w.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: new("slow"), ReservedConcurrentExecutions: new(int32(2))}); err != nil {
			t.Fatal(err)
		}
		gate := t.TempDir() + "/open"
		pids := make(chan int, 2)
		for range 2 {
			go func() { pids <- pid(w.invoke("slow", map[string]string{"wait": gate})) }()
		}
		eventually(t, "both have begun", func() bool {
			begun, err := filepath.Glob(gate + ".*")
			return err == nil && len(begun) == 2
		})
		_, err := w.Invoke(ctx, &lambda.InvokeInput{FunctionName: new("slow")})
		if code, _ := apiError(err); code != "TooManyRequestsException" {
			t.Errorf("a third: %v", err)
		}
		if err := writeFile(gate); err != nil {
			t.Fatal(err)
		}
		if a, b := <-pids, <-pids; a == b {
			t.Errorf("both ran in process %d", a)
		}
	})
	t.Run("an idle process is frozen, and goes on with the next invocation", func(t *testing.T) {
		first := pid(w.invoke("slow", task{}))
		if _, err := os.ReadFile("/proc/self/stat"); err != nil {
			t.Skip("the state of processes cannot be seen here")
		}
		eventually(t, "it is stopped", func() bool {
			now.Advance(100 * time.Millisecond) // since it asked for more, soon after its answer
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", first))
			return err == nil && strings.Contains(string(stat), ") T ")
		})
		if second := pid(w.invoke("slow", task{})); second != first {
			t.Errorf("process %d took over from %d", second, first)
		}
	})
	t.Run("an idle process is stopped after a while", func(t *testing.T) {
		first := pid(w.invoke("slow", task{}))
		if !alive(first) {
			t.Fatal("it is not kept")
		}
		now.Advance(6 * time.Minute)
		eventually(t, "it is gone", func() bool { return !alive(first) })
	})
	t.Run("new code runs in a new process", func(t *testing.T) {
		first := pid(w.invoke("slow", task{}))
		if _, err := w.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: new("slow"), ZipFile: zipOf(t, map[string]string{"app.py": "import os\ndef handler(e, c): return os.getpid()"})}); err != nil {
			t.Fatal(err)
		}
		if second := pid(w.invoke("slow", task{})); second == first {
			t.Errorf("process %d runs both", first)
		}
		eventually(t, "the old one is gone", func() bool { return !alive(first) })
	})
	t.Run("nothing is left when the server stops", func(t *testing.T) {
		last := pid(w.invoke("slow", task{}))
		w.box.Restart()
		if alive(last) {
			t.Errorf("process %d is still there", last)
		}
	})
}
