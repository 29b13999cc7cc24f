package lambda

import (
	"cmp"
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/async"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/services/lambda/runtimes"
	"github.com/signalbox/signalbox/wire"
)

// Limits of functions (Lambda quotas).
const (
	maxMemory      = 10240   // MB
	maxStorage     = 10240   // MB
	maxEnvironment = 4 << 10 // bytes, names and values
	maxLayers      = 5
)

// settings are the members of a configuration that both CreateFunction and
// UpdateFunctionConfiguration have. A nil one stays as it is.
type settings struct {
	Runtime, Role, Handler, Description, KMSKeyArn *string
	Timeout, MemorySize                            *int32
	VpcConfig                                      *api.VpcConfig
	Environment                                    *api.Environment
	DeadLetterConfig                               *api.DeadLetterConfig
	TracingConfig                                  *api.TracingConfig
	Layers                                         []string
	FileSystemConfigs                              []api.FileSystemConfig
	EphemeralStorage                               *api.EphemeralStorage
	SnapStart                                      *api.SnapStart
	LoggingConfig                                  *api.LoggingConfig
}

// configure puts the settings into v, or says what is wrong with them.
func (s *Service) configure(ctx context.Context, v *catalog.Version, in settings) error {
	if err := checkRuntime(v, in); err != nil {
		return err
	}
	api.Put(&v.Runtime, in.Runtime)
	api.Put(&v.Role, in.Role)
	api.Put(&v.Handler, in.Handler)
	api.Put(&v.Description, in.Description)
	api.Put(&v.KMSKey, in.KMSKeyArn)
	api.Put(&v.Timeout, in.Timeout)
	api.Put(&v.Memory, in.MemorySize)
	if v.Timeout > api.MaxTimeout {
		return api.Breaks(v.Timeout, "timeout", "Member must have value less than or equal to 900")
	}
	if v.Memory > maxMemory {
		return api.Breaks(v.Memory, "memorySize", "Member must have value less than or equal to 10240")
	}
	if c := in.VpcConfig; c != nil && len(c.SubnetIds)+len(c.SecurityGroupIds) > 0 {
		return api.Invalid("VpcConfig is not implemented by Signalbox: functions run as processes of this machine.")
	}
	if len(in.FileSystemConfigs) > 0 {
		return api.Invalid("FileSystemConfigs is not implemented by Signalbox.")
	}
	if in.EphemeralStorage != nil {
		if *in.EphemeralStorage.Size > maxStorage {
			return api.Breaks(*in.EphemeralStorage.Size, "ephemeralStorage.size", "Member must have value less than or equal to 10240")
		}
		v.Storage = *in.EphemeralStorage.Size
	}
	if in.SnapStart != nil {
		api.Put(&v.SnapStart, in.SnapStart.ApplyOn)
	}
	if in.TracingConfig != nil {
		api.Put(&v.Tracing, in.TracingConfig.Mode)
	}
	if in.DeadLetterConfig != nil {
		if err := async.CheckDeadLetter(in.DeadLetterConfig.TargetArn); err != nil {
			return err
		}
		v.DeadLetter = wire.Value(in.DeadLetterConfig.TargetArn)
	}
	if err := configureLogging(v, in.LoggingConfig); err != nil {
		return err
	}
	if in.Environment != nil {
		if err := checkVariables(in.Environment.Variables); err != nil {
			return err
		}
		if err := s.sealVariables(v, in.Environment.Variables); err != nil {
			return err
		}
	}
	if in.Layers != nil {
		layers, err := s.useLayers(ctx, in.Layers)
		if err != nil {
			return err
		}
		v.Layers = layers
	}
	return checkTotal(v)
}

func checkRuntime(v *catalog.Version, in settings) error {
	name := cmp.Or(wire.Value(in.Runtime), v.Runtime)
	if name == "" || cmp.Or(wire.Value(in.Handler), v.Handler) == "" {
		return api.Invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	}
	if _, ok := runtimes.Parse(name); !ok {
		return api.Invalid("The runtime parameter of %s is not implemented by Signalbox: it runs nodejs*, python*, provided.* and go1.x.", name)
	}
	return nil
}

