package dynamodb

import (
	"slices"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/dynamodb/table"
	"github.com/signalbox/signalbox/wire"
)

// document is a table's record: what its data depends on, and what is only
// kept and told. It is not changed, but replaced.
type document struct {
	table.Definition
	wire.Scope
	Name    string
	UUID    string // TableId
	Created int64  // Unix milliseconds
	Deleted bool   `json:",omitempty"` // its data is still to be dropped

	Attributes         []AttributeDefinition
	Billing            string // PROVISIONED or PAY_PER_REQUEST
	BillingChanged     int64  `json:",omitempty"` // Unix milliseconds of the last change to PAY_PER_REQUEST
	Provisioned        throughput
	OnDemand           *OnDemandThroughput `json:",omitempty"`
	Warm               *WarmThroughput     `json:",omitempty"`
	Indexes            map[string]indexSettings
	SSE                *SSESpecification      `json:",omitempty"`
	Class              string                 `json:",omitempty"`
	ClassChanged       int64                  `json:",omitempty"`
	DeletionProtection bool                   `json:",omitempty"`
	Tags               map[string]string      `json:",omitempty"`
	Recovery           *recovery              `json:",omitempty"`
	Policies           map[string]tablePolicy `json:",omitempty"` // "" is the table's own, others are by their streams' labels
	Past               []pastStream           `json:",omitempty"` // streams that were disabled
	Insights           map[string]insights    `json:",omitempty"` // "" are the table's own, others are of indexes
}

// throughput is what was provisioned of a table or an index.
type throughput struct {
	Read, Write          int64
	Increased, Decreased int64 `json:",omitempty"` // Unix milliseconds
}

// indexSettings are what is only kept of a global index.
type indexSettings struct {
	Provisioned throughput
	OnDemand    *OnDemandThroughput `json:",omitempty"`
	Warm        *WarmThroughput     `json:",omitempty"`
}

// recovery is point-in-time recovery: it is kept and told.
type recovery struct {
	Since int64 // Unix milliseconds
	Days  int32
}

// pastStream is a stream that was disabled. It can be read for a day.
type pastStream struct {
	table.Stream
	Disabled int64 // Unix milliseconds
}

// clone copies what changes replace in part.
func (d *document) clone() *document {
	c := *d
	c.Definition.Index = slices.Clone(d.Definition.Index)
	c.Past = slices.Clone(d.Past)
	c.Kinds = cloneMap(d.Kinds)
	c.Indexes = cloneMap(d.Indexes)
	c.Tags = cloneMap(d.Tags)
	c.Policies = cloneMap(d.Policies)
	c.Insights = cloneMap(d.Insights)
	return &c
}

func cloneMap[V any](m map[string]V) map[string]V {
	c := make(map[string]V, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

func (d *document) arn() string { return d.ARN("dynamodb", "table/"+d.Name) }

func (d *document) indexARN(name string) string { return d.arn() + "/index/" + name }

func (d *document) streamARN(label string) string { return d.arn() + "/stream/" + label }

func (d *document) onDemand() bool { return d.Billing == BillingModePayPerRequest }

const badName = "Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'"

func goodName(name string) bool {
	if len(name) < 3 || len(name) > 255 {
		return false
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == ""
}

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf(wire.CodeValidation, format, args...)
}

// address finds which table a request means: by its name in the caller's
// account and region, or by an ARN.
func address(scope wire.Scope, name string) (wire.Scope, string, error) {
	if arn.Is(name) {
		a, err := arn.Parse(name)
		if err != nil {
			return scope, "", invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", name)
		}
		kind, table := a.Split()
		if a.Service != "dynamodb" || kind != "table" || !goodName(table) {
			return scope, "", invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", name)
		}
		return wire.ScopeOfARN(a), table, nil
	}
	if !goodName(name) {
		return scope, "", invalid(badName)
	}
	return scope, name, nil
}
