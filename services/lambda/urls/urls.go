package urls

import (
	"context"
	"crypto/rand"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/wire"
)

// record is a function URL as it is kept.
type record struct {
	wire.Scope
	Function  string
	Qualifier string // alias; empty: $LATEST
	ID        string // first label of its host name
	Auth      string
	Mode      string
	Cors      *api.Cors
	Created   time.Time
	Modified  time.Time
}

// Path is where function URLs are reached by path, for who cannot resolve
// their host names: Path, the id, and the function's path.
const Path = "/_aws/lambda-url/"

// urlOf finds a function URL by its id.
func (s *URLs) urlOf(id string) *record {
	key, ok := s.byID.Load(id)
	if !ok {
		return nil
	}
	u := s.kept.Get(key.(string))
	if u == nil || u.ID != id {
		s.byID.Delete(id)
		return nil
	}
	return u
}

// address is the URL as a client that asked for it can reach it: by a host name
// where it called one that has others below it (below localhost alone, many
// programs resolve none), else by path.
func (u *record) address(ctx context.Context, endpoint string) string {
	r := wire.FromContext(ctx)
	scheme, host := r.Scheme, r.Host
	if host == "" {
		scheme, host, _ = strings.Cut(endpoint, "://")
	}
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, ""
	}
	base := ""
	switch {
	case strings.HasSuffix(name, ".localhost"):
		base = "localhost"
	case strings.HasSuffix(name, "localhost.localstack.cloud"):
		base = "localhost.localstack.cloud"
	default:
		return scheme + "://" + host + Path + u.ID + "/"
	}
	if port != "" {
		base += ":" + port
	}
	return scheme + "://" + u.ID + ".lambda-url." + u.Region + "." + base + "/"
}

func (u *record) time(t time.Time) *string { return new(t.UTC().Format("2006-01-02T15:04:05.000000Z")) }

func (u *record) describe(ctx context.Context, endpoint string) api.FunctionUrlConfig {
	return api.FunctionUrlConfig{
		FunctionUrl: new(u.address(ctx, endpoint)), FunctionArn: new(catalog.FunctionARN(u.Scope, u.Function, u.Qualifier)),
		AuthType: new(u.Auth), InvokeMode: new(u.Mode), Cors: u.Cors, CreationTime: u.time(u.Created), LastModifiedTime: u.time(u.Modified),
	}
}

// urlTarget finds the function that a request about its URL names. Versions
// have no URLs; $LATEST's is the function's own.
func (s *URLs) urlTarget(ctx context.Context, functionName string, qualifier *string) (catalog.Name, error) {
	n, f, err := s.Catalog.Function(ctx, functionName, qualifier)
	if err != nil {
		return n, err
	}
	if n.Qualifier == catalog.Latest || catalog.IsVersion(n.Qualifier) {
		return n, api.Breaks(n.Qualifier, "qualifier", "Member must satisfy regular expression pattern: (^\\$LATEST$)|((?!^\\d+$)^[0-9a-zA-Z-_]+$)")
	}
	_, err = s.Catalog.Version(n, f)
	return n, err
}

func noURL() error { return api.NotFound("The resource you requested does not exist.") }

// CreateFunctionUrlConfig implements [api.API].
func (s *URLs) CreateFunctionUrlConfig(ctx context.Context, in *api.CreateFunctionUrlConfigInput) (*api.CreateFunctionUrlConfigOutput, error) {
	s.Catalog.Mu.Lock()
	defer s.Catalog.Mu.Unlock()
	n, err := s.urlTarget(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if s.kept.Get(n.Key(n.Qualifier)) != nil {
		return nil, api.Conflict("FunctionUrlConfig exists for this Lambda function")
	}
	now := s.Clock.Now()
	u := &record{
		Scope: n.Scope, Function: n.Function, Qualifier: n.Qualifier, ID: newURLID(), Auth: *in.AuthType,
		Mode: api.InvokeModeBuffered, Cors: in.Cors, Created: now, Modified: now,
	}
	api.Put(&u.Mode, in.InvokeMode)
	if err := s.kept.Put(ctx, n.Key(n.Qualifier), u); err != nil {
		return nil, err
	}
	s.byID.Store(u.ID, n.Key(n.Qualifier))
	d := u.describe(ctx, s.Endpoint())
	return &api.CreateFunctionUrlConfigOutput{
		FunctionUrl: d.FunctionUrl, FunctionArn: d.FunctionArn, AuthType: d.AuthType, Cors: d.Cors, CreationTime: d.CreationTime, InvokeMode: d.InvokeMode,
	}, nil
}

// newURLID is 32 letters and digits, as AWS's.
func newURLID() string {
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	var b [32]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = letters[b[i]&31]
	}
	return string(b[:])
}