func configureLogging(v *catalog.Version, c *api.LoggingConfig) error {
	if c == nil {
		return nil
	}
	l := v.Logging
	for _, p := range []struct{ to, from **string }{
		{&l.LogFormat, &c.LogFormat}, {&l.ApplicationLogLevel, &c.ApplicationLogLevel},
		{&l.SystemLogLevel, &c.SystemLogLevel}, {&l.LogGroup, &c.LogGroup},
	} {
		if *p.from != nil {
			*p.to = *p.from
		}
	}
	if *l.LogFormat == api.LogFormatJson {
		l.ApplicationLogLevel = cmp.Or(l.ApplicationLogLevel, new(api.ApplicationLogLevelInfo))
		l.SystemLogLevel = cmp.Or(l.SystemLogLevel, new(api.SystemLogLevelInfo))
	} else {
		if c.ApplicationLogLevel != nil || c.SystemLogLevel != nil {
			return api.Invalid("ApplicationLogLevel and SystemLogLevel can only be set when LogFormat is JSON.")
		}
		l.ApplicationLogLevel, l.SystemLogLevel = nil, nil
	}
	v.Logging = l
	return nil
}

// reservedVariables cannot be set by a function's configuration (developer
// guide, page configuration-envvars).
var reservedVariables = []string{
	"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
	"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
	"AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
}

func checkVariables(variables map[string]string) error {
	var reserved []string
	size := 0
	for key, value := range variables {
		size += len(key) + len(value)
		if slices.Contains(reservedVariables, key) {
			reserved = append(reserved, key)
		}
		if strings.ContainsRune(value, 0) {
			return api.Invalid("Lambda was unable to configure your environment variables because %s holds a NUL character.", key)
		}
	}
	if len(reserved) > 0 {
		slices.Sort(reserved)
		return api.Invalid("Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s", strings.Join(reserved, ", "))
	}
	if size > maxEnvironment {
		return api.Invalid("Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: %d bytes", size)
	}
	return nil
}

// describe is a version as answers show it, under the qualifier that it was
// asked for by.
func (s *Service) describe(v *catalog.Version, qualifier string) (api.FunctionConfiguration, error) {
	variables, err := s.variables(v)
	if err != nil {
		return api.FunctionConfiguration{}, err
	}
	c := api.FunctionConfiguration{
		FunctionName: new(v.Function), FunctionArn: new(catalog.FunctionARN(v.Scope, v.Function, qualifier)),
		Runtime: new(v.Runtime), Role: new(v.Role), Handler: new(v.Handler), Description: new(v.Description),
		CodeSize: v.Code.Size, CodeSha256: new(v.Code.SHA256), Timeout: new(v.Timeout), MemorySize: new(v.Memory),
		LastModified: new(v.Modified.UTC().Format("2006-01-02T15:04:05.000-0700")), Version: new(v.Version),
		RevisionId: new(v.Revision), State: new(api.StateActive), LastUpdateStatus: new(api.LastUpdateStatusSuccessful),
		PackageType: new(api.PackageTypeZip), Architectures: v.Architectures,
		TracingConfig:    &api.TracingConfigResponse{Mode: new(v.Tracing)},
		EphemeralStorage: &api.EphemeralStorage{Size: new(v.Storage)},
		SnapStart:        &api.SnapStartResponse{ApplyOn: new(v.SnapStart), OptimizationStatus: new(api.SnapStartOptimizationStatusOff)},
		LoggingConfig:    new(v.Logging), ConfigSha256: new(v.Hash(variables)),
		RuntimeVersionConfig: &api.RuntimeVersionConfig{RuntimeVersionArn: new(runtimeARN(v))},
	}
	if variables != nil {
		c.Environment = &api.EnvironmentResponse{Variables: variables}
	}
	if v.DeadLetter != "" {
		c.DeadLetterConfig = &api.DeadLetterConfig{TargetArn: new(v.DeadLetter)}
	}
	if v.KMSKey != "" {
		c.KMSKeyArn = new(v.KMSKey)
	}
	for _, l := range v.Layers {
		c.Layers = append(c.Layers, api.Layer{Arn: new(l.ARN), CodeSize: l.Code.Size})
	}
	return c, nil
}

func runtimeARN(v *catalog.Version) string {
	sum := sha256.Sum256([]byte(v.Runtime))
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 64)
	for _, b := range sum {
		text = append(text, digits[b>>4], digits[b&15])
	}
	return "arn:aws:lambda:" + v.Region + "::runtime:" + string(text)
}
