package resources

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

func apigatewayTypes() map[string]*Type {
	types := map[string]*Type{
		"AWS::ApiGateway::RestApi": {
			Properties: "Name Description Body Mode Parameters BinaryMediaTypes! MinimumCompressionSize! ApiKeySourceType! EndpointConfiguration! Policy! DisableExecuteApiEndpoint! FailOnWarnings Tags",
			Create:     createRestAPI, Update: updateRestAPI, Delete: deleteNamed("apigateway", "DeleteRestApi", "restApiId"),
		},
		"AWS::ApiGateway::Resource": {
			Properties: "RestApiId*! ParentId*! PathPart*!",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				out, err := r.Call(ctx, "apigateway", "CreateResource", r.only("RestApiId", "ParentId", "PathPart"))
				return Made{ID: textOf(out["id"]), Attributes: map[string]any{"ResourceId": out["id"]}}, err
			},
			Delete: ofAPI("DeleteResource", "resourceId"),
		},
		"AWS::ApiGateway::Method": {
			Properties: "RestApiId*! ResourceId*! HttpMethod*! AuthorizationType AuthorizerId ApiKeyRequired AuthorizationScopes OperationName RequestParameters RequestModels RequestValidatorId Integration MethodResponses",
			Create:     putMethod, Update: putMethod,
			Delete: func(ctx context.Context, r *Request) error {
				_, err := r.Call(ctx, "apigateway", "DeleteMethod", r.only("RestApiId", "ResourceId", "HttpMethod"))
				return err
			},
			ID: methodID,
		},
		"AWS::ApiGateway::Deployment": {
			Properties: "RestApiId*! Description! StageName! StageDescription!",
			Create:     createDeployment,
			Delete: func(ctx context.Context, r *Request) error {
				if name := r.text("StageName"); name != "" {
					if _, err := r.Call(ctx, "apigateway", "DeleteStage", r.only("RestApiId", "StageName")); err != nil && !Gone(err) {
						return err
					}
				}
				return ofAPI("DeleteDeployment", "deploymentId")(ctx, r)
			},
		},
		"AWS::ApiGateway::Stage": {
			Properties: "RestApiId*! StageName! DeploymentId Description CacheClusterEnabled! CacheClusterSize! DocumentationVersion! TracingEnabled Variables MethodSettings AccessLogSetting Tags",
			Create:     createStage, Update: updateStage, Delete: ofAPI("DeleteStage", "stageName"),
		},
		"AWS::ApiGateway::Model": {
			Properties: "RestApiId*! Name! ContentType! Description! Schema!",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				in := with(r.only("RestApiId", "ContentType", "Description", "Schema"), "name", alphanumeric(r.name("Name", 128)))
				if in["ContentType"] == nil {
					in["ContentType"] = "application/json"
				}
				out, err := r.Call(ctx, "apigateway", "CreateModel", in)
				return Made{ID: textOf(out["name"]), Attributes: map[string]any{}}, err
			},
			Delete: ofAPI("DeleteModel", "modelName"),
		},
		"AWS::ApiGateway::RequestValidator": {
			Properties: "RestApiId*! Name! ValidateRequestBody! ValidateRequestParameters!",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				out, err := r.Call(ctx, "apigateway", "CreateRequestValidator", r.only("RestApiId", "Name", "ValidateRequestBody", "ValidateRequestParameters"))
				return Made{ID: textOf(out["id"]), Attributes: map[string]any{"RequestValidatorId": out["id"]}}, err
			},
			Delete: ofAPI("DeleteRequestValidator", "requestValidatorId"),
		},
		"AWS::ApiGateway::Account": {
			Properties: "CloudWatchRoleArn",
			Create:     putAccount, Update: putAccount,
		},
	}
	maps.Copy(types, apigatewayAccessTypes())
	return types
}

// ofAPI deletes a part of a REST API by its physical id.
func ofAPI(operation, member string) func(context.Context, *Request) error {
	return func(ctx context.Context, r *Request) error {
		_, err := r.Call(ctx, "apigateway", operation, with(r.only("RestApiId"), member, r.ID))
		return err
	}
}

func alphanumeric(name string) string {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return c
		}
		return -1
	}, name)
}

