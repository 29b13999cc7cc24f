package queue

// A heap holds the smallest of its elements at index 0.
type heap[T ordered[T]] []T

type ordered[T any] interface{ before(T) bool }

var (
	_ ordered[place]      = place{}
	_ ordered[endOfLease] = endOfLease{}
)

func (h *heap[T]) push(x T) {
	s := append(*h, x)
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !s[i].before(s[up]) {
			break
		}
		s[i], s[up] = s[up], s[i]
		i = up
	}
	*h = s
}

func (h *heap[T]) pop() T {
	s := *h
	top, n := s[0], len(s)-1
	s[0] = s[n]
	s = s[:n]
	for i := 0; ; {
		least := i
		for down := 2*i + 1; down <= 2*i+2 && down < n; down++ {
			if s[down].before(s[least]) {
				least = down
			}
		}
		if least == i {
			break
		}
		s[i], s[least] = s[least], s[i]
		i = least
	}
	if *h = s; n == 0 {
		*h = nil
	}
	return top
}
