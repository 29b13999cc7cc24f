package resources

import (
	"context"
	"strings"
)

func apigatewayV2Types() map[string]*Type {
	return map[string]*Type{
		"AWS::ApiGatewayV2::Api": ofV2("Api", "ProtocolType!", "Name Description ApiKeySelectionExpression CorsConfiguration CredentialsArn DisableExecuteApiEndpoint DisableSchemaValidation IpAddressType "+
			"RouteKey RouteSelectionExpression Target Version", true),
		"AWS::ApiGatewayV2::Route": ofV2("Route", "ApiId*!", "RouteKey* ApiKeyRequired AuthorizationScopes AuthorizationType AuthorizerId ModelSelectionExpression OperationName RequestModels "+
			"RequestParameters RouteResponseSelectionExpression Target", false),
		"AWS::ApiGatewayV2::Integration": ofV2("Integration", "ApiId*!", "IntegrationType* ConnectionId ConnectionType ContentHandlingStrategy CredentialsArn Description IntegrationMethod IntegrationSubtype "+
			"IntegrationUri PassthroughBehavior PayloadFormatVersion RequestParameters RequestTemplates ResponseParameters TemplateSelectionExpression TimeoutInMillis TlsConfig", false),
		"AWS::ApiGatewayV2::Stage": ofV2("Stage", "ApiId*! StageName*!", "AccessLogSettings AutoDeploy ClientCertificateId DefaultRouteSettings DeploymentId Description RouteSettings StageVariables", true),
		"AWS::ApiGatewayV2::Authorizer": ofV2("Authorizer", "ApiId*!", "AuthorizerType* Name* AuthorizerCredentialsArn AuthorizerPayloadFormatVersion AuthorizerResultTtlInSeconds AuthorizerUri "+
			"EnableSimpleResponses IdentitySource IdentityValidationExpression JwtConfiguration", false),
		"AWS::ApiGatewayV2::Deployment": ofV2("Deployment", "ApiId*! StageName!", "Description", false),
		"AWS::ApiGatewayV2::DomainName": {
			Properties: "DomainName*! DomainNameConfigurations MutualTlsAuthentication! RoutingMode! Tags",
			Create:     createDomainV2, Update: updateDomainV2, Delete: deleteNamed("apigatewayv2", "DeleteDomainName", "DomainName"),
			ID: func(r *Request) string { return r.text("DomainName") },
		},
		"AWS::ApiGatewayV2::ApiMapping": {
			Properties: "ApiId* ApiMappingKey DomainName*! Stage*",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				out, err := r.Call(ctx, "apigatewayv2", "CreateApiMapping", r.only("ApiId", "ApiMappingKey", "DomainName", "Stage"))
				return Made{ID: textOf(out["apiMappingId"]), Attributes: map[string]any{"ApiMappingId": out["apiMappingId"]}}, err
			},
			Update: func(ctx context.Context, r *Request) (Made, error) {
				_, err := r.Call(ctx, "apigatewayv2", "UpdateApiMapping", with(r.only("ApiId", "ApiMappingKey", "DomainName", "Stage"), "ApiMappingId", r.ID))
				return Made{ID: r.ID, Attributes: r.Attributes}, err
			},
			Delete: func(ctx context.Context, r *Request) error {
				_, err := r.Call(ctx, "apigatewayv2", "DeleteApiMapping", with(r.only("DomainName"), "ApiMappingId", r.ID))
				return err
			},
		},
	}
}

// ofV2 is a part of an HTTP or WebSocket API: the service takes its properties
// by their names, when it is made and when it changes.
func ofV2(kind, fixed, settings string, tagged bool) *Type {
	member := kind + "Id"
	if kind == "Stage" {
		member = "StageName"
	}
	names := strings.Fields(strings.NewReplacer("!", "", "*", "").Replace(fixed + " " + settings))
	made := func(r *Request, out map[string]any) Made {
		id := textOf(out[strings.ToLower(member[:1])+member[1:]])
		m := Made{ID: id, Attributes: map[string]any{member: id, "Id": id}}
		if kind == "Api" {
			m.Attributes["ApiEndpoint"] = out["apiEndpoint"]
		}
		return m
	}
	t := &Type{Properties: fixed + " " + settings}
	if tagged {
		t.Properties += " Tags"
	}
	t.Create = func(ctx context.Context, r *Request) (Made, error) {
		in := r.only(names...)
		if tags := r.tags(); tagged && len(tags) > 0 {
			in["Tags"] = tagMap(tags)
		}
		out, err := r.Call(ctx, "apigatewayv2", "Create"+kind, in)
		return made(r, out), err
	}
	t.Update = func(ctx context.Context, r *Request) (Made, error) {
		in := r.only(strings.Fields(strings.ReplaceAll(settings, "*", ""))...)
		if id, ok := r.Properties["ApiId"]; ok {
			in["ApiId"] = id
		}
		if _, err := r.Call(ctx, "apigatewayv2", "Update"+kind, with(in, member, r.ID)); err != nil {
			return Made{}, err
		}
		m := Made{ID: r.ID, Attributes: r.Attributes}
		if !tagged {
			return m, nil
		}
		arn := "arn:" + r.Partition + ":apigateway:" + r.Region + "::/apis/" + r.ID
		if kind == "Stage" {
			arn = "arn:" + r.Partition + ":apigateway:" + r.Region + "::/apis/" + r.text("ApiId") + "/stages/" + r.ID
		}
		return m, r.retag(ctx, tagging{service: "apigatewayv2", tag: "TagResource", untag: "UntagResource", of: "ResourceArn", keys: "TagKeys"}, arn)
	}
	t.Delete = func(ctx context.Context, r *Request) error {
		_, err := r.Call(ctx, "apigatewayv2", "Delete"+kind, with(r.only("ApiId"), member, r.ID))
		return err
	}
	return t
}

func createDomainV2(ctx context.Context, r *Request) (Made, error) {
	out, err := r.Call(ctx, "apigatewayv2", "CreateDomainName", tagged(r, r.only("DomainName", "DomainNameConfigurations", "MutualTlsAuthentication", "RoutingMode")))
	made := Made{ID: r.text("DomainName"), Attributes: map[string]any{"DomainNameArn": textOf(out["domainNameArn"])}}
	for _, c := range objects(out["domainNameConfigurations"]) {
		made.Attributes["RegionalDomainName"], made.Attributes["RegionalHostedZoneId"] = c["apiGatewayDomainName"], c["hostedZoneId"]
	}
	return made, err
}

func updateDomainV2(ctx context.Context, r *Request) (Made, error) {
	made := Made{ID: r.ID, Attributes: r.Attributes}
	if _, err := r.Call(ctx, "apigatewayv2", "UpdateDomainName", r.only("DomainName", "DomainNameConfigurations")); err != nil {
		return made, err
	}
	arn := "arn:" + r.Partition + ":apigateway:" + r.Region + "::/domainnames/" + r.ID
	return made, r.retag(ctx, tagging{service: "apigateway", tag: "TagResource", untag: "UntagResource", of: "resourceArn", keys: "tagKeys"}, arn)
}