// UpdateFunctionUrlConfig implements [api.API].
func (s *URLs) UpdateFunctionUrlConfig(ctx context.Context, in *api.UpdateFunctionUrlConfigInput) (*api.UpdateFunctionUrlConfigOutput, error) {
	s.Catalog.Mu.Lock()
	defer s.Catalog.Mu.Unlock()
	n, err := s.urlTarget(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	old := s.kept.Get(n.Key(n.Qualifier))
	if old == nil {
		return nil, noURL()
	}
	u := *old
	api.Put(&u.Auth, in.AuthType)
	api.Put(&u.Mode, in.InvokeMode)
	if in.Cors != nil {
		u.Cors = in.Cors
	}
	u.Modified = s.Clock.Now()
	if err := s.kept.Put(ctx, n.Key(n.Qualifier), &u); err != nil {
		return nil, err
	}
	return new(api.UpdateFunctionUrlConfigOutput(u.output(ctx, s.Endpoint()))), nil
}

// output is a description in the order of the members of Get and Update.
func (u *record) output(ctx context.Context, endpoint string) api.GetFunctionUrlConfigOutput {
	d := u.describe(ctx, endpoint)
	return api.GetFunctionUrlConfigOutput{
		FunctionUrl: d.FunctionUrl, FunctionArn: d.FunctionArn, AuthType: d.AuthType, Cors: d.Cors,
		CreationTime: d.CreationTime, LastModifiedTime: d.LastModifiedTime, InvokeMode: d.InvokeMode,
	}
}

// GetFunctionUrlConfig implements [api.API].
func (s *URLs) GetFunctionUrlConfig(ctx context.Context, in *api.GetFunctionUrlConfigInput) (*api.GetFunctionUrlConfigOutput, error) {
	n, err := s.urlTarget(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	u := s.kept.Get(n.Key(n.Qualifier))
	if u == nil {
		return nil, noURL()
	}
	return new(u.output(ctx, s.Endpoint())), nil
}

// DeleteFunctionUrlConfig implements [api.API].
func (s *URLs) DeleteFunctionUrlConfig(ctx context.Context, in *api.DeleteFunctionUrlConfigInput) (*api.DeleteFunctionUrlConfigOutput, error) {
	s.Catalog.Mu.Lock()
	defer s.Catalog.Mu.Unlock()
	n, err := s.urlTarget(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	u := s.kept.Get(n.Key(n.Qualifier))
	if u == nil {
		return nil, noURL()
	}
	s.byID.Delete(u.ID)
	return nil, s.kept.Delete(ctx, n.Key(n.Qualifier))
}

// ListFunctionUrlConfigs implements [api.API].
func (s *URLs) ListFunctionUrlConfigs(ctx context.Context, in *api.ListFunctionUrlConfigsInput) (*api.ListFunctionUrlConfigsOutput, error) {
	_, f, err := s.Catalog.Function(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	rows, next, err := api.Page(s.kept.List(f.Key("")), func(u *record) string { return "|" + u.Qualifier }, in.MaxItems, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &api.ListFunctionUrlConfigsOutput{FunctionUrlConfigs: []api.FunctionUrlConfig{}, NextMarker: next}
	for _, u := range rows {
		out.FunctionUrlConfigs = append(out.FunctionUrlConfigs, u.describe(ctx, s.Endpoint()))
	}
	return out, nil
}

// allows tells whether pages of an origin may read answers.
func allows(c *api.Cors, origin string) bool {
	return slices.Contains(c.AllowOrigins, "*") || slices.Contains(c.AllowOrigins, origin)
}
