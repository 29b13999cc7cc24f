package message

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/google/uuid"
)

// ID makes a message's id of its queue's instance and its engine id, so that a
// message which was dropped as a duplicate is answered with the first one's id.
func ID(instance string, id uint64) string {
	b := append([]byte(instance), 0, 0, 0, 0, 0, 0, 0, 0)
	binary.BigEndian.PutUint64(b[len(instance):], id)
	sum := sha256.Sum256(b)
	u := uuid.UUID(sum[:16])
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}

// SequenceNumber is a FIFO message's number: 20 digits, increasing.
func SequenceNumber(id uint64) string {
	const base = 10_000_000_000_000_000_000
	if id >= 1<<63-1 {
		return fmt.Sprintf("%020d", id)
	}
	return strconv.FormatUint(base+id, 10)
}
