package logs

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

// logDelivery carries the logs of a source to a destination, as it is kept.
type logDelivery struct {
	wire.Scope
	ID          string
	Source      string   // name
	Destination string   // ARN
	Fields      []string // of a record that are delivered; nil: all
	Tags        map[string]string
}

func (d *logDelivery) key() string { return d.Scope.Key(d.ID) }

func (d *logDelivery) arn() string { return d.Scope.ARN("logs", "delivery:"+d.ID) }

// recordFields are those of the records of event buses (EventBridge user guide,
// page eb-event-logs-schema).
var recordFields = []string{
	"resource_arn", "request_id", "event_id", "invocation_id", "message_timestamp_ms", "message_type", "log_level", "details", "error",
}

// CreateDelivery implements [API].
func (s *Service) CreateDelivery(ctx context.Context, in *CreateDeliveryInput) (*CreateDeliveryOutput, error) {
	if err := checkFields(in.RecordFields); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	source, err := s.deliverySource(ctx, *in.DeliverySourceName)
	if err != nil {
		return nil, err
	}
	to, err := arn.Parse(*in.DeliveryDestinationArn)
	if err != nil {
		return nil, unfit("Invalid deliveryDestinationArn provided: %s.", *in.DeliveryDestinationArn)
	}
	if wire.ScopeOfARN(to) != source.Scope {
		return nil, unfit("A delivery to another account or region (%s) is not implemented by Signalbox.", *in.DeliveryDestinationArn)
	}
	if kind, name := to.Split(); kind != "delivery-destination" || s.deliveryDestinations.Get(source.Scope.Key(name)) == nil {
		return nil, noDestination()
	}
	d := &logDelivery{
		Scope: source.Scope, ID: strings.ReplaceAll(uuid.NewString(), "-", "")[:16], Source: source.Name, Destination: *in.DeliveryDestinationArn,
		Fields: in.RecordFields, Tags: in.Tags,
	}
	for _, other := range s.deliveries.List(d.Scope.Key("")) {
		if other.Source == d.Source && other.Destination == d.Destination {
			return nil, conflict("Delivery %s has the delivery source and the delivery destination already.", other.ID)
		}
	}
	if err := s.deliveries.Put(ctx, d.key(), d); err != nil {
		return nil, err
	}
	return &CreateDeliveryOutput{Delivery: new(d.row())}, nil
}

func checkFields(fields []string) error {
	for _, f := range fields {
		if !slices.Contains(recordFields, f) {
			return unfit("Record field %s is not one of the log type's: %v.", f, recordFields)
		}
	}
	return nil
}

func (d *logDelivery) row() Delivery {
	fields := d.Fields
	if len(fields) == 0 {
		fields = recordFields
	}
	return Delivery{
		Id: new(d.ID), Arn: new(d.arn()), DeliverySourceName: new(d.Source), DeliveryDestinationArn: new(d.Destination),
		DeliveryDestinationType: new(DeliveryDestinationTypeCwl), RecordFields: fields, Tags: told(d.Tags),
	}
}

func (s *Service) delivery(ctx context.Context, id string) (*logDelivery, error) {
	if d := s.deliveries.Get(wire.ScopeOf(ctx).Key(id)); d != nil {
		return d, nil
	}
	return nil, wire.Errorf(CodeResourceNotFoundException, "Requested Delivery does not exist in this account.")
}

// GetDelivery implements [API].
func (s *Service) GetDelivery(ctx context.Context, in *GetDeliveryInput) (*GetDeliveryOutput, error) {
	d, err := s.delivery(ctx, *in.Id)
	if err != nil {
		return nil, err
	}
	return &GetDeliveryOutput{Delivery: new(d.row())}, nil
}

// DescribeDeliveries implements [API].
func (s *Service) DescribeDeliveries(ctx context.Context, in *DescribeDeliveriesInput) (*DescribeDeliveriesOutput, error) {
	all := slices.DeleteFunc(s.deliveries.List(wire.ScopeOf(ctx).Key("")), func(d *logDelivery) bool {
		return in.DeliverySourceNames != nil && !slices.Contains(in.DeliverySourceNames, d.Source)
	})
	rows, next, err := vendedPage(all, func(d *logDelivery) string { return d.ID }, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &DescribeDeliveriesOutput{Deliveries: make([]Delivery, len(rows)), NextToken: next}
	for i, d := range rows {
		out.Deliveries[i] = d.row()
	}
	return out, nil
}

// UpdateDeliveryConfiguration implements [API], for the records' fields.
func (s *Service) UpdateDeliveryConfiguration(ctx context.Context, in *UpdateDeliveryConfigurationInput) (*UpdateDeliveryConfigurationOutput, error) {
	if err := checkFields(in.RecordFields); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.delivery(ctx, *in.Id)
	if err != nil || in.RecordFields == nil {
		return &UpdateDeliveryConfigurationOutput{}, err
	}
	d := *old
	d.Fields = in.RecordFields
	return &UpdateDeliveryConfigurationOutput{}, s.deliveries.Put(ctx, d.key(), &d)
}

// DeleteDelivery implements [API].
func (s *Service) DeleteDelivery(ctx context.Context, in *DeleteDeliveryInput) (*DeleteDeliveryOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.delivery(ctx, *in.Id)
	if err != nil {
		return nil, err
	}
	return &DeleteDeliveryOutput{}, s.deliveries.Delete(ctx, d.key())
}
