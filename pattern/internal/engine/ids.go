package engine

// IDs gives out small numbers and takes them back. Zero is never given.
type IDs struct {
	next uint32
	free []uint32
}

// Take returns a number that is not in use.
func (i *IDs) Take() uint32 {
	if n := len(i.free); n > 0 {
		id := i.free[n-1]
		i.free = i.free[:n-1]
		return id
	}
	i.next++
	return i.next
}

// Give takes a number back; zero is ignored.
func (i *IDs) Give(id uint32) {
	if id != 0 {
		i.free = append(i.free, id)
	}
}
