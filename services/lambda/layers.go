package lambda

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/services/lambda/permission"
	"github.com/signalbox/signalbox/wire"
)

// layer is one version of a layer as it is kept.
type layer struct {
	wire.Scope
	Name          string
	Version       int64
	Code          catalog.Code
	Description   string
	License       string
	Runtimes      []string
	Architectures []string
	Created       time.Time
	Deleted       bool // its number is not used again
	Shared        permission.Policy
}

func (l *layer) key() string { return l.Scope.Key(l.Name, fmt.Sprintf("%010d", l.Version)) }

func (l *layer) layerARN() string { return l.Scope.ARN("lambda", "layer:"+l.Name) }

func (l *layer) arn() string { return l.layerARN() + ":" + strconv.FormatInt(l.Version, 10) }

func (l *layer) created() *string { return new(l.Created.UTC().Format("2006-01-02T15:04:05.000-0700")) }

var layerForm = regexp.MustCompile(`^(?:arn:aws[a-zA-Z-]*:lambda:([a-z0-9-]+):(\d{12}):layer:)?([a-zA-Z0-9_-]+)(?::(\d+))?$`)

// locateLayer reads a layer's name, its ARN, or that of one of its versions.
func locateLayer(ctx context.Context, text string) (sc wire.Scope, name string, version int64, err error) {
	m := layerForm.FindStringSubmatch(text)
	if m == nil {
		return sc, "", 0, api.Invalid("%s is not the name or the ARN of a layer.", text)
	}
	sc = wire.ScopeOf(ctx)
	if m[1] != "" {
		sc = wire.Scope{Account: m[2], Region: m[1]}
	}
	version, _ = strconv.ParseInt(m[4], 10, 64)
	return sc, m[3], version, nil
}

// layerVersion finds one version of a layer.
func (s *Service) layerVersion(sc wire.Scope, name string, version int64) (*layer, error) {
	l := s.layers.Get((&layer{Scope: sc, Name: name, Version: version}).key())
	if l == nil || l.Deleted {
		return nil, api.NotFound("The resource you requested does not exist.")
	}
	return l, nil
}

// useLayers looks up the layers of a configuration, in their order.
func (s *Service) useLayers(ctx context.Context, arns []string) ([]catalog.LayerUse, error) {
	if len(arns) > maxLayers {
		return nil, api.Invalid("Cannot reference more than %d layers.", maxLayers)
	}
	var uses []catalog.LayerUse
	seen := map[string]bool{}
	for _, a := range arns {
		sc, name, version, err := locateLayer(ctx, a)
		if err != nil || version == 0 {
			return nil, api.Invalid("Invalid layer arn: %s", a)
		}
		l, err := s.layerVersion(sc, name, version)
		if err != nil {
			return nil, api.Invalid("Layer version %s does not exist.", a)
		}
		if seen[l.layerARN()] {
			return nil, api.Invalid("Two different versions of the same layer are not allowed to be referenced in the same function. %s", l.layerARN())
		}
		seen[l.layerARN()] = true
		uses = append(uses, catalog.LayerUse{ARN: l.arn(), Code: l.Code})
	}
	return uses, nil
}

