package logs

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

// deliveryDestination is where vended logs go, as it is kept: a log group.
type deliveryDestination struct {
	wire.Scope
	Name   string
	Group  string  // ARN, as it was given
	Format *string // json; nil: the source's own, which is json too
	Policy *string
	Tags   map[string]string
}

func (d *deliveryDestination) key() string { return d.Scope.Key(d.Name) }

func (d *deliveryDestination) arn() string {
	return d.Scope.ARN("logs", "delivery-destination:"+d.Name)
}

// PutDeliveryDestination implements [API], for log groups.
func (s *Service) PutDeliveryDestination(ctx context.Context, in *PutDeliveryDestinationInput) (*PutDeliveryDestinationOutput, error) {
	if err := checkDestination(wire.ScopeOf(ctx), in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &deliveryDestination{
		Scope: wire.ScopeOf(ctx), Name: *in.Name, Group: *in.DeliveryDestinationConfiguration.DestinationResourceArn, Format: in.OutputFormat, Tags: in.Tags,
	}
	if old := s.deliveryDestinations.Get(d.key()); old != nil {
		d.Policy = old.Policy
		if d.Tags == nil {
			d.Tags = old.Tags
		}
	}
	if err := s.deliveryDestinations.Put(ctx, d.key(), d); err != nil {
		return nil, err
	}
	return &PutDeliveryDestinationOutput{DeliveryDestination: new(d.row())}, nil
}

// checkDestination refuses what is no log group of the account and region, and
// formats that its records cannot have.
func checkDestination(sc wire.Scope, in *PutDeliveryDestinationInput) error {
	if in.OutputFormat != nil {
		switch *in.OutputFormat {
		case OutputFormatJson:
		case OutputFormatPlain, OutputFormatW3c, OutputFormatRaw, OutputFormatParquet:
			return unfit("The output format %s is not implemented by Signalbox: records are JSON.", *in.OutputFormat)
		default:
			return unfit("1 validation error detected: Value '%s' at 'outputFormat' failed to satisfy constraint: Member must satisfy enum value set: [w3c, raw, json, plain, parquet]", *in.OutputFormat)
		}
	}
	if in.DeliveryDestinationConfiguration == nil {
		return unfit("deliveryDestinationConfiguration must be given.")
	}
	text := *in.DeliveryDestinationConfiguration.DestinationResourceArn
	a, err := arn.Parse(text)
	if err != nil {
		return unfit("Invalid destinationResourceArn provided: %s.", text)
	}
	kind, _ := a.Split()
	if a.Service != "logs" || kind != "log-group" || wire.Value(either(in.DeliveryDestinationType, new(DeliveryDestinationTypeCwl))) != DeliveryDestinationTypeCwl {
		return unfit("A delivery destination %s is not implemented by Signalbox: log groups are.", text)
	}
	if wire.ScopeOfARN(a) != sc {
		return unfit("Invalid destinationResourceArn provided: %s lies in another account or region.", text)
	}
	return nil
}

func (d *deliveryDestination) row() DeliveryDestination {
	return DeliveryDestination{
		Name: new(d.Name), Arn: new(d.arn()), DeliveryDestinationType: new(DeliveryDestinationTypeCwl), OutputFormat: d.Format,
		DeliveryDestinationConfiguration: &DeliveryDestinationConfiguration{DestinationResourceArn: new(d.Group)}, Tags: told(d.Tags),
	}
}

func (s *Service) deliveryDestination(ctx context.Context, name string) (*deliveryDestination, error) {
	if d := s.deliveryDestinations.Get(wire.ScopeOf(ctx).Key(name)); d != nil {
		return d, nil
	}
	return nil, noDestination()
}

func noDestination() error {
	return wire.Errorf(CodeResourceNotFoundException, "Requested Delivery Destination does not exist in this account.")
}

// GetDeliveryDestination implements [API].
func (s *Service) GetDeliveryDestination(ctx context.Context, in *GetDeliveryDestinationInput) (*GetDeliveryDestinationOutput, error) {
	d, err := s.deliveryDestination(ctx, *in.Name)
	if err != nil {
		return nil, err
	}
	return &GetDeliveryDestinationOutput{DeliveryDestination: new(d.row())}, nil
}

// DescribeDeliveryDestinations implements [API].
func (s *Service) DescribeDeliveryDestinations(ctx context.Context, in *DescribeDeliveryDestinationsInput) (*DescribeDeliveryDestinationsOutput, error) {
	all := slices.DeleteFunc(s.deliveryDestinations.List(wire.ScopeOf(ctx).Key("")), func(d *deliveryDestination) bool {
		return in.Names != nil && !slices.Contains(in.Names, d.Name)
	})
	rows, next, err := vendedPage(all, func(d *deliveryDestination) string { return d.Name }, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &DescribeDeliveryDestinationsOutput{DeliveryDestinations: make([]DeliveryDestination, len(rows)), NextToken: next}
	for i, d := range rows {
		out.DeliveryDestinations[i] = d.row()
	}
	return out, nil
}

// DeleteDeliveryDestination implements [API]. One that has deliveries stays.
func (s *Service) DeleteDeliveryDestination(ctx context.Context, in *DeleteDeliveryDestinationInput) (*DeleteDeliveryDestinationOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.deliveryDestination(ctx, *in.Name)
	if err != nil {
		return nil, err
	}
	for _, l := range s.deliveries.List(d.Scope.Key("")) {
		if l.Destination == d.arn() {
			return nil, conflict("Delivery destination %s cannot be deleted: delivery %s is associated with it.", d.Name, l.ID)
		}
	}
	return &DeleteDeliveryDestinationOutput{}, s.deliveryDestinations.Delete(ctx, d.key())
}

// PutDeliveryDestinationPolicy implements [API]. The policy is kept and told; as
// deliveries do not cross accounts here, nobody needs its leave.
func (s *Service) PutDeliveryDestinationPolicy(ctx context.Context, in *PutDeliveryDestinationPolicyInput) (*PutDeliveryDestinationPolicyOutput, error) {
	if !json.Valid([]byte(*in.DeliveryDestinationPolicy)) {
		return nil, unfit("Invalid policy document provided: it is not JSON.")
	}
	if err := s.setPolicy(ctx, *in.DeliveryDestinationName, in.DeliveryDestinationPolicy); err != nil {
		return nil, err
	}
	return &PutDeliveryDestinationPolicyOutput{Policy: &Policy{DeliveryDestinationPolicy: in.DeliveryDestinationPolicy}}, nil
}

// GetDeliveryDestinationPolicy implements [API].
func (s *Service) GetDeliveryDestinationPolicy(ctx context.Context, in *GetDeliveryDestinationPolicyInput) (*GetDeliveryDestinationPolicyOutput, error) {
	d, err := s.deliveryDestination(ctx, *in.DeliveryDestinationName)
	if err != nil {
		return nil, err
	}
	return &GetDeliveryDestinationPolicyOutput{Policy: &Policy{DeliveryDestinationPolicy: d.Policy}}, nil
}

// DeleteDeliveryDestinationPolicy implements [API].
func (s *Service) DeleteDeliveryDestinationPolicy(ctx context.Context, in *DeleteDeliveryDestinationPolicyInput) (*DeleteDeliveryDestinationPolicyOutput, error) {
	return &DeleteDeliveryDestinationPolicyOutput{}, s.setPolicy(ctx, *in.DeliveryDestinationName, nil)
}

func (s *Service) setPolicy(ctx context.Context, name string, text *string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.deliveryDestination(ctx, name)
	if err != nil {
		return err
	}
	d := *old
	d.Policy = text
	return s.deliveryDestinations.Put(ctx, d.key(), &d)
}
