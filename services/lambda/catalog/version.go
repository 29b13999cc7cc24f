package catalog

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/watch"
)

// Digests are the blobs that a version is made of; empty ones are folders.
func (v *Version) Digests() []engine.Digest {
	var list []engine.Digest
	for _, c := range v.Codes() {
		list = append(list, c.Digest)
	}
	return list
}

// Codes are a version's own code and that of its layers, in their order.
func (v *Version) Codes() []Code {
	list := []Code{v.Code}
	for _, l := range v.Layers {
		list = append(list, l.Code)
	}
	return list
}

// Same tells whether two versions run alike: nothing to publish then.
func (v *Version) Same(o *Version, mine, others map[string]string) bool {
	return v.Hash(mine) == o.Hash(others) && v.Code.SHA256 == o.Code.SHA256
}

// Hash is ConfigSha256: of what the configuration is, not of when and where.
func (v *Version) Hash(variables map[string]string) string {
	c := *v
	c.Version, c.Description, c.Revision, c.Modified, c.Environment, c.Code = "", "", "", time.Time{}, nil, Code{}
	text, err := json.Marshal([]any{c, variables})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Edition tells what of a version is run: its revision, and the state of its
// folders. Another edition has processes of its own.
func (v *Version) Edition() (string, error) {
	edition := v.Revision
	for _, c := range v.Codes() {
		if c.Folder == "" {
			continue
		}
		stamp, err := watch.Stamp(c.Folder)
		if err != nil {
			return "", api.Refuse(api.CodeResourceNotReadyException, "The function runs from a folder of this machine that cannot be read: %v", err)
		}
		edition += "/" + stamp
	}
	return edition, nil
}
