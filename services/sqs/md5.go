package sqs

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
	"strings"
)

// The digests that SDKs compare with their own (developer guide, page
// sqs-message-metadata, "Calculating the MD5 message digest").

func md5Of(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// md5OfAttributes digests attributes in the order of their names; "" for none.
func md5OfAttributes(attributes []attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	ordered := slices.SortedFunc(slices.Values(attributes), func(a, b attribute) int { return strings.Compare(a.name, b.name) })
	h := md5.New()
	for _, a := range ordered {
		writePart(h, a.name)
		writePart(h, a.dataType)
		if a.binary {
			h.Write([]byte{2})
		} else {
			h.Write([]byte{1})
		}
		writePart(h, a.value)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func writePart(h hash.Hash, s string) {
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(s)))
	h.Write(n[:])
	h.Write([]byte(s))
}
