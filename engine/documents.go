package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Documents are the records of one collection as Go values: kept in memory for
// reading, written through to Records. A value that was put or got must not be
// changed any more; who wants to change a document puts a changed copy.
//
// It is safe for concurrent use; who reads a document to write it anew must
// keep others from doing the same meanwhile.
type Documents[T any] struct {
	records    Records
	collection string
	mu         sync.RWMutex // guards docs
	docs       map[string]*T
}

// OpenDocuments loads the collection.
func OpenDocuments[T any](ctx context.Context, records Records, collection string) (*Documents[T], error) {
	d := &Documents[T]{records: records, collection: collection, docs: map[string]*T{}}
	all, err := records.List(ctx, collection, "", "", 0)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", collection, err)
	}
	for _, r := range all {
		doc := new(T)
		if err := json.Unmarshal(r.Value, doc); err != nil {
			return nil, fmt.Errorf("loading %s %q: %w", collection, r.Key, err)
		}
		d.docs[r.Key] = doc
	}
	return d, nil
}

// Opening is one of the collections that [OpenEach] loads.
type Opening func(context.Context, Records) error

// Into is the opening of a collection that is then found at d.
func Into[T any](d **Documents[T], collection string) Opening {
	return func(ctx context.Context, records Records) (err error) {
		*d, err = OpenDocuments[T](ctx, records, collection)
		return err
	}
}

// OpenEach loads the collections one after another, up to the first that fails.
func OpenEach(ctx context.Context, records Records, openings ...Opening) error {
	for _, open := range openings {
		if err := open(ctx, records); err != nil {
			return err
		}
	}
	return nil
}

// Get returns the document, nil where there is none.
func (d *Documents[T]) Get(key string) *T {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.docs[key]
}

// Put writes the document. It is seen once it is durable.
func (d *Documents[T]) Put(ctx context.Context, key string, doc *T) error {
	value, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("writing %s %q: %w", d.collection, key, err)
	}
	if _, err := d.records.Apply(ctx, Write{Collection: d.collection, Key: key, Value: value}); err != nil {
		return fmt.Errorf("writing %s %q: %w", d.collection, key, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.docs[key] = doc
	return nil
}

// Delete removes the documents, all or none; those that are not there are no error.
func (d *Documents[T]) Delete(ctx context.Context, keys ...string) error {
	writes := make([]Write, len(keys))
	for i, key := range keys {
		writes[i] = Write{Collection: d.collection, Key: key}
	}
	if _, err := d.records.Apply(ctx, writes...); err != nil {
		return fmt.Errorf("deleting from %s: %w", d.collection, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, key := range keys {
		delete(d.docs, key)
	}
	return nil
}

// Keys lists the keys that begin with prefix, in order.
func (d *Documents[T]) Keys(prefix string) []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var keys []string
	for key := range d.docs {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// List lists the documents whose keys begin with prefix, in the order of their keys.
func (d *Documents[T]) List(prefix string) []*T {
	keys := d.Keys(prefix)
	docs := make([]*T, 0, len(keys))
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, key := range keys {
		if doc := d.docs[key]; doc != nil {
			docs = append(docs, doc)
		}
	}
	return docs
}
