package cloudformation_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// guarded is a REST API and an HTTP API with all that is around them.
const guarded = `
Parameters: {Rate: {Type: String}, Stage: {Type: String}}
Resources:
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: guarded}}
  Pool:
    Type: AWS::ApiGateway::Authorizer
    Properties: {RestApiId: !Ref Api, Name: !Sub "pool${Rate}", Type: COGNITO_USER_POOLS, IdentitySource: method.request.header.Authorization, ProviderARNs: ["arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Pool"]}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      AuthorizationType: COGNITO_USER_POOLS
      AuthorizerId: !Ref Pool
      Integration: {Type: MOCK, RequestTemplates: {application/json: '{"statusCode": 200}'}}
  Refusal: {Type: AWS::ApiGateway::GatewayResponse, Properties: {RestApiId: !Ref Api, ResponseType: UNAUTHORIZED, StatusCode: "403", ResponseTemplates: {application/json: !Sub '{"rate":${Rate}}'}}}
  Deployment: {Type: AWS::ApiGateway::Deployment, DependsOn: [Get, Refusal], Properties: {RestApiId: !Ref Api}}
  One: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: one}}
  Two: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: two}}
  Key: {Type: AWS::ApiGateway::ApiKey, Properties: {Enabled: true, Description: !Ref Rate, Tags: [{Key: rate, Value: !Ref Rate}]}}
  Plan:
    Type: AWS::ApiGateway::UsagePlan
    DependsOn: [One, Two]
    Properties:
      UsagePlanName: plan
      Description: !Ref Rate
      ApiStages: [{ApiId: !Ref Api, Stage: !Ref Stage}]
      Throttle: {RateLimit: !Ref Rate, BurstLimit: 5}
      Quota: {Limit: 100, Period: DAY}
  PlanKey: {Type: AWS::ApiGateway::UsagePlanKey, Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan}}
  Name: {Type: AWS::ApiGateway::DomainName, Properties: {DomainName: rest.example.org, RegionalCertificateArn: !Sub "arn:aws:acm:us-east-1:000000000000:certificate/${Rate}", EndpointConfiguration: {Types: [REGIONAL]}}}
  Mapping: {Type: AWS::ApiGateway::BasePathMapping, Properties: {DomainName: !Ref Name, RestApiId: !Ref Api, Stage: !Ref One}}
  Http: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: http, ProtocolType: HTTP}}
  Jwt:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties: {ApiId: !Ref Http, Name: jwt, AuthorizerType: JWT, IdentitySource: [$request.header.Authorization], JwtConfiguration: {Audience: [!Ref Rate], Issuer: "https://issuer.example.org"}}
  Forward: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Http, IntegrationType: HTTP_PROXY, IntegrationMethod: ANY, IntegrationUri: "https://example.com", PayloadFormatVersion: "1.0"}}
  Route: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Http, RouteKey: GET /, AuthorizationType: JWT, AuthorizerId: !Ref Jwt, Target: !Sub "integrations/${Forward}"}}
  Cut: {Type: AWS::ApiGatewayV2::Deployment, DependsOn: Route, Properties: {ApiId: !Ref Http, Description: !Ref Rate}}
  Live: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Http, StageName: live, DeploymentId: !Ref Cut}}
  HttpName:
    Type: AWS::ApiGatewayV2::DomainName
    Properties: {DomainName: http.example.org, DomainNameConfigurations: [{CertificateArn: !Sub "arn:aws:acm:us-east-1:000000000000:certificate/${Rate}", EndpointType: REGIONAL}], Tags: {rate: !Ref Rate}}
  HttpMapping: {Type: AWS::ApiGatewayV2::ApiMapping, Properties: {ApiId: !Ref Http, DomainName: !Ref HttpName, Stage: !Ref Live, ApiMappingKey: !Sub "v${Rate}"}}
Outputs:
  Api: {Value: !Ref Api}
  Http: {Value: !Ref Http}
  Key: {Value: !Ref Key}
  Plan: {Value: !Ref Plan}
  Pool: {Value: !Ref Pool}
  Jwt: {Value: !Ref Jwt}
  Target: {Value: !GetAtt Name.RegionalDomainName}
  HttpTarget: {Value: !GetAtt HttpName.RegionalDomainName}
`

