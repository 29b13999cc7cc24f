package items

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/expr"
	"github.com/signalbox/signalbox/services/dynamodb/item"
	"github.com/signalbox/signalbox/services/dynamodb/table"
	"github.com/signalbox/signalbox/wire"
)

// GetItem implements API.
func (s *Service) GetItem(ctx context.Context, in *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
	m := &members{
		expressions: []member{{expr.ProjectionExpression, in.ProjectionExpression}}, names: in.ExpressionAttributeNames,
	}
	m.had(in.AttributesToGet != nil, "AttributesToGet")
	g, err := m.getting(in.Key, in.ProjectionExpression, in.AttributesToGet)
	if err != nil {
		return nil, err
	}
	if err := s.aimGet(ctx, g, in.TableName); err != nil {
		return nil, err
	}
	json, size, err := g.o.Get(g.key)
	if errors.Is(err, table.ErrGone) {
		return nil, dynamodb.ErrNoTable
	}
	if err != nil {
		return nil, err
	}
	out := &dynamodb.GetItemOutput{}
	if out.Item, err = g.project(json); err != nil {
		return nil, err
	}
	u := usage{name: g.o.Name(), table: readUnits(size, wire.Value(in.ConsistentRead))}
	out.ConsumedCapacity = u.tell(in.ReturnConsumedCapacity, false, false)
	return out, nil
}

// get is one item that was asked for.
type get struct {
	o       *dynamodb.OpenTable
	key     item.Item
	project func(json []byte) (wire.Document, error)
	choose  *expr.Projection
}

// getting reads what a request says of an item to get.
func (m *members) getting(key wire.Document, text *string, attributes []string) (*get, error) {
	p, err := m.params()
	if err != nil {
		return nil, err
	}
	g := &get{}
	if g.key, err = item.Parse(key); err != nil {
		return nil, err
	}
	if g.choose, err = projection(p, text, attributes); err != nil {
		return nil, err
	}
	if err := p.Unused(); err != nil {
		return nil, err
	}
	g.project = func(json []byte) (wire.Document, error) { return project(g.choose, json) }
	return g, nil
}

func project(p *expr.Projection, json []byte) (wire.Document, error) {
	if p == nil || json == nil {
		return json, nil
	}
	it, err := item.Decode(json)
	if err != nil {
		return nil, err
	}
	return p.Of(it).AppendJSON(nil), nil
}

func (s *Service) aimGet(ctx context.Context, g *get, name *string) error {
	var err error
	if g.o, err = s.Find(ctx, name); err != nil {
		return err
	}
	d := g.o.Definition()
	if d == nil {
		return dynamodb.ErrNoTable
	}
	if err := d.CheckKey(g.key); err != nil {
		return err
	}
	if g.choose != nil {
		return scalarKeys(d, g.choose.Paths())
	}
	return nil
}

// paging is what Query and Scan have in common.
type paging struct {
	index      *string
	sel        *string
	attributes []string
	start      wire.Document
	consistent *bool
	filters    map[string]dynamodb.Condition
	operator   *string
	filter     *string
	projection *string
}

// page is a page that was asked for.
type page struct {
	table.Read
	o     *dynamodb.OpenTable
	d     *table.Definition
	start item.Item
	tests []expr.Test
}

// parse reads what can be read without the table.
func (pg *paging) parse(p *expr.Params, in *page) (err error) {
	if pg.start != nil {
		if in.start, err = item.Parse(pg.start); err != nil {
			return err
		}
	}
	if in.Filter, err = condition(p, expr.FilterExpression, pg.filter); err != nil {
		return err
	}
	if in.Project, err = projection(p, pg.projection, pg.attributes); err != nil {
		return err
	}
	if in.tests, err = tests(pg.filters); err != nil {
		return err
	}
	older, err := combine(in.tests, pg.operator)
	if err == nil && older != nil {
		in.Filter = older
	}
	return err
}

// choose checks Select against the rest.
func (pg *paging) choose(in *page) error {
	name := "ProjectionExpression"
	if pg.attributes != nil {
		name = "AttributesToGet"
	}
	switch wire.Value(pg.sel) {
	case dynamodb.SelectCount:
		if in.Count = true; in.Project != nil {
			return invalid("Cannot specify the %s when choosing to get only the Count", name)
		}
	case dynamodb.SelectSpecificAttributes:
		if in.Project == nil {
			return invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
		}
	case dynamodb.SelectAllProjectedAttributes:
		if pg.index == nil && in.Project == nil {
			return invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
		}
		fallthrough
	case dynamodb.SelectAllAttributes:
		if in.Project != nil {
			return invalid("Cannot specify the %s when choosing to get %s", name, *pg.sel)
		}
	}
	return nil
}

