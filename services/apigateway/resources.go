package apigateway

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

var pathPart = regexp.MustCompile(`^([A-Za-z0-9._\-:$~!&'()*+,;=@%]+|\{[A-Za-z0-9._\-:]+\+?\})$`)

// resource finds one of an API's resources.
func (d *Definition) resource(id string) (*Resource, error) {
	if r := d.Resources[id]; r != nil {
		return r, nil
	}
	return nil, notFound("Invalid Resource identifier specified")
}

// AddResource makes a resource below another one.
func (d *Definition) AddResource(parent *Resource, part string) (*Resource, error) {
	if !pathPart.MatchString(part) {
		return nil, bad("Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.")
	}
	if strings.HasSuffix(*parent.Path, "+}") {
		return nil, bad("Cannot create a child of a resource with a greedy path variable: %s", wire.Value(parent.PathPart))
	}
	for _, r := range d.Resources {
		if wire.Value(r.ParentId) != *parent.Id {
			continue
		}
		if *r.PathPart == part {
			return nil, conflict("Another resource with the same parent already has this name: %s", part)
		}
		if variable(part) && variable(*r.PathPart) && strings.HasSuffix(part, "+}") == strings.HasSuffix(*r.PathPart, "+}") {
			return nil, bad("A sibling (%s) of this resource already has a variable path part -- only one is allowed", *r.PathPart)
		}
	}
	if len(d.Resources) >= 2000 {
		return nil, wire.Errorf(CodeLimitExceededException, "Maximum number of resources for this API has been reached.")
	}
	r := &Resource{Id: new(kept.NewID(6)), ParentId: parent.Id, PathPart: &part, Path: new(strings.TrimSuffix(*parent.Path, "/") + "/" + part)}
	d.Resources[*r.Id] = r
	return r, nil
}

func variable(part string) bool { return strings.HasPrefix(part, "{") }

// CreateResource implements [API].
func (s *Service) CreateResource(ctx context.Context, in *CreateResourceInput) (*CreateResourceOutput, error) {
	var out CreateResourceOutput
	err := s.change(ctx, *in.RestApiId, func(a *api) error {
		parent, err := a.resource(*in.ParentId)
		if err != nil {
			return err
		}
		r, err := a.AddResource(parent, *in.PathPart)
		if err == nil {
			out = CreateResourceOutput(*r)
		}
		return err
	})
	return &out, err
}

// shown is a resource as it is answered: its methods' names alone, unless they
// are asked for.
func shown(r *Resource, embed []string) Resource {
	out := *r
	if len(r.ResourceMethods) > 0 && !slices.Contains(embed, "methods") {
		out.ResourceMethods = map[string]Method{}
		for name := range r.ResourceMethods {
			out.ResourceMethods[name] = Method{}
		}
	}
	return out
}

// GetResource implements [API].
func (s *Service) GetResource(ctx context.Context, in *GetResourceInput) (*GetResourceOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	r, err := a.resource(*in.ResourceId)
	if err != nil {
		return nil, err
	}
	return new(GetResourceOutput(shown(r, in.Embed))), nil
}

// GetResources implements [API].
func (s *Service) GetResources(ctx context.Context, in *GetResourcesInput) (*GetResourcesOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	all := make([]Resource, 0, len(a.Resources))
	for _, r := range a.Resources {
		all = append(all, shown(r, in.Embed))
	}
	rows, next, err := page(all, func(r Resource) string { return *r.Id }, in.Limit, in.Position)
	return &GetResourcesOutput{Items: rows, Position: next}, err
}

// below are a resource's descendants and itself.
func (d *Definition) below(id string) (ids []string) {
	ids = []string{id}
	for i := 0; i < len(ids); i++ {
		for child, r := range d.Resources {
			if wire.Value(r.ParentId) == ids[i] {
				ids = append(ids, child)
			}
		}
	}
	return ids
}

// DeleteResource implements [API]: with all that is below it.
func (s *Service) DeleteResource(ctx context.Context, in *DeleteResourceInput) (*DeleteResourceOutput, error) {
	return nil, s.change(ctx, *in.RestApiId, func(a *api) error {
		if _, err := a.resource(*in.ResourceId); err != nil {
			return err
		}
		if *in.ResourceId == *a.RestApi.RootResourceId {
			return bad("Root resource cannot be deleted")
		}
		for _, id := range a.below(*in.ResourceId) {
			delete(a.Resources, id)
		}
		return nil
	})
}

// UpdateResource implements [API]: it moves and renames.
func (s *Service) UpdateResource(ctx context.Context, in *UpdateResourceInput) (*UpdateResourceOutput, error) {
	var out UpdateResourceOutput
	err := s.change(ctx, *in.RestApiId, func(a *api) error {
		old, err := a.resource(*in.ResourceId)
		if err != nil {
			return err
		}
		if *in.ResourceId == *a.RestApi.RootResourceId {
			return bad("Root resource cannot be updated")
		}
		r := *old
		if err := replacing(in.PatchOperations); err != nil {
			return err
		}
		if err := apply(&r, in.PatchOperations, "parentId", "pathPart"); err != nil {
			return err
		}
		parent, err := a.resource(wire.Value(r.ParentId))
		if err != nil {
			return err
		}
		if slices.Contains(a.below(*r.Id), *parent.Id) {
			return bad("Resources cannot be cyclical.")
		}
		delete(a.Resources, *r.Id)
		moved, err := a.AddResource(parent, wire.Value(r.PathPart))
		if err != nil {
			return err
		}
		delete(a.Resources, *moved.Id)
		moved.Id, moved.ResourceMethods = r.Id, r.ResourceMethods
		a.Resources[*r.Id] = moved
		for _, id := range a.below(*r.Id)[1:] {
			child := a.Resources[id]
			child.Path = new(strings.TrimSuffix(*a.Resources[*child.ParentId].Path, "/") + "/" + *child.PathPart)
		}
		out = UpdateResourceOutput(*moved)
		return nil
	})
	return &out, err
}
