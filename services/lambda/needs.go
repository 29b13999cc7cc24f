package lambda

import (
	"strconv"

	"github.com/signalbox/signalbox/wire"
)

// Needs says what a caller must be allowed for a request (service authorization
// reference, page list_awslambda).
func Needs(in any, r *wire.Request) []wire.Permission {
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
	case *CreateFunctionInput:
		return passing(onFunction(sc, *in.FunctionName, nil, ""), in.Role)
	case *UpdateFunctionConfigurationInput:
		return passing(onFunction(sc, *in.FunctionName, nil, ""), in.Role)
	case *InvokeInput:
		return onFunction(sc, *in.FunctionName, in.Qualifier, "lambda:InvokeFunction")
	case *InvokeAsyncInput:
		return onFunction(sc, *in.FunctionName, nil, "lambda:InvokeFunction")
	case *PublishLayerVersionInput:
		return layer(in.LayerName, nil, "")
	case *ListLayerVersionsInput:
		return layer(in.LayerName, nil, "")
	case *GetLayerVersionInput:
		return layer(in.LayerName, in.VersionNumber, "")
	case *DeleteLayerVersionInput:
		return layer(in.LayerName, in.VersionNumber, "")
	case *GetLayerVersionByArnInput:
		return layer(in.Arn, nil, "lambda:GetLayerVersion")
	case *TagResourceInput:
		return []wire.Permission{{Resource: wire.Value(in.Resource)}}
	case *UntagResourceInput:
		return []wire.Permission{{Resource: wire.Value(in.Resource)}}
	case *ListTagsInput:
		return []wire.Permission{{Resource: wire.Value(in.Resource)}}
	case *UpdateEventSourceMappingInput:
		return mapping(in.UUID)
	case *GetEventSourceMappingInput:
		return mapping(in.UUID)
	case *DeleteEventSourceMappingInput:
		return mapping(in.UUID)
	}
	return nil
}

// onFunction is a permission on the function of a name. A name that cannot be
// read names none, which the operation will say.
func onFunction(sc wire.Scope, text string, qualifier *string, action string) []wire.Permission {
	m := nameForm.FindStringSubmatch(text)
	if m == nil {
		return []wire.Permission{}
	}
	if m[1] != "" {
		sc.Region = m[1]
	}
	if m[2] != "" {
		sc.Account = m[2]
	}
	q := m[4]
	if q == "" {
		q = wire.Value(qualifier)
	}
	return []wire.Permission{{Action: action, Resource: functionARN(sc, m[3], q)}}
}

// passing adds that a role may be handed to Lambda.
func passing(needs []wire.Permission, role *string) []wire.Permission {
	if role == nil {
		return needs
	}
	return append(needs, wire.Permission{Action: "iam:PassRole", Resource: *role, Context: map[string][]string{"iam:passedtoservice": {"lambda.amazonaws.com"}}})
}

func isARN(s string) bool { return len(s) > 4 && s[:4] == "arn:" }

// named is the function that a request names, with its qualifier, where nothing
// else matters to who may make it; nil for other requests.
func named(in any) (name, qualifier *string) {
	switch in := in.(type) {
	case *DeleteFunctionInput:
		return in.FunctionName, in.Qualifier
	case *GetFunctionInput:
		return in.FunctionName, in.Qualifier
	case *GetFunctionConfigurationInput:
		return in.FunctionName, in.Qualifier
	case *GetRuntimeManagementConfigInput:
		return in.FunctionName, in.Qualifier
	case *PutFunctionEventInvokeConfigInput:
		return in.FunctionName, in.Qualifier
	case *UpdateFunctionEventInvokeConfigInput:
		return in.FunctionName, in.Qualifier
	case *GetFunctionEventInvokeConfigInput:
		return in.FunctionName, in.Qualifier
	case *DeleteFunctionEventInvokeConfigInput:
		return in.FunctionName, in.Qualifier
	case *AddPermissionInput:
		return in.FunctionName, in.Qualifier
	case *RemovePermissionInput:
		return in.FunctionName, in.Qualifier
	case *GetPolicyInput:
		return in.FunctionName, in.Qualifier
	case *CreateFunctionUrlConfigInput:
		return in.FunctionName, in.Qualifier
	case *UpdateFunctionUrlConfigInput:
		return in.FunctionName, in.Qualifier
	case *GetFunctionUrlConfigInput:
		return in.FunctionName, in.Qualifier
	case *DeleteFunctionUrlConfigInput:
		return in.FunctionName, in.Qualifier
	case *UpdateFunctionCodeInput:
		return in.FunctionName, nil
	case *GetFunctionCodeSigningConfigInput:
		return in.FunctionName, nil
	case *GetFunctionRecursionConfigInput:
		return in.FunctionName, nil
	case *PublishVersionInput:
		return in.FunctionName, nil
	case *ListVersionsByFunctionInput:
		return in.FunctionName, nil
	case *CreateAliasInput:
		return in.FunctionName, nil
	case *UpdateAliasInput:
		return in.FunctionName, nil
	case *DeleteAliasInput:
		return in.FunctionName, nil
	case *GetAliasInput:
		return in.FunctionName, nil
	case *ListAliasesInput:
		return in.FunctionName, nil
	case *PutFunctionConcurrencyInput:
		return in.FunctionName, nil
	case *GetFunctionConcurrencyInput:
		return in.FunctionName, nil
	case *DeleteFunctionConcurrencyInput:
		return in.FunctionName, nil
	case *ListFunctionEventInvokeConfigsInput:
		return in.FunctionName, nil
	case *ListFunctionUrlConfigsInput:
		return in.FunctionName, nil
	}
	return nil, nil
}
