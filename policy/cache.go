package policy

import "sync"

// Cache keeps documents that were read, so that a request is not decided by
// reading the same texts anew. The zero value is ready.
type Cache struct {
	mu   sync.RWMutex // guards docs
	docs map[cacheKey]*Document
}

type cacheKey struct {
	kind Kind
	text string
}

// maxCached is how many documents are kept; beyond it all are forgotten and read
// again.
const maxCached = 4096

// Parse is [Parse], or what it returned before.
func (c *Cache) Parse(text string, kind Kind) (*Document, error) {
	k := cacheKey{kind, text}
	c.mu.RLock()
	d := c.docs[k]
	c.mu.RUnlock()
	if d != nil {
		return d, nil
	}
	d, err := Parse([]byte(text), kind)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.docs == nil || len(c.docs) >= maxCached {
		c.docs = map[cacheKey]*Document{}
	}
	c.docs[k] = d
	return d, nil
}
