package apigateway_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	v2types "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

func TestACustomDomainLeadsToWhatIsMapped(t *testing.T) {
	w := newWorld(t)
	shop := w.imported(mockAPI(object{"/orders/{id}": object{"get": mock(`{"api":"shop","path":"$context.path","stage":"$context.stage","id":"$input.params('id')"}`)}}))
	other := w.imported(mockAPI(object{"/{proxy+}": object{"get": mock(`{"api":"other","proxy":"$input.params('proxy')"}`)}}))
	created := must(w.apis.CreateDomainName(w.ctx, &apigateway.CreateDomainNameInput{
		DomainName: aws.String("api.Example.org"), RegionalCertificateArn: aws.String("arn:aws:acm:us-east-1:000000000000:certificate/a"),
		EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeRegional}}, Tags: map[string]string{"a": "b"},
	}))(t)
	if *created.DomainName != "api.example.org" || aws.ToString(created.RegionalDomainName) == "" || created.DomainNameStatus != types.DomainNameStatusAvailable || created.Tags["a"] != "b" {
		t.Errorf("%+v", created)
	}
	for _, m := range []apigateway.CreateBasePathMappingInput{
		{BasePath: aws.String("shop"), RestApiId: &shop, Stage: aws.String("prod")}, {BasePath: aws.String("shop/v2"), RestApiId: &other, Stage: aws.String("prod")},
		{RestApiId: &other}, // the stage is in the path
	} {
		m.DomainName = created.DomainName
		must(w.apis.CreateBasePathMapping(w.ctx, &m))(t)
	}
	get := func(path string) answer { return w.send("GET", w.URL()+path, "", "Host: api.example.org") }
	get("/shop/orders/7").want(t, 200, `{"api":"shop","path":"/shop/orders/7","stage":"prod","id":"7"}`)
	get("/shop/v2/a/b").want(t, 200, `{"api":"other","proxy":"a/b"}`)
	get("/prod/x").want(t, 200, `{"api":"other","proxy":"x"}`)
	get("/shopping").want(t, 403, `{"message":"Forbidden"}`)
	if got := w.send("GET", w.URL()+"/shop/orders/7", "", "Host: www.example.org"); got.Status != 404 {
		t.Errorf("another host: %d %s", got.Status, got.Body)
	}

	_, err := w.apis.CreateBasePathMapping(w.ctx, &apigateway.CreateBasePathMappingInput{DomainName: created.DomainName, BasePath: aws.String("shop"), RestApiId: &other})
	wantCode(t, err, "ConflictException", "Base path already exists")
	_, err = w.apis.CreateDomainName(w.ctx, &apigateway.CreateDomainNameInput{DomainName: created.DomainName})
	wantCode(t, err, "ConflictException", "already exists")
	_, err = w.apis.CreateDomainName(w.ctx, &apigateway.CreateDomainNameInput{DomainName: aws.String("x.example.org"), MutualTlsAuthentication: &types.MutualTlsAuthenticationInput{TruststoreUri: aws.String("s3://a/b")}})
	wantCode(t, err, "BadRequestException", "mutual TLS")
	patched := must(w.apis.UpdateBasePathMapping(w.ctx, &apigateway.UpdateBasePathMappingInput{DomainName: created.DomainName, BasePath: aws.String("(none)"), PatchOperations: []types.PatchOperation{
		{Op: types.OpReplace, Path: aws.String("/restapiId"), Value: &shop}, {Op: types.OpReplace, Path: aws.String("/stage"), Value: aws.String("prod")},
	}}))(t)
	if *patched.BasePath != "(none)" || *patched.RestApiId != shop {
		t.Errorf("%+v", patched)
	}
	get("/orders/8").want(t, 200, `{"api":"shop","path":"/orders/8","stage":"prod","id":"8"}`)
	w.Restart()
	must(w.apis.DeleteBasePathMapping(w.ctx, &apigateway.DeleteBasePathMappingInput{DomainName: created.DomainName, BasePath: aws.String("shop")}))(t)
	all := must(w.apis.GetBasePathMappings(w.ctx, &apigateway.GetBasePathMappingsInput{DomainName: created.DomainName}))(t)
	if len(all.Items) != 2 {
		t.Errorf("%+v", all.Items)
	}
}

func TestAnHTTPAPIIsMappedToADomainToo(t *testing.T) {
	w := newWorld(t)
	apis := apigatewayv2.NewFromConfig(w.Config())
	api := must(apis.CreateApi(w.ctx, &apigatewayv2.CreateApiInput{Name: aws.String("a"), ProtocolType: v2types.ProtocolTypeHttp, DisableExecuteApiEndpoint: aws.Bool(true)}))(t)
	i := must(apis.CreateIntegration(w.ctx, &apigatewayv2.CreateIntegrationInput{ApiId: api.ApiId, IntegrationType: v2types.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("GET"), IntegrationUri: aws.String(echo(t)), RequestParameters: map[string]string{"append:querystring.path": "$context.path"}}))(t)
	must(apis.CreateRoute(w.ctx, &apigatewayv2.CreateRouteInput{ApiId: api.ApiId, RouteKey: aws.String("GET /orders/{id}"), Target: aws.String("integrations/" + *i.IntegrationId)}))(t)
	must(apis.CreateStage(w.ctx, &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)}))(t)
	domain := must(apis.CreateDomainName(w.ctx, &apigatewayv2.CreateDomainNameInput{DomainName: aws.String("*.example.org"), DomainNameConfigurations: []v2types.DomainNameConfiguration{{
		CertificateArn: aws.String("arn:aws:acm:us-east-1:000000000000:certificate/a"), EndpointType: v2types.EndpointTypeRegional, SecurityPolicy: v2types.SecurityPolicyTls12,
	}}}))(t)
	_, err := apis.CreateApiMapping(w.ctx, &apigatewayv2.CreateApiMappingInput{DomainName: domain.DomainName, ApiId: api.ApiId, Stage: aws.String("none")})
	wantCode(t, err, "BadRequestException", "Invalid stage")
	mapping := must(apis.CreateApiMapping(w.ctx, &apigatewayv2.CreateApiMappingInput{DomainName: domain.DomainName, ApiId: api.ApiId, Stage: aws.String("$default"), ApiMappingKey: aws.String("v1")}))(t)
	got := w.send("GET", w.URL()+"/v1/orders/7", "", "Host: shop.example.org")
	var said struct{ Request string }
	if err := json.Unmarshal([]byte(got.Body), &said); err != nil || got.Status != 200 || said.Request != "GET /?path=%2Fv1%2Forders%2F7" {
		t.Errorf("%d %s %v", got.Status, got.Body, err)
	}
	// The API's own address is closed.
	if got := w.send("GET", w.URL()+"/_aws/execute-api/"+*api.ApiId+"/orders/7", ""); got.Status == 200 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	must(apis.UpdateApiMapping(w.ctx, &apigatewayv2.UpdateApiMappingInput{DomainName: domain.DomainName, ApiMappingId: mapping.ApiMappingId, ApiId: api.ApiId, ApiMappingKey: aws.String("v2")}))(t)
	w.send("GET", w.URL()+"/v1/orders/7", "", "Host: shop.example.org").want(t, 403, `{"message":"Forbidden"}`)
	must(apis.DeleteApiMapping(w.ctx, &apigatewayv2.DeleteApiMappingInput{DomainName: domain.DomainName, ApiMappingId: mapping.ApiMappingId}))(t)
	must(apis.DeleteDomainName(w.ctx, &apigatewayv2.DeleteDomainNameInput{DomainName: domain.DomainName}))(t)
}