// aim finds the table and the index, and checks what they allow.
func (s *Service) aimPage(ctx context.Context, pg *paging, in *page, name *string) error {
	var err error
	if in.o, err = s.Find(ctx, name); err != nil {
		return err
	}
	d := in.o.Definition()
	if d == nil {
		return dynamodb.ErrNoTable
	}
	in.d = d
	if in.Filter != nil {
		if err := scalarKeys(d, in.Filter.Paths()); err != nil {
			return err
		}
	}
	if in.Project != nil {
		if err := scalarKeys(d, in.Project.Paths()); err != nil {
			return err
		}
	}
	if pg.index == nil {
		return nil
	}
	in.Index = d.Find(*pg.index)
	switch {
	case in.Index == nil:
		return invalid("The table does not have the specified index: %s", *pg.index)
	case in.Index.Building:
		return invalid("Cannot read from backfilling global secondary index: %s", *pg.index)
	case !in.Index.Local && wire.Value(pg.consistent):
		return invalid("Consistent reads are not supported on global secondary indexes")
	}
	return nil
}

// projected checks that an index has what is asked of it; from a local one, the
// rest is fetched from the table.
func (pg *paging) projected(in *page) error {
	ix := in.Index
	if ix == nil {
		return nil
	}
	if wire.Value(pg.sel) == dynamodb.SelectAllAttributes && ix.Projection != table.All {
		if !ix.Local {
			return invalid(badParameter+"Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", ix.Name)
		}
		in.Full = true
	}
	var missing []string
	if in.Project != nil {
		missing = in.lacks(in.Project.Paths())
	}
	if len(missing) > 0 {
		if !ix.Local {
			return invalid(badParameter+"Global secondary index %s does not project [%s]", ix.Name, strings.Join(missing, ", "))
		}
		in.Full = true
	}
	if in.Filter != nil && in.Hash.Kind != item.None {
		if missing := in.lacks(in.Filter.Paths()); len(missing) > 0 {
			return invalid(badParameter+"Secondary index %s does not project one or more filter attributes: [%s]", ix.Name, strings.Join(missing, ", "))
		}
	}
	return nil
}

// lacks are the attributes in paths that the index does not project.
func (in *page) lacks(paths []expr.Path) []string {
	var list []string
	for _, p := range paths {
		if name := p[0].Name; !in.d.Projects(in.Index, name) && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// begin checks the key to start behind.
func (in *page) begin() error {
	if in.start == nil {
		return nil
	}
	keys := in.d.Keys(in.Index)
	if len(in.start) != len(keys) {
		return invalid("The provided starting key is invalid")
	}
	for _, name := range keys {
		v, ok := in.start[name]
		if !ok || v.Kind.String() != in.d.Kinds[name] {
			return invalid("The provided starting key is invalid: The provided key element does not match the schema")
		}
		if v.Kind != item.N && v.Text == "" {
			return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", name)
		}
	}
	in.Start = in.start
	return nil
}

// atMostOne says whether a query can read one item at most: there is nothing to
// go on with.
func (in *page) atMostOne() bool { return in.Index == nil && in.d.Schema.Range == "" }

// read reads the page.
func (s *Service) read(in *page) (*table.Page, error) {
	p, err := in.o.Read(&in.Read)
	switch {
	case errors.Is(err, table.ErrGone):
		return nil, dynamodb.ErrNoTable
	case err != nil:
		return nil, fmt.Errorf("reading table %s: %w", in.o.Name(), err)
	}
	if p.Items == nil && !in.Count {
		p.Items = []wire.Document{}
	}
	return p, nil
}

func lastKey(p *table.Page) wire.Document {
	if p.Last == nil {
		return nil
	}
	return p.Last.AppendJSON(nil)
}

// consumed is what reading the page took.
func (in *page) consumed(p *table.Page, consistent bool, how *string) *dynamodb.ConsumedCapacity {
	u := usage{name: in.o.Name()}
	units := readUnits(p.Bytes, consistent)
	if in.Index == nil {
		u.table = units
	} else {
		u.index(in.Index, units)
		u.table = float64(p.Fetched) * readUnits(1, consistent)
	}
	return u.tell(how, false, false)
}
