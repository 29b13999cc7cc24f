// Package catalog holds the functions that there are, with their versions and
// aliases: what the other parts of Lambda look up and belong to.
//
//	name, partial or whole ARN ── Locate ──► Name ── Catalog.Function, Version ──► what runs
//
// It promises: what is looked up is a value that does not change; whoever
// changes something of a function holds Mu, so that nobody deletes it meanwhile.
package catalog

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/lambda/api"
)

// Catalog is all functions of all accounts and regions.
type Catalog struct {
	Mu        sync.Mutex // serializes changes of the configuration
	Functions *engine.Documents[Function]
	Versions  *engine.Documents[Version]
	Aliases   *engine.Documents[Alias]
}

// Open loads the catalog.
func Open(ctx context.Context, records engine.Records) (*Catalog, error) {
	c := new(Catalog)
	var err error
	if c.Functions, err = engine.OpenDocuments[Function](ctx, records, "lambda.function"); err == nil {
		c.Versions, err = engine.OpenDocuments[Version](ctx, records, "lambda.version")
	}
	if err == nil {
		c.Aliases, err = engine.OpenDocuments[Alias](ctx, records, "lambda.alias")
	}
	if err != nil {
		return nil, fmt.Errorf("loading functions: %w", err)
	}
	return c, nil
}

// Function finds the function that a request names.
func (c *Catalog) Function(ctx context.Context, text string, qualifier *string) (Name, *Function, error) {
	n, err := Locate(ctx, text, qualifier)
	if err != nil {
		return n, nil, err
	}
	f := c.Functions.Get(n.Key())
	if f == nil {
		return n, nil, api.NotFound("Function not found: %s", n.ARN())
	}
	return n, f, nil
}

// Version finds the version that a qualifier names: the number, $LATEST, or an
// alias's (its main one).
func (c *Catalog) Version(n Name, f *Function) (*Version, error) {
	q := n.Qualifier
	if a := c.Aliases.Get(n.Key(q)); a != nil && q != "" {
		q = a.Version
	}
	if q == "" || q == Latest {
		return &f.Latest, nil
	}
	if v := c.Versions.Get(n.Key(q)); v != nil {
		return v, nil
	}
	return nil, api.NotFound("Function not found: %s", n.ARN())
}

// Published lists a function's versions by number, $LATEST left out.
func (c *Catalog) Published(f *Function) []*Version {
	list := c.Versions.List(f.Key(""))
	slices.SortFunc(list, func(a, b *Version) int { return number(a.Version) - number(b.Version) })
	return list
}

func number(v string) int {
	n, _ := strconv.Atoi(v) // $LATEST is 0
	return n
}