func TestWhatIsAroundAPIsIsMadeChangedInPlaceAndDeleted(t *testing.T) {
	h := start(t)
	rest, http := apigateway.NewFromConfig(h.box.Config()), apigatewayv2.NewFromConfig(h.box.Config())
	id := h.create("apis", guarded, func(in *cloudformation.CreateStackInput) { in.Parameters = parameters("Rate", "10", "Stage", "one") })
	first := outputs(h.is("apis", types.StackStatusCreateComplete))
	check := func(rate, stage string) {
		t.Helper()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		pool, err := rest.GetAuthorizer(t.Context(), &apigateway.GetAuthorizerInput{RestApiId: new(first["Api"]), AuthorizerId: new(first["Pool"])})
		must(err)
		refusal, err := rest.GetGatewayResponse(t.Context(), &apigateway.GetGatewayResponseInput{RestApiId: new(first["Api"]), ResponseType: "UNAUTHORIZED"})
		must(err)
		key, err := rest.GetApiKey(t.Context(), &apigateway.GetApiKeyInput{ApiKey: new(first["Key"])})
		must(err)
		plan, err := rest.GetUsagePlan(t.Context(), &apigateway.GetUsagePlanInput{UsagePlanId: new(first["Plan"])})
		must(err)
		keys, err := rest.GetUsagePlanKeys(t.Context(), &apigateway.GetUsagePlanKeysInput{UsagePlanId: new(first["Plan"])})
		must(err)
		mapping, err := rest.GetBasePathMapping(t.Context(), &apigateway.GetBasePathMappingInput{DomainName: new("rest.example.org"), BasePath: new("(none)")})
		must(err)
		jwt, err := http.GetAuthorizer(t.Context(), &apigatewayv2.GetAuthorizerInput{ApiId: new(first["Http"]), AuthorizerId: new(first["Jwt"])})
		must(err)
		name, err := http.GetDomainName(t.Context(), &apigatewayv2.GetDomainNameInput{DomainName: new("http.example.org")})
		must(err)
		mappings, err := http.GetApiMappings(t.Context(), &apigatewayv2.GetApiMappingsInput{DomainName: new("http.example.org")})
		must(err)
		if len(plan.ApiStages) != 1 || len(keys.Items) != 1 || len(mappings.Items) != 1 || len(name.DomainNameConfigurations) != 1 || len(jwt.JwtConfiguration.Audience) != 1 {
			t.Fatalf("stages %v, keys %v, mappings %v", plan.ApiStages, keys.Items, mappings.Items)
		}
		for what, c := range map[string][2]string{
			"the authorizer's name":          {*pool.Name, "pool" + rate},
			"the gateway response":           {refusal.ResponseTemplates["application/json"], `{"rate":` + rate + `}`},
			"the key's description":          {*key.Description, rate},
			"the key's tag":                  {key.Tags["rate"], rate},
			"the plan's description":         {*plan.Description, rate},
			"the plan's stage":               {*plan.ApiStages[0].Stage, stage},
			"the mapping's stage":            {*mapping.Stage, "one"},
			"the HTTP authorizer's audience": {jwt.JwtConfiguration.Audience[0], rate},
			"the HTTP name's certificate":    {*name.DomainNameConfigurations[0].CertificateArn, "arn:aws:acm:us-east-1:000000000000:certificate/" + rate},
			"the HTTP name's tag":            {name.Tags["rate"], rate},
			"the HTTP mapping's key":         {*mappings.Items[0].ApiMappingKey, "v" + rate},
		} {
			if c[0] != c[1] {
				t.Errorf("%s is %s, want %s", what, c[0], c[1])
			}
		}
		if plan.Throttle.RateLimit != map[string]float64{"10": 10, "20": 20}[rate] || plan.Quota.Limit != 100 {
			t.Errorf("throttle %+v, quota %+v", *plan.Throttle, *plan.Quota)
		}
	}
	check("10", "one")
	if first["Target"] == "" || first["HttpTarget"] == "" {
		t.Errorf("outputs %v", first)
	}
	if _, err := h.cfn.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("apis"), UsePreviousTemplate: aws.Bool(true), Parameters: parameters("Rate", "20", "Stage", "two")}); err != nil {
		t.Fatal(err)
	}
	second := outputs(h.is("apis", types.StackStatusUpdateComplete))
	for _, kept := range []string{"Api", "Http", "Key", "Plan", "Pool", "Jwt"} {
		if first[kept] != second[kept] {
			t.Errorf("%s was replaced", kept)
		}
	}
	check("20", "two")
	if _, err := h.cfn.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("apis")}); err != nil {
		t.Fatal(err)
	}
	h.is(id, types.StackStatusDeleteComplete)
	if left, err := rest.GetUsagePlans(t.Context(), &apigateway.GetUsagePlansInput{}); err != nil || len(left.Items) > 0 {
		t.Errorf("plans that are left: %v, %v", left.Items, err)
	}
	if left, err := http.GetDomainNames(t.Context(), &apigatewayv2.GetDomainNamesInput{}); err != nil || len(left.Items) > 0 {
		t.Errorf("names that are left: %v, %v", left.Items, err)
	}
}