// PublishLayerVersion implements [api.API].
func (s *Service) PublishLayerVersion(ctx context.Context, in *api.PublishLayerVersionInput) (*api.PublishLayerVersionOutput, error) {
	sc, name, _, err := locateLayer(ctx, *in.LayerName)
	if err != nil {
		return nil, err
	}
	if wire.Value(in.Content.S3ObjectStorageMode) == api.S3ObjectStorageModeReference {
		return nil, api.Invalid("S3ObjectStorageMode REFERENCE is not implemented by Signalbox.")
	}
	s.storing.RLock()
	defer s.storing.RUnlock()
	stored, err := s.store(ctx, source{in.Content.ZipFile, in.Content.S3Bucket, in.Content.S3Key, in.Content.S3ObjectVersion}, "PublishLayerVersion")
	if err != nil {
		return nil, err
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	l := &layer{
		Scope: sc, Name: name, Version: 1, Code: stored, Description: wire.Value(in.Description), License: wire.Value(in.LicenseInfo),
		Runtimes: in.CompatibleRuntimes, Architectures: in.CompatibleArchitectures, Created: s.Clock.Now(),
	}
	if all := s.layers.List(sc.Key(name, "")); len(all) > 0 {
		l.Version = all[len(all)-1].Version + 1
	}
	if err := s.layers.Put(ctx, l.key(), l); err != nil {
		return nil, err
	}
	return new(api.PublishLayerVersionOutput(s.describeLayer(ctx, l))), nil
}

func (s *Service) describeLayer(ctx context.Context, l *layer) api.GetLayerVersionOutput {
	out := api.GetLayerVersionOutput{
		LayerArn: new(l.layerARN()), LayerVersionArn: new(l.arn()), Version: l.Version, Description: new(l.Description),
		CreatedDate: l.created(), CompatibleRuntimes: l.Runtimes, CompatibleArchitectures: l.Architectures,
		Content: &api.LayerVersionContentOutput{Location: new(s.codeURL(ctx, l.Code)), CodeSha256: new(l.Code.SHA256), CodeSize: l.Code.Size},
	}
	if l.License != "" {
		out.LicenseInfo = new(l.License)
	}
	return out
}

// GetLayerVersion implements [api.API].
func (s *Service) GetLayerVersion(ctx context.Context, in *api.GetLayerVersionInput) (*api.GetLayerVersionOutput, error) {
	sc, name, _, err := locateLayer(ctx, *in.LayerName)
	if err != nil {
		return nil, err
	}
	l, err := s.layerVersion(sc, name, *in.VersionNumber)
	if err != nil {
		return nil, err
	}
	return new(s.describeLayer(ctx, l)), nil
}

// GetLayerVersionByArn implements [api.API].
func (s *Service) GetLayerVersionByArn(ctx context.Context, in *api.GetLayerVersionByArnInput) (*api.GetLayerVersionByArnOutput, error) {
	sc, name, version, err := locateLayer(ctx, *in.Arn)
	if err != nil {
		return nil, err
	}
	l, err := s.layerVersion(sc, name, version)
	if err != nil {
		return nil, err
	}
	return new(api.GetLayerVersionByArnOutput(s.describeLayer(ctx, l))), nil
}

func (l *layer) item() api.LayerVersionsListItem {
	item := api.LayerVersionsListItem{
		LayerVersionArn: new(l.arn()), Version: l.Version, Description: new(l.Description), CreatedDate: l.created(),
		CompatibleRuntimes: l.Runtimes, CompatibleArchitectures: l.Architectures,
	}
	if l.License != "" {
		item.LicenseInfo = new(l.License)
	}
	return item
}

// fits tells whether a layer is for the runtime and architecture asked for. One
// that names none is for all.
func (l *layer) fits(runtime, architecture *string) bool {
	return !l.Deleted && (runtime == nil || len(l.Runtimes) == 0 || slices.Contains(l.Runtimes, *runtime)) &&
		(architecture == nil || len(l.Architectures) == 0 || slices.Contains(l.Architectures, *architecture))
}

// ListLayers implements [api.API].
func (s *Service) ListLayers(ctx context.Context, in *api.ListLayersInput) (*api.ListLayersOutput, error) {
	var newest []*layer
	for _, l := range s.layers.List(wire.ScopeOf(ctx).Key("")) {
		if !l.fits(in.CompatibleRuntime, in.CompatibleArchitecture) {
			continue
		}
		if n := len(newest); n > 0 && newest[n-1].Name == l.Name {
			newest[n-1] = l
		} else {
			newest = append(newest, l)
		}
	}
	rows, next, err := api.Page(newest, func(l *layer) string { return l.Name }, in.MaxItems, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &api.ListLayersOutput{Layers: []api.LayersListItem{}, NextMarker: next}
	for _, l := range rows {
		out.Layers = append(out.Layers, api.LayersListItem{LayerName: new(l.Name), LayerArn: new(l.layerARN()), LatestMatchingVersion: new(l.item())})
	}
	return out, nil
}

// ListLayerVersions implements [api.API]: the newest first.
func (s *Service) ListLayerVersions(ctx context.Context, in *api.ListLayerVersionsInput) (*api.ListLayerVersionsOutput, error) {
	sc, name, _, err := locateLayer(ctx, *in.LayerName)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(s.layers.List(sc.Key(name, "")), func(l *layer) bool {
		return !l.fits(in.CompatibleRuntime, in.CompatibleArchitecture)
	})
	slices.Reverse(all)
	rows, next, err := api.Page(all, func(l *layer) string { return fmt.Sprintf("%010d", 1<<32-l.Version) }, in.MaxItems, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &api.ListLayerVersionsOutput{LayerVersions: []api.LayerVersionsListItem{}, NextMarker: next}
	for _, l := range rows {
		out.LayerVersions = append(out.LayerVersions, l.item())
	}
	return out, nil
}

// DeleteLayerVersion implements [api.API]. Functions that use it go on.
func (s *Service) DeleteLayerVersion(ctx context.Context, in *api.DeleteLayerVersionInput) (*api.DeleteLayerVersionOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	sc, name, _, err := locateLayer(ctx, *in.LayerName)
	if err != nil {
		return nil, err
	}
	l, err := s.layerVersion(sc, name, *in.VersionNumber)
	if err != nil {
		return nil, nil // as AWS has it: what is not there is deleted
	}
	digest := l.Code.Digest
	gone := *l
	gone.Deleted, gone.Code = true, catalog.Code{}
	if err := s.layers.Put(ctx, l.key(), &gone); err != nil {
		return nil, err
	}
	s.forgetCode(ctx, digest)
	return nil, nil
}
