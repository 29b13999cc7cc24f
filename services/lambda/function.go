package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/wire"
)

// function is a function as it is kept, with what is under $LATEST.
type function struct {
	wire.Scope
	Name     string
	ID       string // tells functions apart that had the same name one after another
	Tags     map[string]string
	Reserved *int32 // concurrency
	Next     int    // number of the next version
	Latest   version
}

func (f *function) key(more ...string) string { return f.name("").key(more...) }

func (f *function) name(qualifier string) name {
	return name{Scope: f.Scope, function: f.Name, qualifier: qualifier}
}

// version is a configuration and code that can be run: $LATEST, or one that was
// published and changes no more.
type version struct {
	wire.Scope
	Function      string
	Version       string // "$LATEST", "1"
	Runtime       string
	Role          string
	Handler       string
	Description   string
	Timeout       int32 // seconds
	Memory        int32 // MB
	Code          code
	Environment   []byte // sealed; nil: none
	Layers        []layerUse
	DeadLetter    string // ARN; empty: none
	KMSKey        string
	Tracing       string
	Architectures []string
	Storage       int32 // MB of /tmp
	SnapStart     string
	Logging       LoggingConfig
	Modified      time.Time
	Revision      string
}

// code is a deployment package in the engine's blobs, or a folder of this
// machine that is run as it is.
type code struct {
	Digest engine.Digest
	Folder string // absolute path; empty: Digest says what it is
	Size   int64  // zipped, bytes
	SHA256 string // base64
	Total  int64  // unzipped, bytes
}

// layerUse is a layer as a version uses it: it stays also when the layer is deleted.
type layerUse struct {
	ARN  string
	Code code
}

func (v *version) name() name {
	return name{Scope: v.Scope, function: v.Function, qualifier: v.Version}
}

// touch gives a configuration that was changed its marks.
func (v *version) touch(now time.Time) {
	v.Modified, v.Revision = now, uuid.NewString()
}

func (v *version) environmentContext() []byte {
	return []byte("environment of " + functionARN(v.Scope, v.Function, ""))
}

// sealVariables keeps the environment variables.
func (s *Service) sealVariables(v *version, variables map[string]string) error {
	v.Environment = nil
	if len(variables) == 0 {
		return nil
	}
	text, err := json.Marshal(variables)
	if err != nil {
		return fmt.Errorf("sealing environment variables: %w", err)
	}
	v.Environment = s.Box.Seal(text, v.environmentContext())
	return nil
}

// variables are the environment variables.
func (s *Service) variables(v *version) (map[string]string, error) {
	if v.Environment == nil {
		return nil, nil
	}
	text, err := s.Box.Open(v.Environment, v.environmentContext())
	if err != nil {
		return nil, fmt.Errorf("opening the environment variables of %s: %w", v.Function, err)
	}
	variables := map[string]string{}
	if err := json.Unmarshal(text, &variables); err != nil {
		return nil, fmt.Errorf("opening the environment variables of %s: %w", v.Function, err)
	}
	return variables, nil
}

// function finds the function that a request names.
func (s *Service) function(ctx context.Context, text string, qualifier *string) (name, *function, error) {
	n, err := locate(ctx, text, qualifier)
	if err != nil {
		return n, nil, err
	}
	f := s.functions.Get(n.key())
	if f == nil {
		return n, nil, notFound("Function not found: %s", n.arn())
	}
	return n, f, nil
}

// version finds the version that a qualifier names: the number, $LATEST, or an
// alias's (its main one).
func (s *Service) version(n name, f *function) (*version, error) {
	q := n.qualifier
	if a := s.aliases.Get(n.key(q)); a != nil && q != "" {
		q = a.Version
	}
	if q == "" || q == latest {
		return &f.Latest, nil
	}
	if v := s.versions.Get(n.key(q)); v != nil {
		return v, nil
	}
	return nil, notFound("Function not found: %s", n.arn())
}

// published lists a function's versions by number, $LATEST left out.
func (s *Service) published(f *function) []*version {
	list := s.versions.List(f.key(""))
	slices.SortFunc(list, func(a, b *version) int { return number(a.Version) - number(b.Version) })
	return list
}

func number(v string) int {
	n, _ := strconv.Atoi(v) // $LATEST is 0
	return n
}

// changeFunction puts the changed copy of a function.
func (s *Service) changeFunction(ctx context.Context, f *function, change func(*function) error) (*function, error) {
	changed := *f
	changed.Tags = maps.Clone(f.Tags)
	if err := change(&changed); err != nil {
		return nil, err
	}
	return &changed, s.functions.Put(ctx, f.key(), &changed)
}

// forgetOrphans deletes what is left of functions whose deletion a crash cut
// short.
func (s *Service) forgetOrphans(ctx context.Context) error {
	owner := func(sc wire.Scope, name string) bool { return s.functions.Get(sc.Key(name)) != nil }
	for _, v := range s.versions.List("") {
		if !owner(v.Scope, v.Function) {
			if err := s.versions.Delete(ctx, v.name().key(v.Version)); err != nil {
				return err
			}
		}
	}
	for _, a := range s.aliases.List("") {
		if !owner(a.Scope, a.Function) {
			if err := s.aliases.Delete(ctx, a.Scope.Key(a.Function, a.Name)); err != nil {
				return err
			}
		}
	}
	for _, p := range s.policies.List("") {
		if !owner(p.Scope, p.Function) {
			if err := s.policies.Delete(ctx, p.Scope.Key(p.Function, p.Qualifier)); err != nil {
				return err
			}
		}
	}
	for _, c := range s.configs.List("") {
		if !owner(c.Scope, c.Function) {
			if err := s.configs.Delete(ctx, c.Scope.Key(c.Function, c.Qualifier)); err != nil {
				return err
			}
		}
	}
	for _, u := range s.urls.List("") {
		if !owner(u.Scope, u.Function) {
			if err := s.urls.Delete(ctx, u.Scope.Key(u.Function, u.Qualifier)); err != nil {
				return err
			}
		}
	}
	return nil
}
