package lambda

import (
	"context"
	"maps"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/wire"
)

// CreateFunction implements [api.API]. The function is Active when the answer is
// given.
func (s *Service) CreateFunction(ctx context.Context, in *api.CreateFunctionInput) (*api.CreateFunctionOutput, error) {
	n, err := catalog.Locate(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	if len(n.Function) > 64 {
		return nil, api.Breaks(n.Function, "functionName", "Member must have length less than or equal to 64")
	}
	if wire.Value(in.PackageType) == api.PackageTypeImage {
		return nil, api.Invalid("PackageType Image is not implemented by Signalbox: functions run as processes of this machine, without containers.")
	}
	if len(in.Tags) > maxTags {
		return nil, tooManyTags()
	}
	s.storing.RLock()
	defer s.storing.RUnlock()
	v := catalog.Version{
		Scope: n.Scope, Function: n.Function, Version: catalog.Latest, Timeout: 3, Memory: 128, Storage: 512,
		Tracing: api.TracingModePassThrough, SnapStart: api.SnapStartApplyOnNone, Architectures: []string{api.ArchitectureX8664},
		Logging: api.LoggingConfig{LogFormat: new(api.LogFormatText), LogGroup: new("/aws/lambda/" + n.Function)},
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
	if s.Catalog.Functions.Get(n.Key()) != nil {
		return nil, api.Conflict("Function already exist: %s", n.Function)
	}
	if v.Code, err = s.store(ctx, source{in.Code.ZipFile, in.Code.S3Bucket, in.Code.S3Key, in.Code.S3ObjectVersion}, "CreateFunction"); err != nil {
		return nil, err
	}
	if err := checkTotal(&v); err != nil {
		return nil, err
	}
	v.Touch(s.Clock.Now())
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if s.Catalog.Functions.Get(n.Key()) != nil {
		return nil, api.Conflict("Function already exist: %s", n.Function)
	}
	f := &catalog.Function{Scope: n.Scope, Name: n.Function, ID: uuid.NewString(), Tags: in.Tags, Next: 1, Latest: v}
	if err := s.Catalog.Functions.Put(ctx, f.Key(), f); err != nil {
		return nil, err
	}
	shown := &f.Latest
	if wire.Value(in.Publish) {
		if shown, err = s.publish(ctx, f, nil); err != nil {
			return nil, err
		}
	}
	s.workshop.ahead(shown)
	c, err := s.describe(shown, "")
	return new(api.CreateFunctionOutput(c)), err
}

// UpdateFunctionConfiguration implements [api.API].
func (s *Service) UpdateFunctionConfiguration(ctx context.Context, in *api.UpdateFunctionConfigurationInput) (*api.UpdateFunctionConfigurationOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	if in.RevisionId != nil && *in.RevisionId != f.Latest.Revision {
		return nil, api.StaleRevision()
	}
	f, err = s.changeFunction(ctx, f, func(f *catalog.Function) error {
		err := s.configure(ctx, &f.Latest, settings{
			Runtime: in.Runtime, Role: in.Role, Handler: in.Handler, Description: in.Description, KMSKeyArn: in.KMSKeyArn,
			Timeout: in.Timeout, MemorySize: in.MemorySize, VpcConfig: in.VpcConfig, Environment: in.Environment,
			DeadLetterConfig: in.DeadLetterConfig, TracingConfig: in.TracingConfig, Layers: in.Layers,
			FileSystemConfigs: in.FileSystemConfigs, EphemeralStorage: in.EphemeralStorage, SnapStart: in.SnapStart, LoggingConfig: in.LoggingConfig,
		})
		f.Latest.Touch(s.Clock.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	s.workshop.replace(&f.Latest)
	s.workshop.ahead(&f.Latest)
	c, err := s.describe(&f.Latest, "")
	return new(api.UpdateFunctionConfigurationOutput(c)), err
}

// unqualified finds the function of an operation that is about $LATEST.
func (s *Service) unqualified(ctx context.Context, text string) (catalog.Name, *catalog.Function, error) {
	n, f, err := s.Function(ctx, text, nil)
	if err == nil && n.Qualifier != "" && n.Qualifier != catalog.Latest {
		return n, nil, api.Invalid("The operation cannot be done on %s: only $LATEST can be changed.", n.Qualifier)
	}
	return n, f, err
}

// UpdateFunctionCode implements [api.API].
func (s *Service) UpdateFunctionCode(ctx context.Context, in *api.UpdateFunctionCodeInput) (*api.UpdateFunctionCodeOutput, error) {
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
	s.Mu.Lock()
	defer s.Mu.Unlock()
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	if in.RevisionId != nil && *in.RevisionId != f.Latest.Revision {
		return nil, api.StaleRevision()
	}
	changed := *f
	changed.Latest.Code = stored
	if in.Architectures != nil {
		changed.Latest.Architectures = in.Architectures
	}
	changed.Latest.Touch(s.Clock.Now())
	if err := checkTotal(&changed.Latest); err != nil {
		return nil, err
	}
	if wire.Value(in.DryRun) {
		c, err := s.describe(&changed.Latest, "")
		return new(api.UpdateFunctionCodeOutput(c)), err
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
	s.workshop.ahead(shown)
	c, err := s.describe(shown, "")
	return new(api.UpdateFunctionCodeOutput(c)), err
}

// DeleteFunction implements [api.API]: of a version, or of the whole function with
// all that belongs to it. Invocations under way end.
func (s *Service) DeleteFunction(ctx context.Context, in *api.DeleteFunctionInput) (*api.DeleteFunctionOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	n, f, err := s.Function(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if n.Qualifier != "" {
		if err := s.deleteVersion(ctx, n, f); err != nil {
			return nil, err
		}
		return &api.DeleteFunctionOutput{StatusCode: new(int32(204))}, nil
	}
	versions := append([]*catalog.Version{&f.Latest}, s.Published(f)...)
	if err := s.Catalog.Functions.Delete(ctx, f.Key()); err != nil {
		return nil, err
	}
	if err := s.forgetOrphans(ctx); err != nil {
		return nil, err
	}
	s.Forget(ctx, f)
	for _, v := range versions {
		s.workshop.drop(v)
	}
	for _, v := range versions {
		s.forgetCode(ctx, v.Digests()...)
	}
	return &api.DeleteFunctionOutput{StatusCode: new(int32(204))}, nil
}

func (s *Service) deleteVersion(ctx context.Context, n catalog.Name, f *catalog.Function) error {
	if n.Qualifier == catalog.Latest {
		return api.Invalid("$LATEST version cannot be deleted without deleting the function.")
	}
	if !catalog.IsVersion(n.Qualifier) {
		return api.Invalid("Deletion of aliases is not currently supported.")
	}
	v := s.Versions.Get(n.Key(n.Qualifier))
	if v == nil {
		return nil // as AWS has it
	}
	for _, a := range s.Aliases.List(n.Key("")) {
		if _, weighted := a.Weights[v.Version]; a.Version == v.Version || weighted {
			return api.Conflict("Version %s of function %s is used by alias %s.", v.Version, f.Name, a.Name)
		}
	}
	if err := s.Provisions.Drop(ctx, f, v.Version); err != nil {
		return err
	}
	if err := s.Versions.Delete(ctx, n.Key(v.Version)); err != nil {
		return err
	}
	s.workshop.drop(v)
	s.forgetCode(ctx, v.Digests()...)
	return nil
}

// GetFunction implements [api.API].
func (s *Service) GetFunction(ctx context.Context, in *api.GetFunctionInput) (*api.GetFunctionOutput, error) {
	n, f, err := s.Function(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	v, err := s.Version(n, f)
	if err != nil {
		return nil, err
	}
	c, err := s.describe(v, n.Qualifier)
	if err != nil {
		return nil, err
	}
	out := &api.GetFunctionOutput{Configuration: &c, Tags: maps.Clone(f.Tags), Code: &api.FunctionCodeLocation{
		RepositoryType: new("S3"), Location: new(s.codeURL(ctx, v.Code)),
	}}
	if f.Reserved != nil {
		out.Concurrency = &api.Concurrency{ReservedConcurrentExecutions: f.Reserved}
	}
	return out, nil
}

// GetFunctionConfiguration implements [api.API].
func (s *Service) GetFunctionConfiguration(ctx context.Context, in *api.GetFunctionConfigurationInput) (*api.GetFunctionConfigurationOutput, error) {
	n, f, err := s.Function(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	v, err := s.Version(n, f)
	if err != nil {
		return nil, err
	}
	c, err := s.describe(v, n.Qualifier)
	return new(api.GetFunctionConfigurationOutput(c)), err
}

// ListFunctions implements [api.API].
func (s *Service) ListFunctions(ctx context.Context, in *api.ListFunctionsInput) (*api.ListFunctionsOutput, error) {
	var all []*catalog.Version
	for _, f := range s.Catalog.Functions.List(wire.ScopeOf(ctx).Key("")) {
		all = append(all, &f.Latest)
		if wire.Value(in.FunctionVersion) == api.FunctionVersionAll {
			all = append(all, s.Published(f)...)
		}
	}
	name := func(v *catalog.Version) string { return v.Function + "|" + padded(v.Version) }
	rows, next, err := api.Page(all, name, in.MaxItems, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &api.ListFunctionsOutput{Functions: []api.FunctionConfiguration{}, NextMarker: next}
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
	if v == catalog.Latest {
		return ""
	}
	return strings.Repeat("0", max(0, 10-len(v))) + v
}

// GetFunctionCodeSigningConfig implements [api.API]: there is never one.
func (s *Service) GetFunctionCodeSigningConfig(ctx context.Context, in *api.GetFunctionCodeSigningConfigInput) (*api.GetFunctionCodeSigningConfigOutput, error) {
	_, f, err := s.Function(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	return &api.GetFunctionCodeSigningConfigOutput{CodeSigningConfigArn: new(""), FunctionName: new(f.Name)}, nil
}

// GetRuntimeManagementConfig implements [api.API].
func (s *Service) GetRuntimeManagementConfig(ctx context.Context, in *api.GetRuntimeManagementConfigInput) (*api.GetRuntimeManagementConfigOutput, error) {
	n, f, err := s.Function(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if _, err := s.Version(n, f); err != nil {
		return nil, err
	}
	return &api.GetRuntimeManagementConfigOutput{UpdateRuntimeOn: new(api.UpdateRuntimeOnAuto), FunctionArn: new(n.ARN())}, nil
}

// GetAccountSettings implements [api.API].
func (s *Service) GetAccountSettings(ctx context.Context, _ *api.GetAccountSettingsInput) (*api.GetAccountSettingsOutput, error) {
	out := &api.GetAccountSettingsOutput{
		AccountLimit: &api.AccountLimit{
			TotalCodeSize: 75 << 30, CodeSizeUnzipped: 250 << 20, CodeSizeZipped: 50 << 20,
			ConcurrentExecutions: new(int32(accountConcurrency)),
		},
		AccountUsage: &api.AccountUsage{},
	}
	functions := s.Catalog.Functions.List(wire.ScopeOf(ctx).Key(""))
	for _, f := range functions {
		out.AccountUsage.TotalCodeSize += f.Latest.Code.Size
		for _, v := range s.Published(f) {
			out.AccountUsage.TotalCodeSize += v.Code.Size
		}
	}
	for _, l := range s.layers.List(wire.ScopeOf(ctx).Key("")) {
		out.AccountUsage.TotalCodeSize += l.Code.Size
	}
	out.AccountUsage.FunctionCount = new(int64(len(functions)))
	out.AccountLimit.UnreservedConcurrentExecutions = new(int32(s.unreserved(wire.ScopeOf(ctx))))
	return out, nil
}
