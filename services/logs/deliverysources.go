package logs

import (
	"context"
	"slices"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

// deliverySource is what a resource of another service logs, of one type, as it
// is kept.
type deliverySource struct {
	wire.Scope
	Name     string
	Resource string // ARN
	LogType  string
	Tags     map[string]string
}

func (d *deliverySource) key() string { return d.Scope.Key(d.Name) }

func (d *deliverySource) arn() string { return d.Scope.ARN("logs", "delivery-source:"+d.Name) }

// vendedTypes are the types of the logs that resources have, by the service and
// the kind of their ARNs (user guide, page AWS-logs-and-resource-policy).
var vendedTypes = map[string][]string{
	"events:event-bus": {"ERROR_LOGS", "INFO_LOGS", "TRACE_LOGS"},
}

// PutDeliverySource implements [API].
func (s *Service) PutDeliverySource(ctx context.Context, in *PutDeliverySourceInput) (*PutDeliverySourceOutput, error) {
	a, err := arn.Parse(*in.ResourceArn)
	if err != nil {
		return nil, unfit("Invalid resourceArn provided: %s.", *in.ResourceArn)
	}
	kind, _ := a.Split()
	types := vendedTypes[a.Service+":"+kind]
	if types == nil {
		return nil, wire.Errorf(CodeResourceNotFoundException, "Cannot access provided service.")
	}
	if !slices.Contains(types, *in.LogType) {
		return nil, unfit("Log type %s is not supported for this resource; supported are %v.", *in.LogType, types)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &deliverySource{Scope: wire.ScopeOf(ctx), Name: *in.Name, Resource: *in.ResourceArn, LogType: *in.LogType, Tags: in.Tags}
	if old := s.deliverySources.Get(d.key()); old != nil && d.Tags == nil {
		d.Tags = old.Tags
	}
	for _, other := range s.deliverySources.List(d.Scope.Key("")) {
		if other.Name != d.Name && other.Resource == d.Resource && other.LogType == d.LogType {
			return nil, conflict("Delivery source %s has the resource and the log type already.", other.Name)
		}
	}
	if err := s.deliverySources.Put(ctx, d.key(), d); err != nil {
		return nil, err
	}
	return &PutDeliverySourceOutput{DeliverySource: new(d.row())}, nil
}

func (d *deliverySource) row() DeliverySource {
	a, _ := arn.Parse(d.Resource)
	return DeliverySource{
		Name: new(d.Name), Arn: new(d.arn()), ResourceArns: []string{d.Resource}, Service: new(a.Service), LogType: new(d.LogType), Tags: told(d.Tags),
	}
}

func (s *Service) deliverySource(ctx context.Context, name string) (*deliverySource, error) {
	if d := s.deliverySources.Get(wire.ScopeOf(ctx).Key(name)); d != nil {
		return d, nil
	}
	return nil, wire.Errorf(CodeResourceNotFoundException, "Requested Delivery Source does not exist in this account.")
}

// GetDeliverySource implements [API].
func (s *Service) GetDeliverySource(ctx context.Context, in *GetDeliverySourceInput) (*GetDeliverySourceOutput, error) {
	d, err := s.deliverySource(ctx, *in.Name)
	if err != nil {
		return nil, err
	}
	return &GetDeliverySourceOutput{DeliverySource: new(d.row())}, nil
}

// DescribeDeliverySources implements [API].
func (s *Service) DescribeDeliverySources(ctx context.Context, in *DescribeDeliverySourcesInput) (*DescribeDeliverySourcesOutput, error) {
	all := slices.DeleteFunc(s.deliverySources.List(wire.ScopeOf(ctx).Key("")), func(d *deliverySource) bool {
		return in.ResourceArns != nil && !slices.Contains(in.ResourceArns, d.Resource)
	})
	rows, next, err := vendedPage(all, func(d *deliverySource) string { return d.Name }, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &DescribeDeliverySourcesOutput{DeliverySources: make([]DeliverySource, len(rows)), NextToken: next}
	for i, d := range rows {
		out.DeliverySources[i] = d.row()
	}
	return out, nil
}

// DeleteDeliverySource implements [API]. One that has deliveries stays.
func (s *Service) DeleteDeliverySource(ctx context.Context, in *DeleteDeliverySourceInput) (*DeleteDeliverySourceOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.deliverySource(ctx, *in.Name)
	if err != nil {
		return nil, err
	}
	for _, l := range s.deliveries.List(d.Scope.Key("")) {
		if l.Source == d.Name {
			return nil, conflict("Delivery source %s cannot be deleted: delivery %s is associated with it.", d.Name, l.ID)
		}
	}
	return &DeleteDeliverySourceOutput{}, s.deliverySources.Delete(ctx, d.key())
}
