package resources

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
)

// configuration are a function's properties that the API takes by the same name.
var configuration = []string{"Runtime", "Role", "Handler", "Description", "Timeout", "MemorySize", "Environment", "EphemeralStorage", "Layers", "DeadLetterConfig",
	"TracingConfig", "KmsKeyArn=KMSKeyArn", "VpcConfig", "FileSystemConfigs", "ImageConfig", "SnapStart", "LoggingConfig"}

func lambdaTypes() map[string]*Type {
	return map[string]*Type{
		"AWS::Lambda::Function": {
			Properties: "FunctionName! PackageType! Code* Role* Runtime Handler Description Timeout MemorySize Environment EphemeralStorage Layers DeadLetterConfig TracingConfig " +
				"KmsKeyArn VpcConfig FileSystemConfigs ImageConfig SnapStart LoggingConfig Architectures ReservedConcurrentExecutions Tags",
			Create: createFunction, Update: updateFunction, Delete: deleteNamed("lambda", "DeleteFunction", "FunctionName"),
			ID: func(r *Request) string { return r.name("FunctionName", 64) },
		},
		"AWS::Lambda::Permission": {
			Properties: "FunctionName*! Action*! Principal*! SourceArn! SourceAccount! EventSourceToken! FunctionUrlAuthType! PrincipalOrgID! InvokedViaFunctionUrl!",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				id := madeUp(r.Stack, r.Logical, r.Token, 100)
				in := with(r.only("FunctionName", "Action", "Principal", "SourceArn", "SourceAccount", "EventSourceToken", "FunctionUrlAuthType", "PrincipalOrgID", "InvokedViaFunctionUrl"), "StatementId", id)
				_, err := r.Call(ctx, "lambda", "AddPermission", in)
				if r.Resumed && exists(err) {
					err = nil
				}
				return Made{ID: id, Attributes: map[string]any{"Id": id}}, err
			},
			Delete: func(ctx context.Context, r *Request) error {
				_, err := r.Call(ctx, "lambda", "RemovePermission", with(r.only("FunctionName"), "StatementId", r.ID))
				return err
			},
		},
		"AWS::Lambda::Version": {
			Properties: "FunctionName*! CodeSha256! Description!",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				out, err := r.Call(ctx, "lambda", "PublishVersion", r.only("FunctionName", "CodeSha256", "Description"))
				return Made{ID: textOf(out["FunctionArn"]), Attributes: map[string]any{"Version": out["Version"], "FunctionArn": out["FunctionArn"]}}, err
			},
			Delete: func(ctx context.Context, r *Request) error {
				_, err := r.Call(ctx, "lambda", "DeleteFunction", with(r.only("FunctionName"), "Qualifier", r.ID[strings.LastIndexByte(r.ID, ':')+1:]))
				return err
			},
		},
		"AWS::Lambda::LayerVersion": {
			Properties: "Content*! LayerName! Description! LicenseInfo! CompatibleRuntimes! CompatibleArchitectures!",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				in := with(r.only("Content", "Description", "LicenseInfo", "CompatibleRuntimes", "CompatibleArchitectures"), "LayerName", r.name("LayerName", 140))
				out, err := r.Call(ctx, "lambda", "PublishLayerVersion", in)
				return Made{ID: textOf(out["LayerVersionArn"]), Attributes: map[string]any{"LayerVersionArn": out["LayerVersionArn"]}}, err
			},
			Delete: func(ctx context.Context, r *Request) error {
				last := strings.LastIndexByte(r.ID, ':')
				_, err := r.Call(ctx, "lambda", "DeleteLayerVersion", map[string]any{"LayerName": r.ID[:max(last, 0)], "VersionNumber": r.ID[last+1:]})
				return err
			},
		},
		"AWS::Lambda::Alias": {
			Properties: "FunctionName*! Name*! FunctionVersion* Description RoutingConfig",
			Create:     func(ctx context.Context, r *Request) (Made, error) { return putAlias(ctx, r, "CreateAlias") },
			Update:     func(ctx context.Context, r *Request) (Made, error) { return putAlias(ctx, r, "UpdateAlias") },
			Delete: func(ctx context.Context, r *Request) error {
				_, err := r.Call(ctx, "lambda", "DeleteAlias", r.only("FunctionName", "Name"))
				return err
			},
		},
		"AWS::Lambda::Url": {
			Properties: "TargetFunctionArn*! Qualifier! AuthType* Cors InvokeMode",
			Create:     func(ctx context.Context, r *Request) (Made, error) { return putURL(ctx, r, "CreateFunctionUrlConfig") },
			Update:     func(ctx context.Context, r *Request) (Made, error) { return putURL(ctx, r, "UpdateFunctionUrlConfig") },
			Delete: func(ctx context.Context, r *Request) error {
				_, err := r.Call(ctx, "lambda", "DeleteFunctionUrlConfig", r.only("TargetFunctionArn=FunctionName", "Qualifier"))
				return err
			},
		},
		"AWS::Lambda::EventSourceMapping": {
			Properties: "EventSourceArn! StartingPosition! StartingPositionTimestamp! FunctionName* " + mappingSettings + " Tags",
			Create:     createMapping,
			Update: func(ctx context.Context, r *Request) (Made, error) {
				_, err := r.Call(ctx, "lambda", "UpdateEventSourceMapping", with(r.only(append(strings.Fields(mappingSettings), "FunctionName")...), "UUID", r.ID))
				return Made{ID: r.ID, Attributes: r.Attributes}, err
			},
			Delete: func(ctx context.Context, r *Request) error {
				if _, err := r.Call(ctx, "lambda", "DeleteEventSourceMapping", map[string]any{"UUID": r.ID}); err != nil {
					return err
				}
				return r.untilGone(ctx, "lambda", "GetEventSourceMapping", map[string]any{"UUID": r.ID})
			},
		},
		"AWS::Lambda::EventInvokeConfig": {
			Properties: "FunctionName*! Qualifier*! MaximumRetryAttempts MaximumEventAgeInSeconds DestinationConfig",
			Create:     putInvokeConfig, Update: putInvokeConfig,
			Delete: func(ctx context.Context, r *Request) error {
				_, err := r.Call(ctx, "lambda", "DeleteFunctionEventInvokeConfig", r.only("FunctionName", "Qualifier"))
				return err
			},
		},
	}
}

