package lambda

import (
	"context"
	"crypto/rand"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/wire"
)

// url is a function URL as it is kept.
type url struct {
	wire.Scope
	Function  string
	Qualifier string // alias; empty: $LATEST
	ID        string // first label of its host name
	Auth      string
	Mode      string
	Cors      *Cors
	Created   time.Time
	Modified  time.Time
}

// URLPath is where function URLs are reached by path, for who cannot resolve
// their host names: URLPath, the id, and the function's path.
const URLPath = "/_aws/lambda-url/"

// urlIndex finds function URLs by their ids.
type urlIndex struct {
	byID sync.Map // id → key of the document
}

func (s *Service) indexURLs() {
	for _, u := range s.urls.List("") {
		s.index.byID.Store(u.ID, u.Scope.Key(u.Function, u.Qualifier))
	}
}

// urlOf finds a function URL by its id.
func (s *Service) urlOf(id string) *url {
	key, ok := s.index.byID.Load(id)
	if !ok {
		return nil
	}
	u := s.urls.Get(key.(string))
	if u == nil || u.ID != id {
		s.index.byID.Delete(id)
		return nil
	}
	return u
}

// address is the URL as a client that asked for it can reach it: by a host name
// where it called one that has others below it (below localhost alone, many
// programs resolve none), else by path.
func (u *url) address(ctx context.Context, endpoint string) string {
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
		return scheme + "://" + host + URLPath + u.ID + "/"
	}
	if port != "" {
		base += ":" + port
	}
	return scheme + "://" + u.ID + ".lambda-url." + u.Region + "." + base + "/"
}

func (u *url) time(t time.Time) *string { return new(t.UTC().Format("2006-01-02T15:04:05.000000Z")) }

func (u *url) describe(ctx context.Context, endpoint string) FunctionUrlConfig {
	return FunctionUrlConfig{
		FunctionUrl: new(u.address(ctx, endpoint)), FunctionArn: new(functionARN(u.Scope, u.Function, u.Qualifier)),
		AuthType: new(u.Auth), InvokeMode: new(u.Mode), Cors: u.Cors, CreationTime: u.time(u.Created), LastModifiedTime: u.time(u.Modified),
	}
}

// urlTarget finds the function that a request about its URL names. Versions
// have no URLs; $LATEST's is the function's own.
func (s *Service) urlTarget(ctx context.Context, functionName string, qualifier *string) (name, error) {
	n, f, err := s.function(ctx, functionName, qualifier)
	if err != nil {
		return n, err
	}
	if n.qualifier == latest || isVersion(n.qualifier) {
		return n, breaks(n.qualifier, "qualifier", "Member must satisfy regular expression pattern: (^\\$LATEST$)|((?!^\\d+$)^[0-9a-zA-Z-_]+$)")
	}
	_, err = s.version(n, f)
	return n, err
}

func noURL() error { return notFound("The resource you requested does not exist.") }

// CreateFunctionUrlConfig implements [API].
func (s *Service) CreateFunctionUrlConfig(ctx context.Context, in *CreateFunctionUrlConfigInput) (*CreateFunctionUrlConfigOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.urlTarget(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if s.urls.Get(n.key(n.qualifier)) != nil {
		return nil, conflict("FunctionUrlConfig exists for this Lambda function")
	}
	now := s.Clock.Now()
	u := &url{
		Scope: n.Scope, Function: n.function, Qualifier: n.qualifier, ID: newURLID(), Auth: *in.AuthType,
		Mode: InvokeModeBuffered, Cors: in.Cors, Created: now, Modified: now,
	}
	put(&u.Mode, in.InvokeMode)
	if err := s.urls.Put(ctx, n.key(n.qualifier), u); err != nil {
		return nil, err
	}
	s.index.byID.Store(u.ID, n.key(n.qualifier))
	d := u.describe(ctx, s.Endpoint())
	return &CreateFunctionUrlConfigOutput{
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

// UpdateFunctionUrlConfig implements [API].
func (s *Service) UpdateFunctionUrlConfig(ctx context.Context, in *UpdateFunctionUrlConfigInput) (*UpdateFunctionUrlConfigOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.urlTarget(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	old := s.urls.Get(n.key(n.qualifier))
	if old == nil {
		return nil, noURL()
	}
	u := *old
	put(&u.Auth, in.AuthType)
	put(&u.Mode, in.InvokeMode)
	if in.Cors != nil {
		u.Cors = in.Cors
	}
	u.Modified = s.Clock.Now()
	if err := s.urls.Put(ctx, n.key(n.qualifier), &u); err != nil {
		return nil, err
	}
	return new(UpdateFunctionUrlConfigOutput(u.output(ctx, s.Endpoint()))), nil
}

// output is a description in the order of the members of Get and Update.
func (u *url) output(ctx context.Context, endpoint string) GetFunctionUrlConfigOutput {
	d := u.describe(ctx, endpoint)
	return GetFunctionUrlConfigOutput{
		FunctionUrl: d.FunctionUrl, FunctionArn: d.FunctionArn, AuthType: d.AuthType, Cors: d.Cors,
		CreationTime: d.CreationTime, LastModifiedTime: d.LastModifiedTime, InvokeMode: d.InvokeMode,
	}
}

// GetFunctionUrlConfig implements [API].
func (s *Service) GetFunctionUrlConfig(ctx context.Context, in *GetFunctionUrlConfigInput) (*GetFunctionUrlConfigOutput, error) {
	n, err := s.urlTarget(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	u := s.urls.Get(n.key(n.qualifier))
	if u == nil {
		return nil, noURL()
	}
	return new(u.output(ctx, s.Endpoint())), nil
}

// DeleteFunctionUrlConfig implements [API].
func (s *Service) DeleteFunctionUrlConfig(ctx context.Context, in *DeleteFunctionUrlConfigInput) (*DeleteFunctionUrlConfigOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.urlTarget(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	u := s.urls.Get(n.key(n.qualifier))
	if u == nil {
		return nil, noURL()
	}
	s.index.byID.Delete(u.ID)
	return nil, s.urls.Delete(ctx, n.key(n.qualifier))
}

// ListFunctionUrlConfigs implements [API].
func (s *Service) ListFunctionUrlConfigs(ctx context.Context, in *ListFunctionUrlConfigsInput) (*ListFunctionUrlConfigsOutput, error) {
	_, f, err := s.function(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	rows, next, err := page(s.urls.List(f.key("")), func(u *url) string { return "|" + u.Qualifier }, in.MaxItems, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &ListFunctionUrlConfigsOutput{FunctionUrlConfigs: []FunctionUrlConfig{}, NextMarker: next}
	for _, u := range rows {
		out.FunctionUrlConfigs = append(out.FunctionUrlConfigs, u.describe(ctx, s.Endpoint()))
	}
	return out, nil
}

// allows tells whether pages of an origin may read answers.
func (c *Cors) allows(origin string) bool {
	return slices.Contains(c.AllowOrigins, "*") || slices.Contains(c.AllowOrigins, origin)
}
