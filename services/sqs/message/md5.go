package message

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

// MD5 is the digest of a message's body.
func MD5(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// MD5OfAttributes digests attributes in the order of their names; "" for none.
func MD5OfAttributes(attributes []Attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	ordered := slices.SortedFunc(slices.Values(attributes), func(a, b Attribute) int { return strings.Compare(a.Name, b.Name) })
	h := md5.New()
	for _, a := range ordered {
		writePart(h, a.Name)
		writePart(h, a.Type)
		if a.Binary {
			h.Write([]byte{2})
		} else {
			h.Write([]byte{1})
		}
		writePart(h, a.Value)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func writePart(h hash.Hash, s string) {
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(s)))
	h.Write(n[:])
	h.Write([]byte(s))
}
