package lambda

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/services/lambda/runtimes"
	"github.com/signalbox/signalbox/wire"
)

// Limits of functions (Lambda quotas).
const (
	maxTimeout     = 900     // seconds
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
	VpcConfig                                      *VpcConfig
	Environment                                    *Environment
	DeadLetterConfig                               *DeadLetterConfig
	TracingConfig                                  *TracingConfig
	Layers                                         []string
	FileSystemConfigs                              []FileSystemConfig
	EphemeralStorage                               *EphemeralStorage
	SnapStart                                      *SnapStart
	LoggingConfig                                  *LoggingConfig
}

// configure puts the settings into v, or says what is wrong with them.
func (s *Service) configure(ctx context.Context, v *version, in settings) error {
	if err := checkRuntime(v, in); err != nil {
		return err
	}
	put(&v.Runtime, in.Runtime)
	put(&v.Role, in.Role)
	put(&v.Handler, in.Handler)
	put(&v.Description, in.Description)
	put(&v.KMSKey, in.KMSKeyArn)
	put(&v.Timeout, in.Timeout)
	put(&v.Memory, in.MemorySize)
	if v.Timeout > maxTimeout {
		return breaks(v.Timeout, "timeout", "Member must have value less than or equal to 900")
	}
	if v.Memory > maxMemory {
		return breaks(v.Memory, "memorySize", "Member must have value less than or equal to 10240")
	}
	if c := in.VpcConfig; c != nil && len(c.SubnetIds)+len(c.SecurityGroupIds) > 0 {
		return invalid("VpcConfig is not implemented by Signalbox: functions run as processes of this machine.")
	}
	if len(in.FileSystemConfigs) > 0 {
		return invalid("FileSystemConfigs is not implemented by Signalbox.")
	}
	if in.EphemeralStorage != nil {
		if *in.EphemeralStorage.Size > maxStorage {
			return breaks(*in.EphemeralStorage.Size, "ephemeralStorage.size", "Member must have value less than or equal to 10240")
		}
		v.Storage = *in.EphemeralStorage.Size
	}
	if in.SnapStart != nil {
		put(&v.SnapStart, in.SnapStart.ApplyOn)
	}
	if in.TracingConfig != nil {
		put(&v.Tracing, in.TracingConfig.Mode)
	}
	if in.DeadLetterConfig != nil {
		if err := checkDeadLetter(in.DeadLetterConfig.TargetArn); err != nil {
			return err
		}
		v.DeadLetter = wire.Value(in.DeadLetterConfig.TargetArn)
	}
	if err := v.configureLogging(in.LoggingConfig); err != nil {
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

func put[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func checkRuntime(v *version, in settings) error {
	name := cmp.Or(wire.Value(in.Runtime), v.Runtime)
	if name == "" || cmp.Or(wire.Value(in.Handler), v.Handler) == "" {
		return invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	}
	if _, ok := runtimes.Parse(name); !ok {
		return invalid("The runtime parameter of %s is not implemented by Signalbox: it runs nodejs*, python*, provided.* and go1.x.", name)
	}
	return nil
}

func (v *version) configureLogging(c *LoggingConfig) error {
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
	if *l.LogFormat == LogFormatJson {
		l.ApplicationLogLevel = cmp.Or(l.ApplicationLogLevel, new(ApplicationLogLevelInfo))
		l.SystemLogLevel = cmp.Or(l.SystemLogLevel, new(SystemLogLevelInfo))
	} else {
		if c.ApplicationLogLevel != nil || c.SystemLogLevel != nil {
			return invalid("ApplicationLogLevel and SystemLogLevel can only be set when LogFormat is JSON.")
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
			return invalid("Lambda was unable to configure your environment variables because %s holds a NUL character.", key)
		}
	}
	if len(reserved) > 0 {
		slices.Sort(reserved)
		return invalid("Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s", strings.Join(reserved, ", "))
	}
	if size > maxEnvironment {
		return invalid("Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: %d bytes", size)
	}
	return nil
}

// same tells whether two versions run alike: nothing to publish then.
func (v *version) same(o *version, mine, others map[string]string) bool {
	return v.hash(mine) == o.hash(others) && v.Code.SHA256 == o.Code.SHA256
}

// hash is ConfigSha256: of what the configuration is, not of when and where.
func (v *version) hash(variables map[string]string) string {
	c := *v
	c.Version, c.Description, c.Revision, c.Modified, c.Environment, c.Code = "", "", "", time.Time{}, nil, code{}
	text, err := json.Marshal([]any{c, variables})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// describe is a version as answers show it, under the qualifier that it was
// asked for by.
func (s *Service) describe(v *version, qualifier string) (FunctionConfiguration, error) {
	variables, err := s.variables(v)
	if err != nil {
		return FunctionConfiguration{}, err
	}
	c := FunctionConfiguration{
		FunctionName: new(v.Function), FunctionArn: new(functionARN(v.Scope, v.Function, qualifier)),
		Runtime: new(v.Runtime), Role: new(v.Role), Handler: new(v.Handler), Description: new(v.Description),
		CodeSize: v.Code.Size, CodeSha256: new(v.Code.SHA256), Timeout: new(v.Timeout), MemorySize: new(v.Memory),
		LastModified: new(v.Modified.UTC().Format("2006-01-02T15:04:05.000-0700")), Version: new(v.Version),
		RevisionId: new(v.Revision), State: new(StateActive), LastUpdateStatus: new(LastUpdateStatusSuccessful),
		PackageType: new(PackageTypeZip), Architectures: v.Architectures,
		TracingConfig:    &TracingConfigResponse{Mode: new(v.Tracing)},
		EphemeralStorage: &EphemeralStorage{Size: new(v.Storage)},
		SnapStart:        &SnapStartResponse{ApplyOn: new(v.SnapStart), OptimizationStatus: new(SnapStartOptimizationStatusOff)},
		LoggingConfig:    new(v.Logging), ConfigSha256: new(v.hash(variables)),
		RuntimeVersionConfig: &RuntimeVersionConfig{RuntimeVersionArn: new(runtimeARN(v))},
	}
	if variables != nil {
		c.Environment = &EnvironmentResponse{Variables: variables}
	}
	if v.DeadLetter != "" {
		c.DeadLetterConfig = &DeadLetterConfig{TargetArn: new(v.DeadLetter)}
	}
	if v.KMSKey != "" {
		c.KMSKeyArn = new(v.KMSKey)
	}
	for _, l := range v.Layers {
		c.Layers = append(c.Layers, Layer{Arn: new(l.ARN), CodeSize: l.Code.Size})
	}
	return c, nil
}

func runtimeARN(v *version) string {
	sum := sha256.Sum256([]byte(v.Runtime))
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 64)
	for _, b := range sum {
		text = append(text, digits[b>>4], digits[b&15])
	}
	return "arn:aws:lambda:" + v.Region + "::runtime:" + string(text)
}
