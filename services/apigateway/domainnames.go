package apigateway

import (
	"context"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/domains"
	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

func domainShown(d *domains.Domain) *DomainName {
	out := &DomainName{
		DomainName: &d.Name, DomainNameArn: new(d.ARN()), DomainNameStatus: new(DomainNameStatusAvailable), SecurityPolicy: &d.SecurityPolicy, Tags: d.Tags,
		RoutingMode: new(RoutingModeBasePathMappingOnly), EndpointConfiguration: Endpoint(EndpointConfiguration{Types: []string{EndpointTypeRegional}}),
		RegionalDomainName: new(d.Target()), RegionalHostedZoneId: new(domains.Zone), RegionalCertificateArn: &d.CertificateARN,
	}
	if d.Edge {
		out.EndpointConfiguration = Endpoint(EndpointConfiguration{Types: []string{EndpointTypeEdge}})
		out.DistributionDomainName, out.DistributionHostedZoneId, out.CertificateArn = new(d.Target()), new(domains.Zone), &d.CertificateARN
		out.RegionalDomainName, out.RegionalHostedZoneId, out.RegionalCertificateArn = nil, nil, nil
	}
	return out
}

// CreateDomainName implements [API].
func (s *Service) CreateDomainName(ctx context.Context, in *CreateDomainNameInput) (*CreateDomainNameOutput, error) {
	if in.RoutingMode != nil && *in.RoutingMode != RoutingModeBasePathMappingOnly {
		return nil, bad("Routing rules are not implemented by Signalbox.")
	}
	d := &domains.Domain{Name: *in.DomainName, Edge: in.CertificateArn != nil, SecurityPolicy: *orElse(in.SecurityPolicy, SecurityPolicyTls12), Tags: in.Tags}
	d.CertificateARN = wire.Value(in.CertificateArn) + wire.Value(in.RegionalCertificateArn)
	if e := in.EndpointConfiguration; e != nil && len(e.Types) > 0 {
		d.Edge = slices.Contains(e.Types, EndpointTypeEdge)
	}
	if err := s.names.Create(ctx, d); err != nil {
		return nil, err
	}
	return (*CreateDomainNameOutput)(domainShown(d)), nil
}

// GetDomainName implements [API].
func (s *Service) GetDomainName(ctx context.Context, in *GetDomainNameInput) (*GetDomainNameOutput, error) {
	d, err := s.names.Find(ctx, *in.DomainName)
	if err != nil {
		return nil, err
	}
	return (*GetDomainNameOutput)(domainShown(d)), nil
}

// GetDomainNames implements [API].
func (s *Service) GetDomainNames(ctx context.Context, in *GetDomainNamesInput) (*GetDomainNamesOutput, error) {
	var all []DomainName
	for _, d := range s.names.List(ctx) {
		all = append(all, *domainShown(d))
	}
	rows, next, err := page(all, func(d DomainName) string { return *d.DomainName }, in.Limit, in.Position)
	return &GetDomainNamesOutput{Items: rows, Position: next}, err
}

// UpdateDomainName implements [API]: certificates and the security policy.
func (s *Service) UpdateDomainName(ctx context.Context, in *UpdateDomainNameInput) (*UpdateDomainNameOutput, error) {
	d, err := s.names.Change(ctx, *in.DomainName, func(d *domains.Domain) error {
		shown := domainShown(d)
		if err := apply(shown, in.PatchOperations, "certificateArn", "regionalCertificateArn", "securityPolicy"); err != nil {
			return err
		}
		d.CertificateARN, d.SecurityPolicy = wire.Value(shown.RegionalCertificateArn), wire.Value(shown.SecurityPolicy)
		if d.Edge {
			d.CertificateARN = wire.Value(shown.CertificateArn)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return (*UpdateDomainNameOutput)(domainShown(d)), nil
}

// DeleteDomainName implements [API].
func (s *Service) DeleteDomainName(ctx context.Context, in *DeleteDomainNameInput) (*DeleteDomainNameOutput, error) {
	return nil, s.names.Delete(ctx, *in.DomainName)
}

// noBase is how paths and answers name the base path that is none.
const noBase = "(none)"

func based(path *string) func(domains.Mapping) bool {
	want := strings.Trim(wire.Value(path), "/")
	if want == noBase {
		want = ""
	}
	return func(m domains.Mapping) bool { return m.Path == want }
}

func mappingShown(m *domains.Mapping) *BasePathMapping {
	out := &BasePathMapping{BasePath: new(orDefault(m.Path, noBase)), RestApiId: &m.API}
	if m.Stage != "" {
		out.Stage = &m.Stage
	}
	return out
}

// checkMapping looks for the API, and for the stage where one is named.
func (s *Service) checkMapping(ctx context.Context, m *domains.Mapping) error {
	if m.Path = strings.Trim(m.Path, "/"); m.Path == noBase {
		m.Path = ""
	}
	if a := s.apis.Get(m.API); a != nil && m.Stage != "" {
		_, err := s.stage(ctx, &m.API, &m.Stage)
		return err
	}
	return nil
}

// CreateBasePathMapping implements [API].
func (s *Service) CreateBasePathMapping(ctx context.Context, in *CreateBasePathMappingInput) (*CreateBasePathMappingOutput, error) {
	if _, err := s.find(ctx, *in.RestApiId); err != nil {
		return nil, err
	}
	m := domains.Mapping{ID: kept.NewID(6), Path: wire.Value(in.BasePath), API: *in.RestApiId, Stage: wire.Value(in.Stage)}
	if err := s.checkMapping(ctx, &m); err != nil {
		return nil, err
	}
	_, err := s.names.Change(ctx, *in.DomainName, func(d *domains.Domain) error {
		d.Mappings = append(d.Mappings, m)
		return nil
	})
	return (*CreateBasePathMappingOutput)(mappingShown(&m)), err
}

// GetBasePathMapping implements [API].
func (s *Service) GetBasePathMapping(ctx context.Context, in *GetBasePathMappingInput) (*GetBasePathMappingOutput, error) {
	d, err := s.names.Find(ctx, *in.DomainName)
	if err != nil {
		return nil, err
	}
	m, err := d.Mapping(based(in.BasePath))
	if err != nil {
		return nil, err
	}
	return (*GetBasePathMappingOutput)(mappingShown(m)), nil
}

// GetBasePathMappings implements [API].
func (s *Service) GetBasePathMappings(ctx context.Context, in *GetBasePathMappingsInput) (*GetBasePathMappingsOutput, error) {
	d, err := s.names.Find(ctx, *in.DomainName)
	if err != nil {
		return nil, err
	}
	var all []BasePathMapping
	for i := range d.Mappings {
		all = append(all, *mappingShown(&d.Mappings[i]))
	}
	rows, next, err := page(all, func(m BasePathMapping) string { return *m.BasePath }, in.Limit, in.Position)
	return &GetBasePathMappingsOutput{Items: rows, Position: next}, err
}

// UpdateBasePathMapping implements [API].
func (s *Service) UpdateBasePathMapping(ctx context.Context, in *UpdateBasePathMappingInput) (*UpdateBasePathMappingOutput, error) {
	var shown *BasePathMapping
	_, err := s.names.Change(ctx, *in.DomainName, func(d *domains.Domain) error {
		m, err := d.Mapping(based(in.BasePath))
		if err != nil {
			return err
		}
		shown = mappingShown(m)
		for i, op := range in.PatchOperations { // AWS spells it /restapiId
			if strings.EqualFold(wire.Value(op.Path), "/restApiId") {
				in.PatchOperations[i].Path = new("/restApiId")
			}
		}
		if err := apply(shown, in.PatchOperations, "basePath", "restApiId", "stage"); err != nil {
			return err
		}
		m.Path, m.API, m.Stage = wire.Value(shown.BasePath), wire.Value(shown.RestApiId), wire.Value(shown.Stage)
		return s.checkMapping(ctx, m)
	})
	return (*UpdateBasePathMappingOutput)(shown), err
}

// DeleteBasePathMapping implements [API].
func (s *Service) DeleteBasePathMapping(ctx context.Context, in *DeleteBasePathMappingInput) (*DeleteBasePathMappingOutput, error) {
	_, err := s.names.Change(ctx, *in.DomainName, func(d *domains.Domain) error {
		if _, err := d.Mapping(based(in.BasePath)); err != nil {
			return err
		}
		d.Mappings = slices.DeleteFunc(d.Mappings, based(in.BasePath))
		return nil
	})
	return nil, err
}
