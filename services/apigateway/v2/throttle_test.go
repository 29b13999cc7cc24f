package apigatewayv2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/signalboxtest"
)

func TestRoutesKeepToTheirRates(t *testing.T) {
	turned := clock.NewFake(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	w := newWorld(t, signalboxtest.WithClock(turned))
	api, url, method := w.api(nil), backend(t), "GET"
	for _, key := range []string{"GET /own", "GET /standard"} {
		w.route(api, key, &apigatewayv2.CreateIntegrationInput{IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: &method, IntegrationUri: &url})
	}
	must(w.apis.UpdateStage(w.ctx, &apigatewayv2.UpdateStageInput{
		ApiId: &api, StageName: aws.String("$default"), DefaultRouteSettings: &types.RouteSettings{ThrottlingRateLimit: aws.Float64(1), ThrottlingBurstLimit: aws.Int32(2)},
		RouteSettings: map[string]types.RouteSettings{"GET /own": {ThrottlingRateLimit: aws.Float64(100), ThrottlingBurstLimit: aws.Int32(3)}},
	}))(t)
	statuses := func(path string, n int) (all []int) {
		for range n {
			resp, _ := w.call(api, "GET", path, "")
			all = append(all, resp.StatusCode)
		}
		return all
	}
	for _, c := range []struct {
		path string
		want []int
	}{{"/standard", []int{200, 200, 429}}, {"/own", []int{200, 200, 200, 429}}} {
		got := statuses(c.path, len(c.want))
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", c.path, got, c.want)
				break
			}
		}
	}
	turned.Advance(time.Second)
	if got := statuses("/standard", 2); got[0] != 200 || got[1] != 429 {
		t.Errorf("a second later: %v", got)
	}
	_, body := w.call(api, "GET", "/standard", "")
	if body != `{"message":"Too Many Requests"}` {
		t.Errorf("body = %s", body)
	}
}
