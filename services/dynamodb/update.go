package dynamodb

import (
	"context"
	"fmt"
	"slices"

	"github.com/signalbox/signalbox/services/dynamodb/table"
	"github.com/signalbox/signalbox/wire"
)

// UpdateTable implements API.
func (s *Service) UpdateTable(ctx context.Context, in *UpdateTableInput) (*UpdateTableOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.Find(ctx, in.TableName)
	if err == ErrNoTable {
		return nil, notFound(*in.TableName)
	}
	if err != nil {
		return nil, err
	}
	if o.status() != TableStatusActive {
		return nil, wire.Errorf(CodeResourceInUseException, "Attempt to change a resource which is still in use: Table is being updated: %s", o.doc.Load().Name)
	}
	d := o.doc.Load().clone()
	asked, err := s.settings(d, in)
	if err != nil {
		return nil, err
	}
	created, deleted, err := d.updateIndexes(in)
	if err != nil {
		return nil, err
	}
	if !asked && len(in.GlobalSecondaryIndexUpdates) == 0 {
		return nil, invalid("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required")
	}
	if created != nil {
		if created.ID, err = s.tables.Number(ctx); err != nil {
			return nil, fmt.Errorf("creating index %s: %w", created.Name, err)
		}
	}
	before := o.describe(TableStatusUpdating)
	if err := s.change(ctx, o, d); err != nil {
		return nil, err
	}
	out := o.describe(TableStatusUpdating)
	if out.SSEDescription == nil && before.SSEDescription != nil {
		out.SSEDescription = before.SSEDescription
		out.SSEDescription.Status = new(SSEStatusUpdating)
	}
	if created != nil {
		for i := range out.GlobalSecondaryIndexes {
			if g := &out.GlobalSecondaryIndexes[i]; *g.IndexName == created.Name {
				g.Backfilling = nil
			}
		}
		key, name := d.Key(d.Name), created.Name
		s.wg.Go(func() { s.build(key, name) })
	}
	if deleted != nil {
		for _, g := range before.GlobalSecondaryIndexes {
			if *g.IndexName == deleted.Name {
				g.IndexStatus = new(IndexStatusDeleting)
				out.GlobalSecondaryIndexes = append(out.GlobalSecondaryIndexes, g)
			}
		}
		if err := o.DropIndex(context.WithoutCancel(ctx), deleted.ID); err != nil {
			return nil, fmt.Errorf("deleting index %s: %w", deleted.Name, err)
		}
	}
	return &UpdateTableOutput{TableDescription: out}, nil
}

// settings changes what is only kept, and the stream. asked says whether the
// request asks for anything of that.
func (s *Service) settings(d *document, in *UpdateTableInput) (asked bool, err error) {
	now := s.clock.Now().UnixMilli()
	if in.BillingMode != nil || in.ProvisionedThroughput != nil {
		asked = true
		if err := d.rebill(in, now); err != nil {
			return asked, err
		}
	}
	if in.OnDemandThroughput != nil {
		asked = true
		if d.OnDemand = in.OnDemandThroughput; wire.Value(d.OnDemand.MaxReadRequestUnits) == -1 && wire.Value(d.OnDemand.MaxWriteRequestUnits) == -1 {
			d.OnDemand = nil
		}
	}
	if in.WarmThroughput != nil {
		asked, d.Warm = true, in.WarmThroughput
	}
	if in.SSESpecification != nil {
		asked, d.SSE = true, in.SSESpecification
	}
	if in.TableClass != nil {
		asked, d.Class, d.ClassChanged = true, *in.TableClass, now
	}
	if in.DeletionProtectionEnabled != nil {
		asked, d.DeletionProtection = true, *in.DeletionProtectionEnabled
	}
	if in.DisassociationProtectionEnabled != nil {
		return true, invalid("DisassociationProtectionEnabled is not implemented by Signalbox: global tables")
	}
	if in.StreamSpecification != nil {
		asked = true
		view, err := checkStream(in.StreamSpecification)
		if err != nil {
			return asked, err
		}
		switch {
		case view == "" && d.Stream == nil:
			return asked, invalid("Table has no stream to disable: TableName: %s", d.Name)
		case view != "" && d.Stream != nil:
			return asked, wire.Errorf(wire.CodeValidation, "Table already has an enabled stream: TableName: %s", d.Name)
		case view == "":
			d.Past = append(d.Past, pastStream{Stream: *d.Stream, Disabled: now})
			d.Stream = nil
		default:
			d.Stream = s.newStream(d, view)
		}
	}
	return asked, nil
}

