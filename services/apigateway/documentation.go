package apigateway

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

// checkPart completes and checks a part of an API's documentation: where it is,
// and that its properties are a JSON object.
func (d *Definition) checkPart(p *DocumentationPart) error {
	var properties map[string]json.RawMessage
	if json.Unmarshal([]byte(wire.Value(p.Properties)), &properties) != nil || properties == nil {
		return bad("Invalid Documentation part: properties must be a valid JSON object")
	}
	l := p.Location
	switch kind := *l.Type; kind {
	case DocumentationPartTypeApi, DocumentationPartTypeAuthorizer, DocumentationPartTypeModel:
	default:
		l.Path = orElse(l.Path, "/")
		if kind == DocumentationPartTypeResource {
			break
		}
		if l.Method = orElse(l.Method, "*"); strings.HasPrefix(kind, "RESPONSE") {
			l.StatusCode = orElse(l.StatusCode, "*")
		}
	}
	for _, other := range d.Parts {
		if *other.Id != *p.Id && same(other.Location, l) {
			return conflict("Documentation part already exists for the specified location: %s", locationText(l))
		}
	}
	return nil
}

func locationText(l *DocumentationPartLocation) string {
	all := []string{"type '" + *l.Type + "'"}
	for _, of := range []struct {
		name string
		text *string
	}{{"path", l.Path}, {"method", l.Method}, {"statusCode", l.StatusCode}, {"name", l.Name}} {
		if of.text != nil {
			all = append(all, of.name+" '"+*of.text+"'")
		}
	}
	return strings.Join(all, ", ")
}

func same(a, b *DocumentationPartLocation) bool { return locationText(a) == locationText(b) }

func (d *Definition) part(id string) (*DocumentationPart, error) {
	if p := d.Parts[id]; p != nil {
		return p, nil
	}
	return nil, notFound("Invalid Documentation part identifier specified")
}

// CreateDocumentationPart implements [API].
func (s *Service) CreateDocumentationPart(ctx context.Context, in *CreateDocumentationPartInput) (*CreateDocumentationPartOutput, error) {
	p := &DocumentationPart{Id: new(kept.NewID(6)), Location: in.Location, Properties: in.Properties}
	return (*CreateDocumentationPartOutput)(p), s.change(ctx, *in.RestApiId, func(a *api) error {
		a.complete()
		a.Parts[*p.Id] = p
		return a.checkPart(p)
	})
}

// GetDocumentationPart implements [API].
func (s *Service) GetDocumentationPart(ctx context.Context, in *GetDocumentationPartInput) (*GetDocumentationPartOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	p, err := a.part(*in.DocumentationPartId)
	return (*GetDocumentationPartOutput)(p), err
}

// GetDocumentationParts implements [API].
func (s *Service) GetDocumentationParts(ctx context.Context, in *GetDocumentationPartsInput) (*GetDocumentationPartsOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	if wire.Value(in.LocationStatus) == LocationStatusTypeUndocumented {
		return nil, bad("Listing what is not documented is not implemented by Signalbox.")
	}
	all := slices.DeleteFunc(kept.Values(a.Parts), func(p DocumentationPart) bool {
		l := p.Location
		return in.Type != nil && *in.Type != *l.Type || in.NameQuery != nil && !strings.Contains(wire.Value(l.Name), *in.NameQuery) ||
			in.Path != nil && *in.Path != wire.Value(l.Path)
	})
	rows, next, err := page(all, func(p DocumentationPart) string { return *p.Id }, in.Limit, in.Position)
	return &GetDocumentationPartsOutput{Items: rows, Position: next}, err
}

// UpdateDocumentationPart implements [API].
func (s *Service) UpdateDocumentationPart(ctx context.Context, in *UpdateDocumentationPartInput) (*UpdateDocumentationPartOutput, error) {
	var out UpdateDocumentationPartOutput
	return &out, s.change(ctx, *in.RestApiId, func(a *api) error {
		p, err := a.part(*in.DocumentationPartId)
		if err != nil {
			return err
		}
		if err := apply(p, in.PatchOperations, "properties"); err != nil {
			return err
		}
		out = UpdateDocumentationPartOutput(*p)
		return a.checkPart(p)
	})
}

// DeleteDocumentationPart implements [API].
func (s *Service) DeleteDocumentationPart(ctx context.Context, in *DeleteDocumentationPartInput) (*DeleteDocumentationPartOutput, error) {
	return nil, s.change(ctx, *in.RestApiId, func(a *api) error {
		_, err := a.part(*in.DocumentationPartId)
		delete(a.Parts, *in.DocumentationPartId)
		return err
	})
}

func (a *api) version(name string) (*DocumentationVersion, error) {
	if v := a.Versions[name]; v != nil {
		return v, nil
	}
	return nil, notFound("Invalid Documentation version specified")
}

// CreateDocumentationVersion implements [API].
func (s *Service) CreateDocumentationVersion(ctx context.Context, in *CreateDocumentationVersionInput) (*CreateDocumentationVersionOutput, error) {
	v := &DocumentationVersion{Version: in.DocumentationVersion, Description: in.Description, CreatedDate: new(wire.At(s.clock.Now()))}
	var st stage
	if in.StageName != nil {
		old, err := s.stage(ctx, in.RestApiId, in.StageName)
		if err != nil {
			return nil, err
		}
		st = *old
	}
	err := s.change(ctx, *in.RestApiId, func(a *api) error {
		if a.Versions[*v.Version] != nil {
			return conflict("Documentation version already exists for this REST API")
		}
		if a.Versions == nil {
			a.Versions = map[string]*DocumentationVersion{}
		}
		a.Versions[*v.Version] = v
		return nil
	})
	if err == nil && in.StageName != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		st.Stage.DocumentationVersion = v.Version
		err = s.stages.Put(ctx, key(in.RestApiId, in.StageName), &st)
	}
	return (*CreateDocumentationVersionOutput)(v), err
}

// GetDocumentationVersion implements [API].
func (s *Service) GetDocumentationVersion(ctx context.Context, in *GetDocumentationVersionInput) (*GetDocumentationVersionOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	v, err := a.version(*in.DocumentationVersion)
	return (*GetDocumentationVersionOutput)(v), err
}

// GetDocumentationVersions implements [API].
func (s *Service) GetDocumentationVersions(ctx context.Context, in *GetDocumentationVersionsInput) (*GetDocumentationVersionsOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	rows, next, err := page(kept.Values(a.Versions), func(v DocumentationVersion) string { return *v.Version }, in.Limit, in.Position)
	return &GetDocumentationVersionsOutput{Items: rows, Position: next}, err
}

// UpdateDocumentationVersion implements [API].
func (s *Service) UpdateDocumentationVersion(ctx context.Context, in *UpdateDocumentationVersionInput) (*UpdateDocumentationVersionOutput, error) {
	var out UpdateDocumentationVersionOutput
	return &out, s.change(ctx, *in.RestApiId, func(a *api) error {
		v, err := a.version(*in.DocumentationVersion)
		if err != nil {
			return err
		}
		err = apply(v, in.PatchOperations, "description")
		out = UpdateDocumentationVersionOutput(*v)
		return err
	})
}

// DeleteDocumentationVersion implements [API].
func (s *Service) DeleteDocumentationVersion(ctx context.Context, in *DeleteDocumentationVersionInput) (*DeleteDocumentationVersionOutput, error) {
	return nil, s.change(ctx, *in.RestApiId, func(a *api) error {
		_, err := a.version(*in.DocumentationVersion)
		delete(a.Versions, *in.DocumentationVersion)
		return err
	})
}
