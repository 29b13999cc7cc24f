package delivery

import "slices"

// fifo is a queue in memory. Its zero value is empty.
type fifo[T any] struct {
	items []T
	head  int
}

func (q *fifo[T]) len() int { return len(q.items) - q.head }

func (q *fifo[T]) push(v T) {
	if q.head > 64 && q.head > len(q.items)/2 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, v)
}

// pushFirst puts v before all others.
func (q *fifo[T]) pushFirst(v T) {
	if q.head == 0 {
		q.items = slices.Insert(q.items, 0, v)
		return
	}
	q.head--
	q.items[q.head] = v
}

// first must not be called on an empty queue.
func (q *fifo[T]) first() T { return q.items[q.head] }

// pop must not be called on an empty queue.
func (q *fifo[T]) pop() T {
	var zero T
	v := q.items[q.head]
	q.items[q.head] = zero
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
		if cap(q.items) > 4096 {
			q.items = nil
		}
	}
	return v
}

// take empties the queue.
func (q *fifo[T]) take() []T {
	all := q.items[q.head:]
	*q = fifo[T]{}
	return all
}
