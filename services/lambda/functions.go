package lambda

import (
	"context"
	"maps"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/wire"
)

// CreateFunction implements [API]. The function is Active when the answer is
// given.
func (s *Service) CreateFunction(ctx context.Context, in *CreateFunctionInput) (*CreateFunctionOutput, error) {
	n, err := locate(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	if len(n.function) > 64 {
		return nil, breaks(n.function, "functionName", "Member must have length less than or equal to 64")
	}
	if wire.Value(in.PackageType) == PackageTypeImage {
		return nil, invalid("PackageType Image is not implemented by Signalbox: functions run as processes of this machine, without containers.")
	}
	s.storing.RLock()
	defer s.storing.RUnlock()
	v := version{
		Scope: n.Scope, Function: n.function, Version: latest, Timeout: 3, Memory: 128, Storage: 512,
		Tracing: TracingModePassThrough, SnapStart: SnapStartApplyOnNone, Architectures: []string{ArchitectureX8664},
		Logging: LoggingConfig{LogFormat: new(LogFormatText), LogGroup: new("/aws/lambda/" + n.function)},
	}
	if in.Architectures != nil {
		v.Architectures = in.Architectures
	}
	if err := s.configure(ctx, &v, settings{
		Runtime: in.Runtime, Role: in.Role, Handler: in.Handler, Description: in.Description, KMSKeyArn: in.KMSKeyArn,
		Timeout: in.Timeout, MemorySize: in.MemorySize, VpcConfig: in.VpcConfig, Environment: in.Environment,
		DeadLetterConfig: in.DeadLetterConfig, TracingConfig: in.TracingConfig, Layers: in.Layers,
		FileSystemConfigs: in.FileSystemConfigs, EphemeralStorage: in.EphemeralStorage, SnapStart: in.SnapStart, LoggingConfig: in.LoggingConfig,
	}); err != nil {
		return nil, err
	}
	if s.functions.Get(n.key()) != nil {
		return nil, conflict("Function already exist: %s", n.function)
	}
	if v.Code, err = s.store(ctx, source{in.Code.ZipFile, in.Code.S3Bucket, in.Code.S3Key, in.Code.S3ObjectVersion}, "CreateFunction"); err != nil {
		return nil, err
	}
	if err := checkTotal(&v); err != nil {
		return nil, err
	}
	v.touch(s.Clock.Now())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.functions.Get(n.key()) != nil {
		return nil, conflict("Function already exist: %s", n.function)
	}
	f := &function{Scope: n.Scope, Name: n.function, ID: uuid.NewString(), Tags: in.Tags, Next: 1, Latest: v}
	if err := s.functions.Put(ctx, f.key(), f); err != nil {
		return nil, err
	}
	shown := &f.Latest
	if wire.Value(in.Publish) {
		if shown, err = s.publish(ctx, f, nil); err != nil {
			return nil, err
		}
	}
	c, err := s.describe(shown, "")
	return new(CreateFunctionOutput(c)), err
}

// UpdateFunctionConfiguration implements [API].
func (s *Service) UpdateFunctionConfiguration(ctx context.Context, in *UpdateFunctionConfigurationInput) (*UpdateFunctionConfigurationOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	if in.RevisionId != nil && *in.RevisionId != f.Latest.Revision {
		return nil, staleRevision()
	}
	f, err = s.changeFunction(ctx, f, func(f *function) error {
		err := s.configure(ctx, &f.Latest, settings{
			Runtime: in.Runtime, Role: in.Role, Handler: in.Handler, Description: in.Description, KMSKeyArn: in.KMSKeyArn,
			Timeout: in.Timeout, MemorySize: in.MemorySize, VpcConfig: in.VpcConfig, Environment: in.Environment,
			DeadLetterConfig: in.DeadLetterConfig, TracingConfig: in.TracingConfig, Layers: in.Layers,
			FileSystemConfigs: in.FileSystemConfigs, EphemeralStorage: in.EphemeralStorage, SnapStart: in.SnapStart, LoggingConfig: in.LoggingConfig,
		})
		f.Latest.touch(s.Clock.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	s.workshop.replace(&f.Latest)
	c, err := s.describe(&f.Latest, "")
	return new(UpdateFunctionConfigurationOutput(c)), err
}

// unqualified finds the function of an operation that is about $LATEST.
func (s *Service) unqualified(ctx context.Context, text string) (name, *function, error) {
	n, f, err := s.function(ctx, text, nil)
	if err == nil && n.qualifier != "" && n.qualifier != latest {
		return n, nil, invalid("The operation cannot be done on %s: only $LATEST can be changed.", n.qualifier)
	}
	return n, f, err
}

// UpdateFunctionCode implements [API].
func (s *Service) UpdateFunctionCode(ctx context.Context, in *UpdateFunctionCodeInput) (*UpdateFunctionCodeOutput, error) {
	if _, _, err := s.unqualified(ctx, *in.FunctionName); err != nil {
		return nil, err
	}
	s.storing.RLock()
	unlock := sync.OnceFunc(s.storing.RUnlock)
	defer unlock()
	stored, err := s.store(ctx, source{in.ZipFile, in.S3Bucket, in.S3Key, in.S3ObjectVersion}, "UpdateFunctionCode")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	if in.RevisionId != nil && *in.RevisionId != f.Latest.Revision {
		return nil, staleRevision()
	}
	changed := *f
	changed.Latest.Code = stored
	if in.Architectures != nil {
		changed.Latest.Architectures = in.Architectures
	}
	changed.Latest.touch(s.Clock.Now())
	if err := checkTotal(&changed.Latest); err != nil {
		return nil, err
	}
	if wire.Value(in.DryRun) {
		c, err := s.describe(&changed.Latest, "")
		return new(UpdateFunctionCodeOutput(c)), err
	}
	if err := s.changeCode(ctx, f, &changed, unlock); err != nil {
		return nil, err
	}
	shown := &changed.Latest
	if wire.Value(in.Publish) {
		if shown, err = s.publish(ctx, &changed, nil); err != nil {
			return nil, err
		}
	}
	c, err := s.describe(shown, "")
	return new(UpdateFunctionCodeOutput(c)), err
}

// DeleteFunction implements [API]: of a version, or of the whole function with
// all that belongs to it. Invocations under way end.
func (s *Service) DeleteFunction(ctx context.Context, in *DeleteFunctionInput) (*DeleteFunctionOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, f, err := s.function(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if n.qualifier != "" {
		if err := s.deleteVersion(ctx, n, f); err != nil {
			return nil, err
		}
		return &DeleteFunctionOutput{StatusCode: new(int32(204))}, nil
	}
	versions := append([]*version{&f.Latest}, s.published(f)...)
	if err := s.functions.Delete(ctx, f.key()); err != nil {
		return nil, err
	}
	if err := s.forgetOrphans(ctx); err != nil {
		return nil, err
	}
	s.async.forget(ctx, f)
	for _, v := range versions {
		s.workshop.drop(v)
	}
	for _, v := range versions {
		s.forgetCode(ctx, v.digests()...)
	}
	return &DeleteFunctionOutput{StatusCode: new(int32(204))}, nil
}

func (s *Service) deleteVersion(ctx context.Context, n name, f *function) error {
	if n.qualifier == latest {
		return invalid("$LATEST version cannot be deleted without deleting the function.")
	}
	if !isVersion(n.qualifier) {
		return invalid("Deletion of aliases is not currently supported.")
	}
	v := s.versions.Get(n.key(n.qualifier))
	if v == nil {
		return nil // as AWS has it
	}
	for _, a := range s.aliases.List(n.key("")) {
		if _, weighted := a.Weights[v.Version]; a.Version == v.Version || weighted {
			return conflict("Version %s of function %s is used by alias %s.", v.Version, f.Name, a.Name)
		}
	}
	if err := s.versions.Delete(ctx, n.key(v.Version)); err != nil {
		return err
	}
	s.workshop.drop(v)
	s.forgetCode(ctx, v.digests()...)
	return nil
}

// GetFunction implements [API].
func (s *Service) GetFunction(ctx context.Context, in *GetFunctionInput) (*GetFunctionOutput, error) {
	n, f, err := s.function(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	v, err := s.version(n, f)
	if err != nil {
		return nil, err
	}
	c, err := s.describe(v, n.qualifier)
	if err != nil {
		return nil, err
	}
	out := &GetFunctionOutput{Configuration: &c, Tags: maps.Clone(f.Tags), Code: &FunctionCodeLocation{
		RepositoryType: new("S3"), Location: new(s.codeURL(ctx, v.Code)),
	}}
	if f.Reserved != nil {
		out.Concurrency = &Concurrency{ReservedConcurrentExecutions: f.Reserved}
	}
	return out, nil
}

// GetFunctionConfiguration implements [API].
func (s *Service) GetFunctionConfiguration(ctx context.Context, in *GetFunctionConfigurationInput) (*GetFunctionConfigurationOutput, error) {
	n, f, err := s.function(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	v, err := s.version(n, f)
	if err != nil {
		return nil, err
	}
	c, err := s.describe(v, n.qualifier)
	return new(GetFunctionConfigurationOutput(c)), err
}

// ListFunctions implements [API].
func (s *Service) ListFunctions(ctx context.Context, in *ListFunctionsInput) (*ListFunctionsOutput, error) {
	var all []*version
	for _, f := range s.functions.List(wire.ScopeOf(ctx).Key("")) {
		all = append(all, &f.Latest)
		if wire.Value(in.FunctionVersion) == FunctionVersionAll {
			all = append(all, s.published(f)...)
		}
	}
	name := func(v *version) string { return v.Function + "|" + padded(v.Version) }
	rows, next, err := page(all, name, in.MaxItems, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &ListFunctionsOutput{Functions: []FunctionConfiguration{}, NextMarker: next}
	for _, v := range rows {
		qualifier := ""
		if in.FunctionVersion != nil {
			qualifier = v.Version
		}
		c, err := s.describe(v, qualifier)
		if err != nil {
			return nil, err
		}
		out.Functions = append(out.Functions, c)
	}
	return out, nil
}

// padded brings version numbers into the order of texts; $LATEST is first.
func padded(v string) string {
	if v == latest {
		return ""
	}
	return strings.Repeat("0", max(0, 10-len(v))) + v
}

// page cuts one page; all lists of this API page alike.
func page[T any](items []T, name func(T) string, limit *int32, standard int32, marker *string) ([]T, *string, error) {
	if limit == nil {
		limit = &standard
	}
	if marker != nil && *marker == "" {
		marker = nil
	}
	rows, next, err := wire.Page(items, name, int(*limit), marker)
	if err != nil {
		return nil, nil, invalid("Invalid marker: %s.", err)
	}
	return rows, next, nil
}

// GetFunctionCodeSigningConfig implements [API]: there is never one.
func (s *Service) GetFunctionCodeSigningConfig(ctx context.Context, in *GetFunctionCodeSigningConfigInput) (*GetFunctionCodeSigningConfigOutput, error) {
	_, f, err := s.function(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	return &GetFunctionCodeSigningConfigOutput{CodeSigningConfigArn: new(""), FunctionName: new(f.Name)}, nil
}

// GetRuntimeManagementConfig implements [API].
func (s *Service) GetRuntimeManagementConfig(ctx context.Context, in *GetRuntimeManagementConfigInput) (*GetRuntimeManagementConfigOutput, error) {
	n, f, err := s.function(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if _, err := s.version(n, f); err != nil {
		return nil, err
	}
	return &GetRuntimeManagementConfigOutput{UpdateRuntimeOn: new(UpdateRuntimeOnAuto), FunctionArn: new(n.arn())}, nil
}

// GetFunctionRecursionConfig implements [API].
func (s *Service) GetFunctionRecursionConfig(ctx context.Context, in *GetFunctionRecursionConfigInput) (*GetFunctionRecursionConfigOutput, error) {
	if _, _, err := s.function(ctx, *in.FunctionName, nil); err != nil {
		return nil, err
	}
	return &GetFunctionRecursionConfigOutput{RecursiveLoop: new(RecursiveLoopTerminate)}, nil
}

// GetAccountSettings implements [API].
func (s *Service) GetAccountSettings(ctx context.Context, _ *GetAccountSettingsInput) (*GetAccountSettingsOutput, error) {
	out := &GetAccountSettingsOutput{
		AccountLimit: &AccountLimit{
			TotalCodeSize: 75 << 30, CodeSizeUnzipped: 250 << 20, CodeSizeZipped: 50 << 20,
			ConcurrentExecutions: new(int32(accountConcurrency)),
		},
		AccountUsage: &AccountUsage{},
	}
	functions := s.functions.List(wire.ScopeOf(ctx).Key(""))
	for _, f := range functions {
		out.AccountUsage.TotalCodeSize += f.Latest.Code.Size
		for _, v := range s.published(f) {
			out.AccountUsage.TotalCodeSize += v.Code.Size
		}
	}
	out.AccountUsage.FunctionCount = new(int64(len(functions)))
	out.AccountLimit.UnreservedConcurrentExecutions = new(int32(accountConcurrency - s.reserved(wire.ScopeOf(ctx), "")))
	return out, nil
}