// code is where a function's code is: text in the template becomes a bundle of
// one file, named as the handler expects it.
func code(r *Request) (map[string]any, error) {
	given, _ := r.Properties["Code"].(map[string]any)
	for name := range given {
		if !strings.Contains(" ZipFile S3Bucket S3Key S3ObjectVersion ImageUri SourceKMSKeyArn ", " "+name+" ") {
			return nil, fmt.Errorf("Encountered unsupported property Code.%s", name)
		}
	}
	source, inline := given["ZipFile"].(string)
	if !inline {
		return given, nil
	}
	file := "index.js"
	if runtime := r.text("Runtime"); strings.HasPrefix(runtime, "python") {
		file = "index.py"
	} else if !strings.HasPrefix(runtime, "nodejs") {
		return nil, fmt.Errorf("ZipFile can only be used when Runtime is set to either of nodejs, python; it is %q", runtime)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateHeader(&zip.FileHeader{Name: file, Method: zip.Deflate})
	if err != nil {
		return nil, fmt.Errorf("bundling the code: %w", err)
	}
	if _, err := f.Write([]byte(source)); err != nil {
		return nil, fmt.Errorf("bundling the code: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("bundling the code: %w", err)
	}
	return map[string]any{"ZipFile": base64.StdEncoding.EncodeToString(b.Bytes())}, nil
}

func createFunction(ctx context.Context, r *Request) (Made, error) {
	name := r.name("FunctionName", 64)
	source, err := code(r)
	if err != nil {
		return Made{}, err
	}
	in := with(with(r.only(append([]string{"Architectures", "PackageType"}, configuration...)...), "FunctionName", name), "Code", source)
	if tags := r.tags(); len(tags) > 0 {
		in["Tags"] = tagMap(tags)
	}
	if _, err := r.Call(ctx, "lambda", "CreateFunction", in); err != nil {
		return Made{}, err
	}
	return functionReady(ctx, r, name)
}

func functionReady(ctx context.Context, r *Request, name string) (Made, error) {
	made := Made{ID: name, Attributes: map[string]any{}}
	if err := functionSettled(ctx, r, name, made.Attributes); err != nil {
		return made, err
	}
	var err error
	if n, ok := r.Properties["ReservedConcurrentExecutions"]; ok {
		_, err = r.Call(ctx, "lambda", "PutFunctionConcurrency", map[string]any{"FunctionName": name, "ReservedConcurrentExecutions": n})
	} else if r.Previous["ReservedConcurrentExecutions"] != nil {
		_, err = r.Call(ctx, "lambda", "DeleteFunctionConcurrency", map[string]any{"FunctionName": name})
	}
	return made, err
}

func functionSettled(ctx context.Context, r *Request, name string, attributes map[string]any) error {
	return r.until(ctx, func() (bool, error) {
		out, err := r.Call(ctx, "lambda", "GetFunctionConfiguration", map[string]any{"FunctionName": name})
		if err != nil {
			return false, err
		}
		attributes["Arn"] = out["FunctionArn"]
		for _, state := range []string{"State", "LastUpdateStatus"} {
			if textOf(out[state]) == "Failed" {
				return false, fmt.Errorf("the function %s failed: %s", name, textOf(out[state+"Reason"]))
			}
		}
		state, update := textOf(out["State"]), textOf(out["LastUpdateStatus"])
		return state != "Pending" && update != "InProgress", nil
	})
}

func updateFunction(ctx context.Context, r *Request) (Made, error) {
	attributes := map[string]any{}
	if !same(r.Properties["Code"], r.Previous["Code"]) || !same(r.Properties["Architectures"], r.Previous["Architectures"]) || r.Properties["Runtime"] != r.Previous["Runtime"] {
		source, err := code(r)
		if err != nil {
			return Made{}, err
		}
		in := with(r.only("Architectures"), "FunctionName", r.ID)
		for name, v := range source {
			in[name] = v
		}
		if _, err := r.Call(ctx, "lambda", "UpdateFunctionCode", in); err != nil {
			return Made{}, err
		}
		if err := functionSettled(ctx, r, r.ID, attributes); err != nil {
			return Made{}, err
		}
	}
	in := with(r.only(configuration...), "FunctionName", r.ID)
	for name, standard := range map[string]any{"Description": "", "Timeout": 3, "MemorySize": 128, "Environment": map[string]any{"Variables": map[string]any{}}, "Layers": []any{}} {
		if _, had := r.Previous[name]; had && in[name] == nil {
			in[name] = standard
		}
	}
	if _, err := r.Call(ctx, "lambda", "UpdateFunctionConfiguration", in); err != nil {
		return Made{}, err
	}
	if err := functionSettled(ctx, r, r.ID, attributes); err != nil {
		return Made{}, err
	}
	if err := r.retag(ctx, tagging{service: "lambda", tag: "TagResource", untag: "UntagResource", of: "Resource", keys: "TagKeys"}, textOf(attributes["Arn"])); err != nil {
		return Made{}, err
	}
	return functionReady(ctx, r, r.ID)
}

func putAlias(ctx context.Context, r *Request, operation string) (Made, error) {
	in := r.only("FunctionName", "Name", "FunctionVersion", "Description")
	if routing, ok := r.Properties["RoutingConfig"].(map[string]any); ok {
		weights := map[string]any{}
		for _, w := range objects(routing["AdditionalVersionWeights"]) {
			weights[textOf(w["FunctionVersion"])] = w["FunctionWeight"]
		}
		in["RoutingConfig"] = map[string]any{"AdditionalVersionWeights": weights}
	}
	out, err := r.Call(ctx, "lambda", operation, in)
	return Made{ID: textOf(out["AliasArn"]), Attributes: map[string]any{"AliasArn": out["AliasArn"]}}, err
}

func putURL(ctx context.Context, r *Request, operation string) (Made, error) {
	out, err := r.Call(ctx, "lambda", operation, r.only("TargetFunctionArn=FunctionName", "Qualifier", "AuthType", "Cors", "InvokeMode"))
	return Made{ID: textOf(out["FunctionArn"]), Attributes: map[string]any{"FunctionArn": out["FunctionArn"], "FunctionUrl": out["FunctionUrl"]}}, err
}

const mappingSettings = "BatchSize BisectBatchOnFunctionError DestinationConfig Enabled FilterCriteria FunctionResponseTypes KmsKeyArn MaximumBatchingWindowInSeconds " +
	"MaximumRecordAgeInSeconds MaximumRetryAttempts ParallelizationFactor ScalingConfig TumblingWindowInSeconds"

func createMapping(ctx context.Context, r *Request) (Made, error) {
	in := r.only(append(strings.Fields(mappingSettings), "FunctionName", "EventSourceArn", "StartingPosition", "StartingPositionTimestamp")...)
	if tags := r.tags(); len(tags) > 0 {
		in["Tags"] = tagMap(tags)
	}
	out, err := r.Call(ctx, "lambda", "CreateEventSourceMapping", in)
	id := textOf(out["UUID"])
	return Made{ID: id, Attributes: map[string]any{"Id": id, "EventSourceMappingArn": r.arn("lambda", "event-source-mapping:"+id)}}, err
}

func putInvokeConfig(ctx context.Context, r *Request) (Made, error) {
	_, err := r.Call(ctx, "lambda", "PutFunctionEventInvokeConfig", r.only("FunctionName", "Qualifier", "MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"))
	return Made{ID: madeUp(r.Stack, r.Logical, r.Token, 128), Attributes: map[string]any{}}, err
}
