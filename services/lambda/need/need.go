// Package need says what a caller must be allowed for each of Lambda's requests:
// actions, and the resources that they are about.
//
//	request ── Of ──► wire.Permission … ──► whoever decides, by policies
package need

import (
	"strconv"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/wire"
)

// Of says what a caller must be allowed for a request (service authorization
// reference, page list_awslambda).
func Of(in any, r *wire.Request) []wire.Permission {
	sc := wire.Scope{Account: r.Account, Region: r.Region}
	if n, qualifier := named(in); n != nil {
		return onFunction(sc, *n, qualifier, "")
	}
	layer := func(name *string, version *int64, action string) []wire.Permission {
		resource := wire.Value(name)
		if !isARN(resource) {
			resource = sc.ARN("lambda", "layer:"+resource)
		}
		if version != nil {
			resource += ":" + strconv.FormatInt(*version, 10)
		}
		return []wire.Permission{{Action: action, Resource: resource}}
	}
	mapping := func(id *string) []wire.Permission {
		return []wire.Permission{{Resource: sc.ARN("lambda", "event-source-mapping:"+wire.Value(id))}}
	}
	switch in := in.(type) {
	case *api.CreateFunctionInput:
		return using(passing(onFunction(sc, *in.FunctionName, nil, ""), in.Role), in.Layers)
	case *api.UpdateFunctionConfigurationInput:
		return using(passing(onFunction(sc, *in.FunctionName, nil, ""), in.Role), in.Layers)
	case *api.InvokeInput:
		return onFunction(sc, *in.FunctionName, in.Qualifier, "lambda:InvokeFunction")
	case *api.InvokeAsyncInput:
		return onFunction(sc, *in.FunctionName, nil, "lambda:InvokeFunction")
	case *api.PublishLayerVersionInput:
		return layer(in.LayerName, nil, "")
	case *api.ListLayerVersionsInput:
		return layer(in.LayerName, nil, "")
	case *api.GetLayerVersionInput:
		return layer(in.LayerName, in.VersionNumber, "")
	case *api.DeleteLayerVersionInput:
		return layer(in.LayerName, in.VersionNumber, "")
	case *api.AddLayerVersionPermissionInput:
		return layer(in.LayerName, in.VersionNumber, "")
	case *api.RemoveLayerVersionPermissionInput:
		return layer(in.LayerName, in.VersionNumber, "")
	case *api.GetLayerVersionPolicyInput:
		return layer(in.LayerName, in.VersionNumber, "")
	case *api.GetLayerVersionByArnInput:
		return layer(in.Arn, nil, "lambda:GetLayerVersion")
	case *api.TagResourceInput:
		return []wire.Permission{{Resource: wire.Value(in.Resource)}}
	case *api.UntagResourceInput:
		return []wire.Permission{{Resource: wire.Value(in.Resource)}}
	case *api.ListTagsInput:
		return []wire.Permission{{Resource: wire.Value(in.Resource)}}
	case *api.UpdateEventSourceMappingInput:
		return mapping(in.UUID)
	case *api.GetEventSourceMappingInput:
		return mapping(in.UUID)
	case *api.DeleteEventSourceMappingInput:
		return mapping(in.UUID)
	}
	return nil
}

// onFunction is a permission on the function of a name. A name that cannot be
// read names none, which the operation will say.
func onFunction(sc wire.Scope, text string, qualifier *string, action string) []wire.Permission {
	n, ok := catalog.Read(sc, text)
	if !ok {
		return []wire.Permission{}
	}
	if n.Qualifier == "" {
		n.Qualifier = wire.Value(qualifier)
	}
	return []wire.Permission{{Action: action, Resource: n.ARN()}}
}

// passing adds that a role may be handed to Lambda.
func passing(needs []wire.Permission, role *string) []wire.Permission {
	if role == nil {
		return needs
	}
	return append(needs, wire.Permission{Action: "iam:PassRole", Resource: *role, Context: map[string][]string{"iam:passedtoservice": {"lambda.amazonaws.com"}}})
}

