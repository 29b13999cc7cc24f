package dynamodb

import (
	"context"
	"time"

	"github.com/signalbox/signalbox/wire"
)

// UpdateTimeToLive implements API.
func (s *Service) UpdateTimeToLive(ctx context.Context, in *UpdateTimeToLiveInput) (*UpdateTimeToLiveOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.Find(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	d := o.doc.Load().clone()
	spec := in.TimeToLiveSpecification
	switch name := *spec.AttributeName; {
	case *spec.Enabled && d.TTL == name:
		return nil, invalid("TimeToLive is already enabled")
	case *spec.Enabled && d.TTL != "":
		return nil, invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", d.TTL)
	case !*spec.Enabled && d.TTL == "":
		return nil, invalid("TimeToLive is already disabled")
	case !*spec.Enabled && d.TTL != name:
		return nil, invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", d.TTL)
	case *spec.Enabled:
		d.TTL = name
	default:
		d.TTL = ""
	}
	if err := s.change(ctx, o, d); err != nil {
		return nil, err
	}
	if d.TTL == "" {
		err = o.DropExpiry(ctx)
	} else {
		err = o.BuildExpiry(ctx)
	}
	if err != nil {
		return nil, err
	}
	return &UpdateTimeToLiveOutput{TimeToLiveSpecification: spec}, nil
}

// DescribeTimeToLive implements API.
func (s *Service) DescribeTimeToLive(ctx context.Context, in *DescribeTimeToLiveInput) (*DescribeTimeToLiveOutput, error) {
	o, err := s.Find(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	out := &TimeToLiveDescription{TimeToLiveStatus: new(TimeToLiveStatusDisabled)}
	if name := o.doc.Load().TTL; name != "" {
		out = &TimeToLiveDescription{TimeToLiveStatus: new(TimeToLiveStatusEnabled), AttributeName: &name}
	}
	return &DescribeTimeToLiveOutput{TimeToLiveDescription: out}, nil
}

func noTableNamed(name string) error {
	return wire.Errorf(CodeTableNotFoundException, "Table not found: %s", name)
}

// UpdateContinuousBackups implements API. The setting is kept; there are no backups.
func (s *Service) UpdateContinuousBackups(ctx context.Context, in *UpdateContinuousBackupsInput) (*UpdateContinuousBackupsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.Find(ctx, in.TableName)
	if err == ErrNoTable {
		return nil, noTableNamed(*in.TableName)
	}
	if err != nil {
		return nil, err
	}
	d := o.doc.Load().clone()
	spec := in.PointInTimeRecoverySpecification
	if !*spec.PointInTimeRecoveryEnabled {
		d.Recovery = nil
	} else {
		r := recovery{Since: s.clock.Now().UnixMilli(), Days: 35}
		if d.Recovery != nil {
			r = *d.Recovery
		}
		if spec.RecoveryPeriodInDays != nil {
			r.Days = *spec.RecoveryPeriodInDays
		}
		d.Recovery = &r
	}
	if err := s.change(ctx, o, d); err != nil {
		return nil, err
	}
	return &UpdateContinuousBackupsOutput{ContinuousBackupsDescription: s.backups(d)}, nil
}

// DescribeContinuousBackups implements API.
func (s *Service) DescribeContinuousBackups(ctx context.Context, in *DescribeContinuousBackupsInput) (*DescribeContinuousBackupsOutput, error) {
	o, err := s.Find(ctx, in.TableName)
	if err == ErrNoTable {
		return nil, noTableNamed(*in.TableName)
	}
	if err != nil {
		return nil, err
	}
	return &DescribeContinuousBackupsOutput{ContinuousBackupsDescription: s.backups(o.doc.Load())}, nil
}

func (s *Service) backups(d *document) *ContinuousBackupsDescription {
	r := &PointInTimeRecoveryDescription{PointInTimeRecoveryStatus: new(PointInTimeRecoveryStatusDisabled)}
	if d.Recovery != nil {
		now := s.clock.Now()
		from := now.AddDate(0, 0, -int(d.Recovery.Days))
		if since := time.UnixMilli(d.Recovery.Since); since.After(from) {
			from = since
		}
		r = &PointInTimeRecoveryDescription{
			PointInTimeRecoveryStatus: new(PointInTimeRecoveryStatusEnabled), RecoveryPeriodInDays: new(d.Recovery.Days),
			EarliestRestorableDateTime: new(wire.At(from)), LatestRestorableDateTime: new(wire.At(now)),
		}
	}
	return &ContinuousBackupsDescription{ContinuousBackupsStatus: new(ContinuousBackupsStatusEnabled), PointInTimeRecoveryDescription: r}
}

// ListBackups implements API: there are none, for none can be made.
func (s *Service) ListBackups(context.Context, *ListBackupsInput) (*ListBackupsOutput, error) {
	return &ListBackupsOutput{BackupSummaries: []BackupSummary{}}, nil
}

// ListExports implements API: there are none, for none can be made.
func (s *Service) ListExports(context.Context, *ListExportsInput) (*ListExportsOutput, error) {
	return &ListExportsOutput{ExportSummaries: []ExportSummary{}}, nil
}

// ListImports implements API: there are none, for none can be made.
func (s *Service) ListImports(context.Context, *ListImportsInput) (*ListImportsOutput, error) {
	return &ListImportsOutput{ImportSummaryList: []ImportSummary{}}, nil
}

// ListGlobalTables implements API: there are none, for none can be made.
func (s *Service) ListGlobalTables(context.Context, *ListGlobalTablesInput) (*ListGlobalTablesOutput, error) {
	return &ListGlobalTablesOutput{GlobalTables: []GlobalTable{}}, nil
}

// DescribeLimits implements API: AWS's defaults; nothing is limited.
func (s *Service) DescribeLimits(context.Context, *DescribeLimitsInput) (*DescribeLimitsOutput, error) {
	return &DescribeLimitsOutput{
		AccountMaxReadCapacityUnits: new(int64(80000)), AccountMaxWriteCapacityUnits: new(int64(80000)),
		TableMaxReadCapacityUnits: new(int64(40000)), TableMaxWriteCapacityUnits: new(int64(40000)),
	}, nil
}

// DescribeEndpoints implements API: the address that the caller has used.
func (s *Service) DescribeEndpoints(ctx context.Context, _ *DescribeEndpointsInput) (*DescribeEndpointsOutput, error) {
	return &DescribeEndpointsOutput{Endpoints: []Endpoint{{Address: new(wire.FromContext(ctx).Host), CachePeriodInMinutes: 1440}}}, nil
}

// DescribeKinesisStreamingDestination implements API: a table has none.
func (s *Service) DescribeKinesisStreamingDestination(ctx context.Context, in *DescribeKinesisStreamingDestinationInput) (*DescribeKinesisStreamingDestinationOutput, error) {
	o, err := s.Find(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	return &DescribeKinesisStreamingDestinationOutput{TableName: new(o.doc.Load().Name), KinesisDataStreamDestinations: []KinesisDataStreamDestination{}}, nil
}