func createRestAPI(ctx context.Context, r *Request) (Made, error) {
	in := r.only("Name", "Description", "BinaryMediaTypes", "MinimumCompressionSize", "ApiKeySourceType=apiKeySource", "EndpointConfiguration", "Policy", "DisableExecuteApiEndpoint")
	if in["Name"] == nil {
		if in["Name"] = title(r); in["Name"] == "" {
			return Made{}, fmt.Errorf("Property Name cannot be empty.")
		}
	}
	if tags := r.tags(); len(tags) > 0 {
		in["Tags"] = tagMap(tags)
	}
	out, err := r.Call(ctx, "apigateway", "CreateRestApi", in)
	if err != nil {
		return Made{}, err
	}
	made := Made{ID: textOf(out["id"]), Attributes: map[string]any{"RestApiId": out["id"], "RootResourceId": out["rootResourceId"]}}
	if err := putBody(ctx, r, made.ID); err != nil {
		// What was made is known to nobody yet.
		_, undone := r.Call(ctx, "apigateway", "DeleteRestApi", map[string]any{"restApiId": made.ID})
		return Made{}, errors.Join(err, undone)
	}
	if textOf(out["rootResourceId"]) == "" {
		list, err := r.Call(ctx, "apigateway", "GetResources", map[string]any{"restApiId": made.ID})
		if err != nil {
			return made, err
		}
		for _, resource := range objects(list["items"]) {
			if textOf(resource["path"]) == "/" {
				made.Attributes["RootResourceId"] = resource["id"]
			}
		}
	}
	return made, nil
}

// title is the name that the API's OpenAPI document gives it.
func title(r *Request) string {
	body, _ := r.Properties["Body"].(map[string]any)
	info, _ := body["info"].(map[string]any)
	return textOf(info["title"])
}

// putBody makes the API what its OpenAPI document says, where it has one.
func putBody(ctx context.Context, r *Request, id string) error {
	body, ok := r.Properties["Body"]
	if !ok {
		return nil
	}
	document, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("writing the property Body: %w", err)
	}
	in := with(r.only("Mode", "Parameters", "FailOnWarnings"), "restApiId", id)
	if in["Mode"] == nil {
		in["Mode"] = "overwrite"
	}
	_, err = r.Call(ctx, "apigateway", "PutRestApi", with(in, "body", base64.StdEncoding.EncodeToString(document)))
	return err
}

func patch(path string, v any) map[string]any {
	return map[string]any{"op": "replace", "path": path, "value": textOf(v)}
}

func updateRestAPI(ctx context.Context, r *Request) (Made, error) {
	made := Made{ID: r.ID, Attributes: r.Attributes}
	if err := putBody(ctx, r, r.ID); err != nil {
		return made, err
	}
	name := r.Properties["Name"]
	if name == nil {
		name = title(r)
	}
	patches := []any{patch("/name", name), patch("/description", r.Properties["Description"])}
	if _, err := r.Call(ctx, "apigateway", "UpdateRestApi", map[string]any{"restApiId": r.ID, "patchOperations": patches}); err != nil {
		return made, err
	}
	arn := "arn:" + r.Partition + ":apigateway:" + r.Region + "::/restapis/" + r.ID
	return made, r.retag(ctx, tagging{service: "apigateway", tag: "TagResource", untag: "UntagResource", of: "resourceArn", keys: "tagKeys"}, arn)
}

func methodID(r *Request) string {
	return r.text("RestApiId") + "|" + r.text("ResourceId") + "|" + r.text("HttpMethod")
}

// putMethod makes a method whole; one that is there is made anew.
func putMethod(ctx context.Context, r *Request) (Made, error) {
	made := Made{ID: methodID(r), Attributes: map[string]any{}}
	place := r.only("RestApiId", "ResourceId", "HttpMethod")
	if r.Previous != nil {
		if _, err := r.Call(ctx, "apigateway", "DeleteMethod", place); err != nil && !Gone(err) {
			return made, err
		}
	}
	in := r.only("RestApiId", "ResourceId", "HttpMethod", "AuthorizationType", "AuthorizerId", "ApiKeyRequired", "AuthorizationScopes", "OperationName", "RequestParameters", "RequestModels", "RequestValidatorId")
	if in["AuthorizationType"] == nil {
		in["AuthorizationType"] = "NONE"
	}
	if _, err := r.Call(ctx, "apigateway", "PutMethod", in); err != nil {
		return Made{}, err
	}
	for _, response := range objects(r.Properties["MethodResponses"]) {
		if _, err := r.Call(ctx, "apigateway", "PutMethodResponse", union(place, response)); err != nil {
			return made, err
		}
	}
	integration, ok := r.Properties["Integration"].(map[string]any)
	if !ok {
		return made, nil
	}
	whole := union(place, nil)
	var responses []map[string]any
	for name, v := range integration {
		switch name {
		case "IntegrationResponses":
			responses = objects(v)
		default:
			whole[name] = v
		}
	}
	if _, err := r.Call(ctx, "apigateway", "PutIntegration", whole); err != nil {
		return made, err
	}
	for _, response := range responses {
		if _, err := r.Call(ctx, "apigateway", "PutIntegrationResponse", union(place, response)); err != nil {
			return made, err
		}
	}
	return made, nil
}

