package dynamodb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/services/dynamodb/table"
	"github.com/signalbox/signalbox/wire"
)

// CreateTable implements API.
func (s *Service) CreateTable(ctx context.Context, in *CreateTableInput) (*CreateTableOutput, error) {
	scope, name, err := address(wire.ScopeOf(ctx), *in.TableName)
	if err != nil {
		return nil, err
	}
	now := s.clock.Now().UnixMilli()
	d := &document{
		Scope: scope, Name: name, UUID: uuid.NewString(), Created: now, Indexes: map[string]indexSettings{},
		OnDemand: in.OnDemandThroughput, Warm: in.WarmThroughput, SSE: in.SSESpecification,
		DeletionProtection: wire.Value(in.DeletionProtectionEnabled), Tags: map[string]string{},
	}
	if in.TableClass != nil {
		d.Class = *in.TableClass
	}
	if err := d.bill(in, now); err != nil {
		return nil, err
	}
	if err := d.layOut(in); err != nil {
		return nil, err
	}
	if err := addTags(d.Tags, in.Tags); err != nil {
		return nil, err
	}
	if in.ResourcePolicy != nil {
		p, err := newPolicy(*in.ResourcePolicy)
		if err != nil {
			return nil, err
		}
		d.Policies = map[string]tablePolicy{"": p}
	}
	stream, err := checkStream(in.StreamSpecification)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := d.Key(name)
	if _, ok := s.open.Load(key); ok {
		return nil, wire.Errorf(CodeResourceInUseException, "Table already exists: %s", name)
	}
	if d.ID, err = s.tables.Number(ctx); err != nil {
		return nil, fmt.Errorf("creating table %s: %w", name, err)
	}
	for i := range d.Index {
		if d.Index[i].ID, err = s.tables.Number(ctx); err != nil {
			return nil, fmt.Errorf("creating table %s: %w", name, err)
		}
	}
	if stream != "" {
		d.Stream = s.newStream(d, stream)
	}
	if err := s.docs.Put(ctx, key, d); err != nil {
		return nil, err
	}
	o, err := s.openTable(key, d)
	if err != nil {
		return nil, err
	}
	out := o.describe(TableStatusCreating)
	for i := range out.GlobalSecondaryIndexes {
		out.GlobalSecondaryIndexes[i].IndexStatus = new(IndexStatusCreating)
	}
	return &CreateTableOutput{TableDescription: out}, nil
}

