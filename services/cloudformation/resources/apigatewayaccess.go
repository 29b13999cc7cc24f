package resources

import (
	"context"
	"strings"
)

// apigatewayAccessTypes are who may call REST APIs, what those are told who may
// not, and the names that APIs are called by.
func apigatewayAccessTypes() map[string]*Type {
	domain := &Type{
		Properties: "DomainName*! CertificateArn RegionalCertificateArn EndpointConfiguration! SecurityPolicy MutualTlsAuthentication! RoutingMode! Tags",
		Create:     createDomainName, Update: updateDomainName, Delete: deleteNamed("apigateway", "DeleteDomainName", "domainName"),
		ID: func(r *Request) string { return r.text("DomainName") },
	}
	return map[string]*Type{
		"AWS::ApiGateway::Authorizer": {
			Properties: "RestApiId*! Name* Type* AuthType AuthorizerUri AuthorizerCredentials AuthorizerResultTtlInSeconds IdentitySource IdentityValidationExpression ProviderARNs!",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				out, err := r.Call(ctx, "apigateway", "CreateAuthorizer", r.only("RestApiId", "Name", "Type", "AuthType", "AuthorizerUri", "AuthorizerCredentials",
					"AuthorizerResultTtlInSeconds", "IdentitySource", "IdentityValidationExpression", "ProviderARNs"))
				return Made{ID: textOf(out["id"]), Attributes: map[string]any{"AuthorizerId": out["id"]}}, err
			},
			Update: patched("UpdateAuthorizer", "authorizerId", "", "Name", "Type", "AuthType", "AuthorizerUri", "AuthorizerCredentials", "AuthorizerResultTtlInSeconds",
				"IdentitySource", "IdentityValidationExpression"),
			Delete: ofAPI("DeleteAuthorizer", "authorizerId"),
		},
		"AWS::ApiGateway::GatewayResponse": {
			Properties: "RestApiId*! ResponseType*! StatusCode ResponseParameters ResponseTemplates",
			Create:     putGatewayResponse, Update: putGatewayResponse,
			Delete: func(ctx context.Context, r *Request) error {
				_, err := r.Call(ctx, "apigateway", "DeleteGatewayResponse", r.only("RestApiId", "ResponseType"))
				return err
			},
		},
		"AWS::ApiGateway::ApiKey": {
			Properties: "Name! CustomerId Description Enabled GenerateDistinctId! StageKeys! Value! Tags",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				in := with(r.only("CustomerId", "Description", "Enabled", "GenerateDistinctId", "StageKeys", "Value"), "name", r.name("Name", 128))
				out, err := r.Call(ctx, "apigateway", "CreateApiKey", tagged(r, in))
				return Made{ID: textOf(out["id"]), Attributes: map[string]any{"APIKeyId": out["id"]}}, err
			},
			Update: patched("UpdateApiKey", "apiKey", "apikeys", "CustomerId", "Description", "Enabled"),
			Delete: deleteNamed("apigateway", "DeleteApiKey", "apiKey"),
		},
		"AWS::ApiGateway::UsagePlan": {
			Properties: "UsagePlanName Description ApiStages Quota Throttle Tags",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				in := with(r.only("Description", "ApiStages", "Quota", "Throttle"), "name", r.name("UsagePlanName", 128))
				out, err := r.Call(ctx, "apigateway", "CreateUsagePlan", tagged(r, in))
				return Made{ID: textOf(out["id"]), Attributes: map[string]any{"Id": out["id"]}}, err
			},
			Update: updateUsagePlan,
			Delete: deleteUsagePlan,
		},
		"AWS::ApiGateway::UsagePlanKey": {
			Properties: "KeyId*! KeyType*! UsagePlanId*!",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				_, err := r.Call(ctx, "apigateway", "CreateUsagePlanKey", r.only("KeyId", "KeyType", "UsagePlanId"))
				id := r.text("KeyId") + ":" + r.text("UsagePlanId")
				return Made{ID: id, Attributes: map[string]any{"Id": id}}, err
			},
			Delete: func(ctx context.Context, r *Request) error {
				_, err := r.Call(ctx, "apigateway", "DeleteUsagePlanKey", r.only("KeyId", "UsagePlanId"))
				return err
			},
		},
		"AWS::ApiGateway::DomainName": domain,
		"AWS::ApiGateway::BasePathMapping": {
			Properties: "DomainName*! BasePath! RestApiId! Stage!",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				_, err := r.Call(ctx, "apigateway", "CreateBasePathMapping", r.only("DomainName", "BasePath", "RestApiId", "Stage"))
				return Made{ID: r.text("DomainName") + "|" + r.text("BasePath"), Attributes: map[string]any{}}, err
			},
			Delete: func(ctx context.Context, r *Request) error {
				path := r.text("BasePath")
				if path == "" {
					path = "(none)"
				}
				_, err := r.Call(ctx, "apigateway", "DeleteBasePathMapping", with(r.only("DomainName"), "basePath", path))
				return err
			},
		},
	}
}

// tagged adds the tags to what is made.
func tagged(r *Request, in map[string]any) map[string]any {
	if tags := r.tags(); len(tags) > 0 {
		in["Tags"] = tagMap(tags)
	}
	return in
}

