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