// bill checks the members about throughput.
func (d *document) bill(in *CreateTableInput, now int64) error {
	d.Billing = BillingModeProvisioned
	if in.BillingMode != nil {
		d.Billing = *in.BillingMode
	}
	p := in.ProvisionedThroughput
	if d.onDemand() {
		if p != nil {
			return invalid("One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
		}
		d.BillingChanged = now
		return nil
	}
	if p == nil {
		return invalid("One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	}
	d.Provisioned = throughput{Read: *p.ReadCapacityUnits, Write: *p.WriteCapacityUnits}
	return nil
}

const badParameter = "One or more parameter values were invalid: "

// layOut checks the keys of the table and its indexes.
func (d *document) layOut(in *CreateTableInput) error {
	d.Attributes, d.Kinds = in.AttributeDefinitions, map[string]string{}
	if err := d.define(in.AttributeDefinitions); err != nil {
		return err
	}
	if len(in.KeySchema) == 0 {
		return invalid("No defined key schema.  A key schema containing at least a hash key must be defined for all tables")
	}
	if len(in.AttributeDefinitions) == 0 {
		return invalid(badParameter + "No Attribute Schema Defined")
	}
	var err error
	if d.Schema, err = d.schema(in.KeySchema); err != nil {
		return err
	}
	if in.LocalSecondaryIndexes != nil {
		if err := d.localIndexes(in.LocalSecondaryIndexes); err != nil {
			return err
		}
	}
	if in.GlobalSecondaryIndexes != nil && len(in.GlobalSecondaryIndexes) == 0 {
		return invalid(badParameter + "List of GlobalSecondaryIndexes is empty")
	}
	if len(in.GlobalSecondaryIndexes) > 20 {
		return invalid(badParameter + "GlobalSecondaryIndex count exceeds the per-table limit of 20")
	}
	for _, g := range in.GlobalSecondaryIndexes {
		if err := d.globalIndex(&g); err != nil {
			return err
		}
	}
	return d.noSpareAttributes()
}

// define takes the attributes' types.
func (d *document) define(attributes []AttributeDefinition) error {
	for _, a := range attributes {
		if _, ok := d.Kinds[*a.AttributeName]; ok {
			return invalid(badParameter+"Duplicate AttributeName in AttributeDefinitions: %s", *a.AttributeName)
		}
		d.Kinds[*a.AttributeName] = *a.AttributeType
	}
	return nil
}

// schema checks a key schema.
func (d *document) schema(elements []KeySchemaElement) (table.Schema, error) {
	var s table.Schema
	if len(elements) == 0 {
		return s, invalid("1 validation error detected: Value '[]' at 'keySchema' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	if len(elements) > 2 {
		return s, invalid("1 validation error detected: Value '[%s]' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2", showSchema(elements))
	}
	if *elements[0].KeyType != KeyTypeHash {
		return s, invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	}
	s.Hash = *elements[0].AttributeName
	if len(elements) == 2 {
		if *elements[1].KeyType != KeyTypeRange {
			return s, invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
		}
		if s.Range = *elements[1].AttributeName; s.Range == s.Hash {
			return s, invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
		}
	}
	for _, name := range s.Names() {
		if d.Kinds[name] == "" {
			return s, invalid(badParameter+"Some index key attributes are not defined in AttributeDefinitions. Keys: [%s], AttributeDefinitions: [%s]",
				strings.Join(s.Names(), ", "), strings.Join(d.defined(), ", "))
		}
	}
	return s, nil
}

func showSchema(elements []KeySchemaElement) string {
	var list []string
	for _, e := range elements {
		list = append(list, fmt.Sprintf("KeySchemaElement(attributeName=%s, keyType=%s)", *e.AttributeName, *e.KeyType))
	}
	return strings.Join(list, ", ")
}

func (d *document) defined() []string {
	var names []string
	for _, a := range d.Attributes {
		names = append(names, *a.AttributeName)
	}
	return names
}

func (d *document) localIndexes(list []LocalSecondaryIndex) error {
	switch {
	case len(list) == 0:
		return invalid(badParameter + "List of LocalSecondaryIndexes is empty")
	case len(list) > 5:
		return invalid(badParameter + "Number of LocalSecondaryIndexes exceeds per-table limit of 5")
	}
	for _, l := range list {
		s, err := d.schema(l.KeySchema)
		if err != nil {
			return err
		}
		switch {
		case d.Schema.Range == "":
			return invalid(badParameter + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
		case s.Range == "":
			return invalid(badParameter+"Index KeySchema does not have a range key for index: %s", *l.IndexName)
		case s.Hash != d.Schema.Hash:
			return invalid(badParameter+"Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. index hash key: %s, table hash key: %s", *l.IndexName, s.Hash, d.Schema.Hash)
		}
		if err := d.addIndex(table.Index{Name: *l.IndexName, Schema: s, Local: true}, l.Projection); err != nil {
			return err
		}
	}
	return nil
}

func (d *document) globalIndex(g *GlobalSecondaryIndex) error {
	s, err := d.schema(g.KeySchema)
	if err != nil {
		return err
	}
	if err := d.addIndex(table.Index{Name: *g.IndexName, Schema: s}, g.Projection); err != nil {
		return err
	}
	settings := indexSettings{OnDemand: g.OnDemandThroughput, Warm: g.WarmThroughput}
	p := g.ProvisionedThroughput
	switch {
	case d.onDemand() && p != nil:
		return invalid(badParameter+"ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", *g.IndexName)
	case !d.onDemand() && p == nil:
		return invalid(badParameter+"ProvisionedThroughput must be specified for index: %s", *g.IndexName)
	case p != nil:
		settings.Provisioned = throughput{Read: *p.ReadCapacityUnits, Write: *p.WriteCapacityUnits}
	}
	d.Indexes[*g.IndexName] = settings
	return nil
}

// addIndex checks what indexes of both sorts have.
func (d *document) addIndex(ix table.Index, p *Projection) error {
	if !goodName(ix.Name) {
		return invalid(badName)
	}
	if d.Find(ix.Name) != nil {
		return invalid(badParameter+"Duplicate index name: %s", ix.Name)
	}
	if ix.Projection = wire.Value(p.ProjectionType); ix.Projection == "" {
		return invalid(badParameter + "Unknown ProjectionType: null")
	}
	ix.Include = p.NonKeyAttributes
	switch {
	case ix.Projection == table.Include && len(ix.Include) == 0:
		return invalid(badParameter + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
	case ix.Projection != table.Include && ix.Include != nil:
		return invalid(badParameter+"ProjectionType is %s, but NonKeyAttributes is specified", ix.Projection)
	}
	total := len(ix.Include)
	for i, name := range ix.Include {
		if slices.Contains(ix.Include[:i], name) {
			return invalid(badParameter+"Duplicate attribute name in NonKeyAttributes: %s", name)
		}
	}
	for _, other := range d.Index {
		total += len(other.Include)
	}
	if total > 100 {
		return invalid(badParameter + "Number of NonKeyAttributes in all secondary indexes exceeds the limit of 100")
	}
	d.Index = append(d.Index, ix)
	return nil
}

// noSpareAttributes refuses attributes that are no keys.
func (d *document) noSpareAttributes() error {
	used := d.keyAttributes()
	if len(used) == len(d.Kinds) {
		return nil
	}
	if len(d.Index) == 0 {
		return invalid(badParameter + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	var keys []string
	for _, name := range d.defined() {
		if used[name] {
			keys = append(keys, name)
		}
	}
	return invalid(badParameter+"Some AttributeDefinitions are not used. AttributeDefinitions: [%s], keys used: [%s]",
		strings.Join(d.defined(), ", "), strings.Join(keys, ", "))
}

// keyAttributes are the attributes that are keys of the table or an index.
func (d *document) keyAttributes() map[string]bool {
	used := map[string]bool{}
	for _, name := range d.Schema.Names() {
		used[name] = true
	}
	for _, ix := range d.Index {
		for _, name := range ix.Schema.Names() {
			used[name] = true
		}
	}
	return used
}

// DeleteTable implements API.
func (s *Service) DeleteTable(ctx context.Context, in *DeleteTableInput) (*DeleteTableOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.Find(ctx, in.TableName)
	if err == ErrNoTable {
		return nil, notFound(*in.TableName)
	}
	if err != nil {
		return nil, err
	}
	d := o.doc.Load().clone()
	if d.DeletionProtection {
		return nil, invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	}
	if o.status() != TableStatusActive {
		return nil, wire.Errorf(CodeResourceInUseException, "Attempt to change a resource which is still in use: Table is being updated: %s", d.Name)
	}
	out := o.describe(TableStatusDeleting)
	d.Deleted = true
	key := d.Key(d.Name)
	if err := s.docs.Put(ctx, key, d); err != nil {
		return nil, err
	}
	s.open.Delete(key)
	// From here on it is done, now or at the next start.
	if err := s.drop(context.WithoutCancel(ctx), key, o); err != nil {
		return nil, err
	}
	return &DeleteTableOutput{TableDescription: out}, nil
}

// drop forgets all that a table has, its document last.
func (s *Service) drop(ctx context.Context, key string, o *OpenTable) error {
	if err := o.Drop(ctx); err != nil {
		return fmt.Errorf("dropping table %s: %w", key, err)
	}
	d := o.doc.Load()
	for _, stream := range d.streams() {
		if err := s.dropStream(ctx, &stream.Stream); err != nil {
			return err
		}
	}
	return s.docs.Delete(ctx, key)
}