// rebill changes billing mode and throughput.
func (d *document) rebill(in *UpdateTableInput, now int64) error {
	mode := d.Billing
	if in.BillingMode != nil {
		mode = *in.BillingMode
	}
	p := in.ProvisionedThroughput
	switch {
	case mode == BillingModePayPerRequest && p != nil:
		return invalid(badParameter + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	case mode == BillingModePayPerRequest:
		if !d.onDemand() {
			d.Billing, d.BillingChanged = mode, now
		}
		return nil
	case p == nil && d.onDemand():
		return invalid(badParameter + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
	case p == nil:
		return nil
	}
	was := d.Provisioned
	if !d.onDemand() && was.Read == *p.ReadCapacityUnits && was.Write == *p.WriteCapacityUnits && len(in.GlobalSecondaryIndexUpdates) == 0 {
		return invalid("The provisioned throughput for the table will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the table: %d. Requested ReadCapacityUnits: %d. Current WriteCapacityUnits provisioned for the table: %d. Requested WriteCapacityUnits: %d. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
			was.Read, *p.ReadCapacityUnits, was.Write, *p.WriteCapacityUnits)
	}
	if d.onDemand() {
		if err := d.provisionIndexes(in); err != nil {
			return err
		}
	}
	d.Billing = mode
	d.Provisioned = was.to(p, now)
	return nil
}

// provisionIndexes sees to it that all indexes have throughput once the table
// is no longer on demand.
func (d *document) provisionIndexes(in *UpdateTableInput) error {
	for name := range d.Indexes {
		given := slices.ContainsFunc(in.GlobalSecondaryIndexUpdates, func(u GlobalSecondaryIndexUpdate) bool {
			return u.Update != nil && *u.Update.IndexName == name && u.Update.ProvisionedThroughput != nil
		})
		if !given {
			return invalid(badParameter+"ProvisionedThroughput must be specified for index: %s", name)
		}
	}
	return nil
}

func (t throughput) to(p *ProvisionedThroughput, now int64) throughput {
	if *p.ReadCapacityUnits > t.Read || *p.WriteCapacityUnits > t.Write {
		t.Increased = now
	}
	if *p.ReadCapacityUnits < t.Read || *p.WriteCapacityUnits < t.Write {
		t.Decreased = now
	}
	t.Read, t.Write = *p.ReadCapacityUnits, *p.WriteCapacityUnits
	return t
}

// updateIndexes changes global indexes. One may be created or deleted at a time.
func (d *document) updateIndexes(in *UpdateTableInput) (created, deleted *table.Index, err error) {
	seen := map[string]bool{}
	for _, u := range in.GlobalSecondaryIndexUpdates {
		var name string
		set := 0
		if u.Create != nil {
			name, set = *u.Create.IndexName, set+1
		}
		if u.Update != nil {
			name, set = *u.Update.IndexName, set+1
		}
		if u.Delete != nil {
			name, set = *u.Delete.IndexName, set+1
		}
		if set != 1 {
			return nil, nil, invalid(badParameter + "One of GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Delete must not be null")
		}
		if seen[name] {
			return nil, nil, invalid(badParameter+"Only one global secondary index update per index is allowed simultaneously. Index: %s", name)
		}
		seen[name] = true
		if u.Update == nil && (created != nil || deleted != nil) {
			return nil, nil, wire.Errorf(CodeLimitExceededException, "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
		}
		switch {
		case u.Create != nil:
			created, err = d.createIndex(u.Create, in.AttributeDefinitions)
		case u.Delete != nil:
			deleted, err = d.deleteIndex(name)
		default:
			err = d.updateIndex(u.Update)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return created, deleted, nil
}

func (d *document) createIndex(c *CreateGlobalSecondaryIndexAction, attributes []AttributeDefinition) (*table.Index, error) {
	for _, a := range attributes {
		if k, ok := d.Kinds[*a.AttributeName]; ok {
			if k != *a.AttributeType {
				return nil, invalid(badParameter+"invalid attribute, SchemaElement redefined should be of same type as previously defined: %s", *a.AttributeName)
			}
			continue
		}
		d.Kinds[*a.AttributeName] = *a.AttributeType
		d.Attributes = append(slices.Clip(d.Attributes), a)
	}
	if d.Find(*c.IndexName) != nil {
		return nil, invalid("Attempting to create an index which already exists")
	}
	if len(d.Indexes) >= 20 {
		return nil, wire.Errorf(CodeLimitExceededException, "GlobalSecondaryIndex count exceeds the per-table limit of 20")
	}
	err := d.globalIndex(&GlobalSecondaryIndex{
		IndexName: c.IndexName, KeySchema: c.KeySchema, Projection: c.Projection,
		ProvisionedThroughput: c.ProvisionedThroughput, OnDemandThroughput: c.OnDemandThroughput, WarmThroughput: c.WarmThroughput,
	})
	if err != nil {
		return nil, err
	}
	d.forgetAttributes()
	ix := &d.Index[len(d.Index)-1]
	ix.Building = true
	return ix, nil
}

// forgetAttributes drops definitions that no key needs.
func (d *document) forgetAttributes() {
	used := d.keyAttributes()
	var left []AttributeDefinition
	for _, a := range d.Attributes {
		if used[*a.AttributeName] {
			left = append(left, a)
		} else {
			delete(d.Kinds, *a.AttributeName)
		}
	}
	d.Attributes = left
}

func (d *document) deleteIndex(name string) (*table.Index, error) {
	i := slices.IndexFunc(d.Index, func(ix table.Index) bool { return ix.Name == name })
	if i < 0 {
		return nil, wire.Errorf(CodeResourceNotFoundException, "Requested resource not found")
	}
	ix := d.Index[i]
	if ix.Local {
		return nil, invalid("Cannot delete an index that is not a GlobalSecondaryIndex")
	}
	d.Index = slices.Delete(d.Index, i, i+1)
	delete(d.Indexes, name)
	d.forgetAttributes()
	return &ix, nil
}

func (d *document) updateIndex(u *UpdateGlobalSecondaryIndexAction) error {
	settings, ok := d.Indexes[*u.IndexName]
	if !ok {
		return wire.Errorf(CodeResourceNotFoundException, "Requested resource not found")
	}
	if p := u.ProvisionedThroughput; p != nil {
		if d.onDemand() {
			return invalid(badParameter + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
		}
		settings.Provisioned = settings.Provisioned.to(p, d.Created)
	}
	if u.OnDemandThroughput != nil {
		settings.OnDemand = u.OnDemandThroughput
	}
	if u.WarmThroughput != nil {
		settings.Warm = u.WarmThroughput
	}
	d.Indexes[*u.IndexName] = settings
	return nil
}

// build fills a new index, and then lets it be read.
func (s *Service) build(key, name string) {
	v, ok := s.open.Load(key)
	if !ok {
		return
	}
	o := v.(*OpenTable)
	ix := o.doc.Load().Find(name)
	if ix == nil {
		return
	}
	if err := o.Build(s.life, ix.ID); err != nil {
		s.report(fmt.Errorf("building index %s of table %s: %w", name, key, err))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := o.doc.Load().clone()
	if ix := d.Find(name); ix != nil {
		ix.Building = false
		if err := s.change(s.life, o, d); err != nil {
			s.report(fmt.Errorf("finishing index %s of table %s: %w", name, key, err))
		}
	}
}
