package dynamodb

import (
	"context"
	"time"

	"github.com/signalbox/signalbox/services/dynamodb/table"
	"github.com/signalbox/signalbox/wire"
)

func millis(ms int64) *wire.Time {
	if ms == 0 {
		return nil
	}
	return new(wire.At(time.UnixMilli(ms)))
}

// describe tells of a table. status is what its answer calls the table's state:
// what a change begins is told by the change's own answer, and done by the next.
func (o *OpenTable) describe(status string) *TableDescription {
	d := o.doc.Load()
	items, bytes := o.Counts()
	t := &TableDescription{
		AttributeDefinitions: d.Attributes, TableName: new(d.Name), KeySchema: keySchema(d.Schema), TableStatus: new(status),
		CreationDateTime: millis(d.Created), ProvisionedThroughput: d.Provisioned.describe(d.onDemand()),
		TableSizeBytes: bytes, ItemCount: items, TableArn: new(d.arn()), TableId: new(d.UUID),
		DeletionProtectionEnabled: d.DeletionProtection, OnDemandThroughput: d.OnDemand,
		WarmThroughput: warm(d.Warm, d.onDemand(), d.Provisioned),
	}
	if d.onDemand() {
		t.BillingModeSummary = &BillingModeSummary{BillingMode: new(d.Billing), LastUpdateToPayPerRequestDateTime: millis(d.BillingChanged)}
	} else if d.BillingChanged != 0 {
		t.BillingModeSummary = &BillingModeSummary{BillingMode: new(d.Billing), LastUpdateToPayPerRequestDateTime: millis(d.BillingChanged)}
	}
	for i := range d.Index {
		o.describeIndex(t, d, &d.Index[i])
	}
	if st := d.Stream; st != nil {
		t.StreamSpecification = &StreamSpecification{StreamEnabled: new(true), StreamViewType: new(st.View)}
		t.LatestStreamLabel, t.LatestStreamArn = new(st.Label), new(d.streamARN(st.Label))
	} else if n := len(d.Past); n > 0 {
		t.LatestStreamLabel, t.LatestStreamArn = new(d.Past[n-1].Label), new(d.streamARN(d.Past[n-1].Label))
	}
	if d.SSE != nil && wire.Value(d.SSE.Enabled) {
		key := wire.Value(d.SSE.KMSMasterKeyId)
		if key == "" {
			key = "alias/aws/dynamodb"
		}
		if len(key) < 4 || key[:4] != "arn:" {
			key = d.ARN("kms", key)
		}
		t.SSEDescription = &SSEDescription{Status: new(SSEStatusEnabled), SSEType: new(SSETypeKms), KMSMasterKeyArn: &key}
	}
	if d.Class != "" {
		t.TableClassSummary = &TableClassSummary{TableClass: new(d.Class), LastUpdateDateTime: millis(d.ClassChanged)}
	}
	return t
}

func (o *OpenTable) describeIndex(t *TableDescription, d *document, ix *table.Index) {
	items, bytes := o.IndexCounts(ix)
	p := &Projection{ProjectionType: new(ix.Projection), NonKeyAttributes: ix.Include}
	if ix.Local {
		t.LocalSecondaryIndexes = append(t.LocalSecondaryIndexes, LocalSecondaryIndexDescription{
			IndexName: new(ix.Name), KeySchema: keySchema(ix.Schema), Projection: p,
			IndexSizeBytes: bytes, ItemCount: items, IndexArn: new(d.indexARN(ix.Name)),
		})
		return
	}
	settings := d.Indexes[ix.Name]
	g := GlobalSecondaryIndexDescription{
		IndexName: new(ix.Name), KeySchema: keySchema(ix.Schema), Projection: p, IndexStatus: new(IndexStatusActive),
		ProvisionedThroughput: settings.Provisioned.describe(d.onDemand()), IndexSizeBytes: bytes, ItemCount: items,
		IndexArn: new(d.indexARN(ix.Name)), OnDemandThroughput: settings.OnDemand,
	}
	if w := warm(settings.Warm, d.onDemand(), settings.Provisioned); w != nil {
		g.WarmThroughput = &GlobalSecondaryIndexWarmThroughputDescription{ReadUnitsPerSecond: w.ReadUnitsPerSecond, WriteUnitsPerSecond: w.WriteUnitsPerSecond, Status: w.Status}
	}
	if ix.Building {
		g.IndexStatus, g.Backfilling = new(IndexStatusCreating), new(true)
	}
	t.GlobalSecondaryIndexes = append(t.GlobalSecondaryIndexes, g)
}

func (t throughput) describe(onDemand bool) *ProvisionedThroughputDescription {
	if onDemand {
		return &ProvisionedThroughputDescription{NumberOfDecreasesToday: new(int64(0)), ReadCapacityUnits: new(int64(0)), WriteCapacityUnits: new(int64(0))}
	}
	return &ProvisionedThroughputDescription{
		NumberOfDecreasesToday: new(int64(0)), ReadCapacityUnits: &t.Read, WriteCapacityUnits: &t.Write,
		LastIncreaseDateTime: millis(t.Increased), LastDecreaseDateTime: millis(t.Decreased),
	}
}

// warm is the throughput that a table can take at once: what was asked for, or
// what AWS begins with.
func warm(w *WarmThroughput, onDemand bool, t throughput) *TableWarmThroughputDescription {
	read, write := t.Read, t.Write
	if onDemand {
		read, write = 12000, 4000
	}
	if w != nil {
		read, write = max(read, wire.Value(w.ReadUnitsPerSecond)), max(write, wire.Value(w.WriteUnitsPerSecond))
	}
	return &TableWarmThroughputDescription{ReadUnitsPerSecond: &read, WriteUnitsPerSecond: &write, Status: new("ACTIVE")}
}

func keySchema(s table.Schema) []KeySchemaElement {
	list := []KeySchemaElement{{AttributeName: new(s.Hash), KeyType: new(KeyTypeHash)}}
	if s.Range != "" {
		list = append(list, KeySchemaElement{AttributeName: new(s.Range), KeyType: new(KeyTypeRange)})
	}
	return list
}

// status is the table's state.
func (o *OpenTable) status() string {
	for _, ix := range o.doc.Load().Index {
		if ix.Building {
			return TableStatusUpdating
		}
	}
	return TableStatusActive
}

// DescribeTable implements API.
func (s *Service) DescribeTable(ctx context.Context, in *DescribeTableInput) (*DescribeTableOutput, error) {
	o, err := s.Find(ctx, in.TableName)
	if err == ErrNoTable {
		return nil, notFound(*in.TableName)
	}
	if err != nil {
		return nil, err
	}
	return &DescribeTableOutput{Table: o.describe(o.status())}, nil
}

func notFound(name string) error {
	return wire.Errorf(CodeResourceNotFoundException, "Requested resource not found: Table: %s not found", name)
}

// ListTables implements API.
func (s *Service) ListTables(ctx context.Context, in *ListTablesInput) (*ListTablesOutput, error) {
	limit := 100
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	after := wire.Value(in.ExclusiveStartTableName)
	if in.ExclusiveStartTableName != nil && !goodName(after) {
		return nil, invalid(badName)
	}
	out := &ListTablesOutput{TableNames: []string{}}
	for _, d := range s.docs.List(wire.ScopeOf(ctx).Key()) {
		if d.Deleted || d.Name <= after {
			continue
		}
		if len(out.TableNames) == limit {
			out.LastEvaluatedTableName = new(out.TableNames[limit-1])
			break
		}
		out.TableNames = append(out.TableNames, d.Name)
	}
	return out, nil
}
