package accesslog_test

import (
	"testing"

	"github.com/signalbox/signalbox/services/apigateway/accesslog"
)

func TestAFormatIsFilledIn(t *testing.T) {
	values := map[string]string{"requestId": "r1", "status": "200", "identity.sourceIp": "1.2.3.4", "authorizer.claims.cognito:groups": "[a]", "empty": ""}
	for format, want := range map[string]string{
		`{"id":"$context.requestId","status":$context.status}`:                          `{"id":"r1","status":200}`,
		`$context.identity.sourceIp - - [$context.requestTime] $context.status`:         `1.2.3.4 - - [-] 200`,
		`$context.status-$context.requestId: $context.authorizer.claims.cognito:groups`: `200-r1: [a]`,
		`$context.empty $context.identity $context. $context`:                           `- - $context. $context`,
		`$contextual $context.statuses`:                                                 `$contextual -`,
	} {
		got := accesslog.Line(format, func(name string) (string, bool) { v, ok := values[name]; return v, ok })
		if got != want {
			t.Errorf("%s\n gives %s\n want  %s", format, got, want)
		}
	}
}

func TestOnlyLogGroupsAreDestinations(t *testing.T) {
	for destination, want := range map[string]string{
		"arn:aws:logs:eu-west-1:000000000000:log-group:/apis/shop":                   "/apis/shop",
		"arn:aws:logs:eu-west-1:000000000000:log-group:shop:*":                       "shop",
		"arn:aws:firehose:eu-west-1:000000000000:deliverystream/amazon-apigateway-x": "",
		"shop": "",
	} {
		scope, got, err := accesslog.Group(destination)
		if got != want || (err == nil) != (want != "") || err == nil && scope.Region != "eu-west-1" {
			t.Errorf("%s: %q %v %v", destination, got, scope, err)
		}
	}
}
