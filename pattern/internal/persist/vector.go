package persist

// A Vector's elements are copied by chunks when one changes, and the chunks'
// addresses by pages.
const (
	chunkSize = 32
	pageSize  = 64
)

type chunk[T any] [chunkSize]T

type page[T any] [pageSize]*chunk[T]

// Vector is a list of elements by index. The zero Vector is empty.
type Vector[T any] struct{ pages []*page[T] }

// At returns the element at i, which must be less than Cap.
func (v Vector[T]) At(i uint32) (e T) {
	if c := v.pages[i/chunkSize/pageSize][i/chunkSize%pageSize]; c != nil {
		return c[i%chunkSize]
	}
	return e
}

// Cap returns the index behind the last element that there is room for.
func (v Vector[T]) Cap() int { return len(v.pages) * pageSize * chunkSize }

// With returns the vector with the element at i changed. Elements that have
// never been set are zero.
func (v Vector[T]) With(i uint32, e T) Vector[T] {
	at := int(i / chunkSize / pageSize)
	pages := make([]*page[T], max(len(v.pages), at+1))
	for j := copy(pages, v.pages); j < len(pages); j++ {
		pages[j] = new(page[T])
	}
	p := *pages[at]
	var c chunk[T]
	if old := p[i/chunkSize%pageSize]; old != nil {
		c = *old
	}
	c[i%chunkSize] = e
	p[i/chunkSize%pageSize] = &c
	pages[at] = &p
	return Vector[T]{pages}
}
