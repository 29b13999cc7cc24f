package persist

import "slices"

// chunkSize is how many elements are copied when one changes.
const chunkSize = 256

// Vector is a list of elements by index. The zero Vector is empty.
type Vector[T any] struct {
	chunks []*[chunkSize]T
}

// At returns the element at i, which must be less than Cap.
func (v Vector[T]) At(i uint32) T { return v.chunks[i/chunkSize][i%chunkSize] }

// Cap returns the index behind the last element that there is room for.
func (v Vector[T]) Cap() int { return len(v.chunks) * chunkSize }

// With returns the vector with the element at i changed. Elements that have
// never been set are zero.
func (v Vector[T]) With(i uint32, e T) Vector[T] {
	chunks := v.chunks
	c := int(i / chunkSize)
	if c < len(chunks) {
		chunks = slices.Clone(chunks)
	} else {
		chunks = append(slices.Clip(chunks), make([]*[chunkSize]T, c+1-len(chunks))...)
	}
	var chunk [chunkSize]T
	if chunks[c] != nil {
		chunk = *chunks[c]
	}
	chunk[i%chunkSize] = e
	chunks[c] = &chunk
	for j, c := range chunks {
		if c == nil {
			chunks[j] = new([chunkSize]T)
		}
	}
	return Vector[T]{chunks}
}