// using adds that layers may be used.
func using(needs []wire.Permission, layers []string) []wire.Permission {
	for _, l := range layers {
		needs = append(needs, wire.Permission{Action: "lambda:GetLayerVersion", Resource: l})
	}
	return needs
}

func isARN(s string) bool { return len(s) > 4 && s[:4] == "arn:" }

// named is the function that a request names, with its qualifier, where nothing
// else matters to who may make it; nil for other requests.
func named(in any) (name, qualifier *string) {
	switch in := in.(type) {
	case *api.DeleteFunctionInput:
		return in.FunctionName, in.Qualifier
	case *api.GetFunctionInput:
		return in.FunctionName, in.Qualifier
	case *api.GetFunctionConfigurationInput:
		return in.FunctionName, in.Qualifier
	case *api.GetRuntimeManagementConfigInput:
		return in.FunctionName, in.Qualifier
	case *api.PutFunctionEventInvokeConfigInput:
		return in.FunctionName, in.Qualifier
	case *api.UpdateFunctionEventInvokeConfigInput:
		return in.FunctionName, in.Qualifier
	case *api.GetFunctionEventInvokeConfigInput:
		return in.FunctionName, in.Qualifier
	case *api.DeleteFunctionEventInvokeConfigInput:
		return in.FunctionName, in.Qualifier
	case *api.AddPermissionInput:
		return in.FunctionName, in.Qualifier
	case *api.RemovePermissionInput:
		return in.FunctionName, in.Qualifier
	case *api.GetPolicyInput:
		return in.FunctionName, in.Qualifier
	case *api.CreateFunctionUrlConfigInput:
		return in.FunctionName, in.Qualifier
	case *api.UpdateFunctionUrlConfigInput:
		return in.FunctionName, in.Qualifier
	case *api.GetFunctionUrlConfigInput:
		return in.FunctionName, in.Qualifier
	case *api.DeleteFunctionUrlConfigInput:
		return in.FunctionName, in.Qualifier
	case *api.UpdateFunctionCodeInput:
		return in.FunctionName, nil
	case *api.GetFunctionCodeSigningConfigInput:
		return in.FunctionName, nil
	case *api.GetFunctionRecursionConfigInput:
		return in.FunctionName, nil
	case *api.PutFunctionRecursionConfigInput:
		return in.FunctionName, nil
	case *api.PutProvisionedConcurrencyConfigInput:
		return in.FunctionName, in.Qualifier
	case *api.GetProvisionedConcurrencyConfigInput:
		return in.FunctionName, in.Qualifier
	case *api.DeleteProvisionedConcurrencyConfigInput:
		return in.FunctionName, in.Qualifier
	case *api.ListProvisionedConcurrencyConfigsInput:
		return in.FunctionName, nil
	case *api.PublishVersionInput:
		return in.FunctionName, nil
	case *api.ListVersionsByFunctionInput:
		return in.FunctionName, nil
	case *api.CreateAliasInput:
		return in.FunctionName, nil
	case *api.UpdateAliasInput:
		return in.FunctionName, nil
	case *api.DeleteAliasInput:
		return in.FunctionName, nil
	case *api.GetAliasInput:
		return in.FunctionName, nil
	case *api.ListAliasesInput:
		return in.FunctionName, nil
	case *api.PutFunctionConcurrencyInput:
		return in.FunctionName, nil
	case *api.GetFunctionConcurrencyInput:
		return in.FunctionName, nil
	case *api.DeleteFunctionConcurrencyInput:
		return in.FunctionName, nil
	case *api.ListFunctionEventInvokeConfigsInput:
		return in.FunctionName, nil
	case *api.ListFunctionUrlConfigsInput:
		return in.FunctionName, nil
	}
	return nil, nil
}