func union(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func createDeployment(ctx context.Context, r *Request) (Made, error) {
	in := r.only("RestApiId", "Description", "StageName")
	if stage, ok := r.Properties["StageDescription"].(map[string]any); ok {
		for name, v := range stage {
			switch name {
			case "Description":
				in["stageDescription"] = v
			case "Variables", "TracingEnabled":
				in[name] = v
			default:
				return Made{}, fmt.Errorf("StageDescription.%s of AWS::ApiGateway::Deployment is not implemented by Signalbox", name)
			}
		}
	}
	out, err := r.Call(ctx, "apigateway", "CreateDeployment", in)
	return Made{ID: textOf(out["id"]), Attributes: map[string]any{"DeploymentId": out["id"]}}, err
}

func createStage(ctx context.Context, r *Request) (Made, error) {
	name := r.text("StageName")
	if name == "" {
		name = alphanumeric(madeUp(r.Stack, r.Logical, r.Token, 128))
	}
	in := with(r.only("RestApiId", "DeploymentId", "Description", "CacheClusterEnabled", "CacheClusterSize", "DocumentationVersion", "TracingEnabled", "Variables"), "StageName", name)
	if tags := r.tags(); len(tags) > 0 {
		in["Tags"] = tagMap(tags)
	}
	if _, err := r.Call(ctx, "apigateway", "CreateStage", in); err != nil {
		return Made{}, err
	}
	made := Made{ID: name, Attributes: map[string]any{}}
	return made, patchStage(ctx, r, name, stageSettings(r))
}

// stageSettings are the patches of what creating a stage does not take.
func stageSettings(r *Request) (patches []any) {
	for _, s := range objects(r.Properties["MethodSettings"]) {
		path := strings.ReplaceAll(strings.TrimPrefix(textOf(s["ResourcePath"]), "/"), "/", "~1")
		if path == "" {
			path = "~1"
		}
		at := "/" + path + "/" + textOf(s["HttpMethod"])
		for property, setting := range map[string]string{
			"MetricsEnabled": "metrics/enabled", "LoggingLevel": "logging/loglevel", "DataTraceEnabled": "logging/dataTrace",
			"ThrottlingBurstLimit": "throttling/burstLimit", "ThrottlingRateLimit": "throttling/rateLimit",
		} {
			if v, ok := s[property]; ok {
				patches = append(patches, patch(at+"/"+setting, v))
			}
		}
	}
	if log, ok := r.Properties["AccessLogSetting"].(map[string]any); ok {
		patches = append(patches, patch("/accessLogSettings/destinationArn", log["DestinationArn"]), patch("/accessLogSettings/format", log["Format"]))
	}
	return patches
}

func patchStage(ctx context.Context, r *Request, name string, patches []any) error {
	if len(patches) == 0 {
		return nil
	}
	_, err := r.Call(ctx, "apigateway", "UpdateStage", map[string]any{"restApiId": r.text("RestApiId"), "stageName": name, "patchOperations": patches})
	return err
}

func updateStage(ctx context.Context, r *Request) (Made, error) {
	made := Made{ID: r.ID, Attributes: r.Attributes}
	patches := []any{patch("/deploymentId", r.Properties["DeploymentId"]), patch("/description", r.Properties["Description"])}
	if v, ok := r.Properties["TracingEnabled"]; ok {
		patches = append(patches, patch("/tracingEnabled", v))
	}
	before, _ := r.Previous["Variables"].(map[string]any)
	now, _ := r.Properties["Variables"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(now)) {
		patches = append(patches, patch("/variables/"+name, now[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, ok := now[name]; !ok {
			patches = append(patches, map[string]any{"op": "remove", "path": "/variables/" + name})
		}
	}
	return made, patchStage(ctx, r, r.ID, append(patches, stageSettings(r)...))
}

func putAccount(ctx context.Context, r *Request) (Made, error) {
	made := Made{ID: madeUp(r.Stack, r.Logical, r.Token, 128), Attributes: map[string]any{}}
	if r.ID != "" {
		made.ID = r.ID
	}
	made.Attributes["Id"] = made.ID
	_, err := r.Call(ctx, "apigateway", "UpdateAccount", map[string]any{"patchOperations": []any{patch("/cloudwatchRoleArn", r.Properties["CloudWatchRoleArn"])}})
	return made, err
}