// patched changes the named properties by patch operations; kind is what ARNs of
// the thing begin with, "" where it has no tags.
func patched(operation, member, kind string, names ...string) func(context.Context, *Request) (Made, error) {
	return func(ctx context.Context, r *Request) (Made, error) {
		made := Made{ID: r.ID, Attributes: r.Attributes}
		var patches []any
		for _, name := range names {
			path := "/" + strings.ToLower(name[:1]) + name[1:]
			if v, ok := r.Properties[name]; ok {
				patches = append(patches, patch(path, v))
			} else if _, had := r.Previous[name]; had {
				patches = append(patches, map[string]any{"op": "remove", "path": path})
			}
		}
		if len(patches) > 0 {
			if _, err := r.Call(ctx, "apigateway", operation, with(with(r.only("RestApiId"), member, r.ID), "patchOperations", patches)); err != nil {
				return made, err
			}
		}
		if kind == "" {
			return made, nil
		}
		arn := "arn:" + r.Partition + ":apigateway:" + r.Region + "::/" + kind + "/" + r.ID
		return made, r.retag(ctx, tagging{service: "apigateway", tag: "TagResource", untag: "UntagResource", of: "resourceArn", keys: "tagKeys"}, arn)
	}
}

func putGatewayResponse(ctx context.Context, r *Request) (Made, error) {
	_, err := r.Call(ctx, "apigateway", "PutGatewayResponse", r.only("RestApiId", "ResponseType", "StatusCode", "ResponseParameters", "ResponseTemplates"))
	id := r.text("RestApiId") + "|" + r.text("ResponseType")
	return Made{ID: id, Attributes: map[string]any{"Id": id}}, err
}

// planStages are the stages that a usage plan is for, as patches name them.
func planStages(properties map[string]any) map[string]bool {
	all := map[string]bool{}
	for _, s := range objects(properties["ApiStages"]) {
		all[textOf(s["ApiId"])+":"+textOf(s["Stage"])] = true
	}
	return all
}

func planPatches(r *Request) (patches []any) {
	if name := r.text("UsagePlanName"); name != "" {
		patches = append(patches, patch("/name", name))
	}
	before, now := planStages(r.Previous), planStages(r.Properties)
	for name := range before {
		if !now[name] {
			patches = append(patches, map[string]any{"op": "remove", "path": "/apiStages", "value": name})
		}
	}
	for name := range now {
		if !before[name] {
			patches = append(patches, map[string]any{"op": "add", "path": "/apiStages", "value": name})
		}
	}
	for _, s := range objects(r.Properties["ApiStages"]) {
		throttles, _ := s["Throttle"].(map[string]any)
		for method, v := range throttles {
			at := "/apiStages/" + textOf(s["ApiId"]) + ":" + textOf(s["Stage"]) + "/throttle/" + strings.ReplaceAll(method, "/", "~1")
			patches = append(patches, scalars(at, v)...)
		}
	}
	for property, at := range map[string]string{"Throttle": "/throttle", "Quota": "/quota"} {
		if v, ok := r.Properties[property]; ok {
			patches = append(patches, scalars(at, v)...)
		} else if _, had := r.Previous[property]; had {
			patches = append(patches, map[string]any{"op": "remove", "path": at})
		}
	}
	return patches
}

// scalars are patches of each member of a structure.
func scalars(at string, v any) (patches []any) {
	members, _ := v.(map[string]any)
	for name, v := range members {
		patches = append(patches, patch(at+"/"+strings.ToLower(name[:1])+name[1:], v))
	}
	return patches
}

func updateUsagePlan(ctx context.Context, r *Request) (Made, error) {
	if patches := planPatches(r); len(patches) > 0 {
		if _, err := r.Call(ctx, "apigateway", "UpdateUsagePlan", map[string]any{"usagePlanId": r.ID, "patchOperations": patches}); err != nil {
			return Made{ID: r.ID, Attributes: r.Attributes}, err
		}
	}
	return patched("UpdateUsagePlan", "usagePlanId", "usageplans", "Description")(ctx, r)
}

// deleteUsagePlan takes its stages out first, as it must.
func deleteUsagePlan(ctx context.Context, r *Request) error {
	var patches []any
	for name := range planStages(r.Properties) {
		patches = append(patches, map[string]any{"op": "remove", "path": "/apiStages", "value": name})
	}
	if len(patches) > 0 {
		if _, err := r.Call(ctx, "apigateway", "UpdateUsagePlan", map[string]any{"usagePlanId": r.ID, "patchOperations": patches}); err != nil {
			return err
		}
	}
	return deleteNamed("apigateway", "DeleteUsagePlan", "usagePlanId")(ctx, r)
}

func createDomainName(ctx context.Context, r *Request) (Made, error) {
	out, err := r.Call(ctx, "apigateway", "CreateDomainName", tagged(r, r.only("DomainName", "CertificateArn", "RegionalCertificateArn", "EndpointConfiguration", "SecurityPolicy", "MutualTlsAuthentication", "RoutingMode")))
	return Made{ID: r.text("DomainName"), Attributes: map[string]any{
		"DistributionDomainName": textOf(out["distributionDomainName"]), "DistributionHostedZoneId": textOf(out["distributionHostedZoneId"]),
		"RegionalDomainName": textOf(out["regionalDomainName"]), "RegionalHostedZoneId": textOf(out["regionalHostedZoneId"]), "DomainNameArn": textOf(out["domainNameArn"]),
	}}, err
}

func updateDomainName(ctx context.Context, r *Request) (Made, error) {
	return patched("UpdateDomainName", "domainName", "domainnames", "CertificateArn", "RegionalCertificateArn", "SecurityPolicy")(ctx, r)
}
