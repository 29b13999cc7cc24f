package apigateway_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

func TestRequestsAreLoggedInTheStagesFormat(t *testing.T) {
	w := newWorld(t)
	id := w.imported(mockAPI(object{"/a/{id}": object{"get": mock(`{"fine":true}`)}}))
	replace := func(path, value string) types.PatchOperation {
		return types.PatchOperation{Op: types.OpReplace, Path: aws.String("/accessLogSettings/" + path), Value: &value}
	}
	must(w.apis.UpdateStage(w.ctx, &apigateway.UpdateStageInput{RestApiId: &id, StageName: aws.String("prod"), PatchOperations: []types.PatchOperation{
		replace("destinationArn", "arn:aws:logs:us-east-1:000000000000:log-group:access"),
		replace("format", "$context.httpMethod $context.resourcePath $context.status $context.responseLength $context.error.responseType $context.stage $context.none"),
	}}))(t)
	w.call(id, "GET", "/a/1", "")
	w.call(id, "GET", "/none", "")
	_, err := w.apis.UpdateStage(w.ctx, &apigateway.UpdateStageInput{RestApiId: &id, StageName: aws.String("prod"), PatchOperations: []types.PatchOperation{replace("destinationArn", "arn:aws:firehose:us-east-1:000000000000:deliverystream/x")}})
	wantCode(t, err, "BadRequestException", "is no log group")

	w.Restart() // which waits for the lines: they are written once the client has its answer
	groups := cloudwatchlogs.NewFromConfig(w.Config())
	out := must(groups.FilterLogEvents(w.ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("access")}))(t)
	var lines []string
	for _, e := range out.Events {
		lines = append(lines, *e.Message)
	}
	want := "GET /a/{id} 200 13 - prod -\nGET - 403 42 MISSING_AUTHENTICATION_TOKEN prod -"
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("lines:\n%s\nwant:\n%s", got, want)
	}
}
