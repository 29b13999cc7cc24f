package apigateway_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// Answers tell an API's policy with its quotes and slashes escaped, so that
// clients which undo that (Terraform's provider does) get the document.
func TestPoliciesAreToldEscapedAndTakenInBothForms(t *testing.T) {
	w := newWorld(t)
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/*"}]}`
	escaped := `{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"execute-api:Invoke\",\"Resource\":\"arn:aws:execute-api:*:*:*\/*\"}]}`
	want := func(of string, got *string) {
		t.Helper()
		if got == nil || *got != escaped {
			t.Errorf("%s: policy = %v\nwant %s", of, got, escaped)
			return
		}
		plain, err := strconv.Unquote(`"` + strings.ReplaceAll(*got, `\/`, "/") + `"`)
		if err != nil || plain != policy {
			t.Errorf("%s: policy undone = %s, %v\nwant %s", of, plain, err, policy)
		}
	}
	api := must(w.apis.CreateRestApi(w.ctx, &apigateway.CreateRestApiInput{Name: new("a"), Policy: new(strings.ReplaceAll(policy, ":[", ": [\n"))}))(t)
	want("CreateRestApi", api.Policy)
	want("GetRestApi", must(w.apis.GetRestApi(w.ctx, &apigateway.GetRestApiInput{RestApiId: api.Id}))(t).Policy)
	want("GetRestApis", must(w.apis.GetRestApis(w.ctx, &apigateway.GetRestApisInput{}))(t).Items[0].Policy)
	set := func(text string) *string {
		t.Helper()
		return must(w.apis.UpdateRestApi(w.ctx, &apigateway.UpdateRestApiInput{RestApiId: api.Id, PatchOperations: []types.PatchOperation{
			{Op: types.OpReplace, Path: new("/policy"), Value: &text},
		}}))(t).Policy
	}
	if got := set(""); got != nil {
		t.Errorf("a policy taken away is told as %q", *got)
	}
	want("UpdateRestApi, as a document", set(policy))
	want("UpdateRestApi, as it was told", set(escaped))
	_, err := w.apis.UpdateRestApi(w.ctx, &apigateway.UpdateRestApiInput{RestApiId: api.Id, PatchOperations: []types.PatchOperation{
		{Op: types.OpReplace, Path: new("/policy"), Value: new(`{\"Version`)},
	}})
	wantCode(t, err, "BadRequestException", "Invalid policy document")
}
