package apigateway

import (
	"context"
	"maps"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/apigateway/domains"
	"github.com/signalbox/signalbox/wire"
)

// retag changes the tags of what an ARN names: an API, a stage, a key, a
// plan, a certificate or a domain name
// (arn:aws:apigateway:REGION::/restapis/ID/stages/NAME). It returns them as they
// are then.
func (s *Service) retag(ctx context.Context, text string, change func(map[string]string)) (map[string]string, error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "apigateway" {
		return nil, bad("Invalid ARN specified: %s", text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	scope := wire.ScopeOf(ctx)
	p := strings.Split(strings.TrimPrefix(a.Resource, "/"), "/")
	switch {
	case len(p) == 2 && p[0] == "restapis":
		if _, err := s.find(ctx, p[1]); err != nil {
			return nil, err
		}
		return retagged(s.apis.Get(p[1]), func(d *api) *map[string]string { return &d.RestApi.Tags }, change, func(d *api) error { return s.apis.Put(ctx, p[1], d) })
	case len(p) == 4 && p[0] == "restapis" && p[2] == "stages":
		st, err := s.stage(ctx, &p[1], &p[3])
		if err != nil {
			return nil, err
		}
		return retagged(st, func(d *stage) *map[string]string { return &d.Stage.Tags }, change, func(d *stage) error { return s.stages.Put(ctx, key(&p[1], &p[3]), d) })
	case len(p) == 2 && p[0] == "apikeys":
		k, err := s.key(ctx, p[1])
		if err != nil {
			return nil, err
		}
		return retagged(k, func(d *apiKey) *map[string]string { return &d.Key.Tags }, change, func(d *apiKey) error { return s.keys.Put(ctx, scope.Key(p[1]), d) })
	case len(p) == 2 && p[0] == "clientcertificates":
		c, err := s.certificate(ctx, p[1])
		if err != nil {
			return nil, err
		}
		return retagged(c, func(d *certificate) *map[string]string { return &d.Certificate.Tags }, change, func(d *certificate) error { return s.certificates.Put(ctx, scope.Key(p[1]), d) })
	case len(p) == 2 && p[0] == "domainnames":
		var tags map[string]string
		read := func(d *domains.Domain) (err error) {
			tags, err = retagged(d, func(d *domains.Domain) *map[string]string { return &d.Tags }, change, func(new *domains.Domain) error { *d = *new; return nil })
			return err
		}
		if change != nil {
			_, err = s.names.Change(ctx, p[1], read)
			return tags, err
		}
		d, err := s.names.Find(ctx, p[1])
		if err != nil {
			return nil, err
		}
		err = read(d)
		return tags, err
	case len(p) == 2 && p[0] == "usageplans":
		plan, err := s.plan(ctx, p[1])
		if err != nil {
			return nil, err
		}
		return retagged(plan, func(d *usagePlan) *map[string]string { return &d.Plan.Tags }, change, func(d *usagePlan) error { return s.plans.Put(ctx, scope.Key(p[1]), d) })
	}
	return nil, notFound("Invalid resource ARN specified: %s", text)
}

// retagged puts a copy of a document with changed tags; without a change it
// only reads them.
func retagged[T any](doc *T, tags func(*T) *map[string]string, change func(map[string]string), put func(*T) error) (map[string]string, error) {
	d := *doc
	t := tags(&d)
	changed := maps.Clone(*t)
	if changed == nil {
		changed = map[string]string{}
	}
	if change == nil {
		return changed, nil
	}
	change(changed)
	if len(changed) > 50 {
		return nil, bad("A resource can have at most 50 tags")
	}
	*t = changed
	return changed, put(&d)
}

// TagResource implements [API].
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	_, err := s.retag(ctx, *in.ResourceArn, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
	return nil, err
}

// UntagResource implements [API].
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	_, err := s.retag(ctx, *in.ResourceArn, func(tags map[string]string) {
		for _, k := range in.TagKeys {
			delete(tags, k)
		}
	})
	return nil, err
}

// GetTags implements [API].
func (s *Service) GetTags(ctx context.Context, in *GetTagsInput) (*GetTagsOutput, error) {
	tags, err := s.retag(ctx, *in.ResourceArn, nil)
	return &GetTagsOutput{Tags: tags}, err
}
