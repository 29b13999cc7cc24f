package apigatewayv2

import (
	"context"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/domains"
	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

func domainShown(d *domains.Domain) *DomainName {
	c := DomainNameConfiguration{
		ApiGatewayDomainName: new(d.Target()), DomainNameStatus: new(DomainNameStatusAvailable), EndpointType: new(EndpointTypeRegional),
		HostedZoneId: new(domains.Zone), IpAddressType: new(IpAddressTypeIpv4), SecurityPolicy: &d.SecurityPolicy,
	}
	if d.Edge {
		c.EndpointType = new(EndpointTypeEdge)
	}
	if d.CertificateARN != "" {
		c.CertificateArn = &d.CertificateARN
	}
	if d.CertificateName != "" {
		c.CertificateName = &d.CertificateName
	}
	return &DomainName{
		DomainName: &d.Name, DomainNameArn: new(d.ARN()), DomainNameConfigurations: []DomainNameConfiguration{c}, Tags: d.Tags,
		ApiMappingSelectionExpression: new("$request.basepath"), RoutingMode: new(RoutingModeApiMappingOnly),
	}
}

// configure takes over a domain's configuration; there may be one.
func configure(d *domains.Domain, all []DomainNameConfiguration, routing *string) error {
	if routing != nil && *routing != RoutingModeApiMappingOnly {
		return bad("Routing rules are not implemented by Signalbox.")
	}
	if len(all) > 1 {
		return bad("Only one domain name configuration is implemented by Signalbox.")
	}
	for _, c := range all {
		if c.CertificateArn != nil {
			d.CertificateARN = *c.CertificateArn
		}
		if c.CertificateName != nil {
			d.CertificateName = *c.CertificateName
		}
		if c.SecurityPolicy != nil {
			d.SecurityPolicy = *c.SecurityPolicy
		}
		d.Edge = wire.Value(c.EndpointType) == EndpointTypeEdge
	}
	return nil
}

// CreateDomainName implements [API].
func (s *Service) CreateDomainName(ctx context.Context, in *CreateDomainNameInput) (*CreateDomainNameOutput, error) {
	d := &domains.Domain{Name: *in.DomainName, SecurityPolicy: SecurityPolicyTls12, Tags: in.Tags}
	if err := configure(d, in.DomainNameConfigurations, in.RoutingMode); err != nil {
		return nil, err
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
	all := map[string]*DomainName{}
	for name, d := range s.names.List(ctx) {
		all[name] = domainShown(d)
	}
	rows, next, err := page(all, in.MaxResults, in.NextToken)
	return &GetDomainNamesOutput{Items: rows, NextToken: next}, err
}

// UpdateDomainName implements [API].
func (s *Service) UpdateDomainName(ctx context.Context, in *UpdateDomainNameInput) (*UpdateDomainNameOutput, error) {
	d, err := s.names.Change(ctx, *in.DomainName, func(d *domains.Domain) error {
		return configure(d, in.DomainNameConfigurations, in.RoutingMode)
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

func mappingShown(m *domains.Mapping) *ApiMapping {
	return &ApiMapping{ApiId: &m.API, ApiMappingId: &m.ID, ApiMappingKey: &m.Path, Stage: &m.Stage}
}

// checkMapping looks for the stage of an HTTP API; that of a REST API is looked
// for when a request comes.
func (s *Service) checkMapping(ctx context.Context, m *domains.Mapping) error {
	m.Path = strings.Trim(m.Path, "/")
	if a, err := s.find(ctx, &m.API); err == nil && a.Stages[m.Stage] == nil {
		return bad("Invalid stage identifier specified")
	}
	return nil
}

// CreateApiMapping implements [API].
func (s *Service) CreateApiMapping(ctx context.Context, in *CreateApiMappingInput) (*CreateApiMappingOutput, error) {
	m := domains.Mapping{ID: kept.NewID(6), Path: wire.Value(in.ApiMappingKey), API: *in.ApiId, Stage: *in.Stage}
	if err := s.checkMapping(ctx, &m); err != nil {
		return nil, err
	}
	_, err := s.names.Change(ctx, *in.DomainName, func(d *domains.Domain) error {
		d.Mappings = append(d.Mappings, m)
		return nil
	})
	return (*CreateApiMappingOutput)(mappingShown(&m)), err
}

func (s *Service) mapping(ctx context.Context, domain, id *string) (*domains.Mapping, error) {
	d, err := s.names.Find(ctx, *domain)
	if err != nil {
		return nil, err
	}
	return d.Mapping(func(m domains.Mapping) bool { return m.ID == *id })
}

// GetApiMapping implements [API].
func (s *Service) GetApiMapping(ctx context.Context, in *GetApiMappingInput) (*GetApiMappingOutput, error) {
	m, err := s.mapping(ctx, in.DomainName, in.ApiMappingId)
	if err != nil {
		return nil, err
	}
	return (*GetApiMappingOutput)(mappingShown(m)), nil
}

// GetApiMappings implements [API].
func (s *Service) GetApiMappings(ctx context.Context, in *GetApiMappingsInput) (*GetApiMappingsOutput, error) {
	d, err := s.names.Find(ctx, *in.DomainName)
	if err != nil {
		return nil, err
	}
	all := map[string]*ApiMapping{}
	for i := range d.Mappings {
		all[d.Mappings[i].ID] = mappingShown(&d.Mappings[i])
	}
	rows, next, err := page(all, in.MaxResults, in.NextToken)
	return &GetApiMappingsOutput{Items: rows, NextToken: next}, err
}

// UpdateApiMapping implements [API].
func (s *Service) UpdateApiMapping(ctx context.Context, in *UpdateApiMappingInput) (*UpdateApiMappingOutput, error) {
	var out *ApiMapping
	_, err := s.names.Change(ctx, *in.DomainName, func(d *domains.Domain) error {
		m, err := d.Mapping(func(m domains.Mapping) bool { return m.ID == *in.ApiMappingId })
		if err != nil {
			return err
		}
		m.API = *in.ApiId
		if in.ApiMappingKey != nil {
			m.Path = *in.ApiMappingKey
		}
		if in.Stage != nil {
			m.Stage = *in.Stage
		}
		out = mappingShown(m)
		return s.checkMapping(ctx, m)
	})
	return (*UpdateApiMappingOutput)(out), err
}

// DeleteApiMapping implements [API].
func (s *Service) DeleteApiMapping(ctx context.Context, in *DeleteApiMappingInput) (*DeleteApiMappingOutput, error) {
	_, err := s.names.Change(ctx, *in.DomainName, func(d *domains.Domain) error {
		m, err := d.Mapping(func(m domains.Mapping) bool { return m.ID == *in.ApiMappingId })
		if err == nil {
			id := m.ID
			d.Mappings = slices.DeleteFunc(d.Mappings, func(m domains.Mapping) bool { return m.ID == id })
		}
		return err
	})
	return nil, err
}
