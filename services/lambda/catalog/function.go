package catalog

import (
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/wire"
)

// Function is a function as it is kept, with what is under $LATEST.
type Function struct {
	wire.Scope
	Name     string
	ID       string // tells functions apart that had the same name one after another
	Tags     map[string]string
	Reserved *int32 // concurrency
	// RecursiveLoop is what happens where one event invokes it again and again;
	// empty: the default.
	RecursiveLoop string `json:",omitempty"`
	Next          int    // number of the next version
	Latest        Version
}

// Key is that of its document, and begins those of what belongs to it.
func (f *Function) Key(more ...string) string { return f.Named("").Key(more...) }

// Named is its name with a qualifier; empty: with none.
func (f *Function) Named(qualifier string) Name {
	return Name{Scope: f.Scope, Function: f.Name, Qualifier: qualifier}
}

// Version is a configuration and code that can be run: $LATEST, or one that was
// published and changes no more.
type Version struct {
	wire.Scope
	Function      string
	Version       string // "$LATEST", "1"
	Runtime       string
	Role          string
	Handler       string
	Description   string
	Timeout       int32 // seconds
	Memory        int32 // MB
	Code          Code
	Environment   []byte // sealed; nil: none
	Layers        []LayerUse
	DeadLetter    string // ARN; empty: none
	KMSKey        string
	Tracing       string
	Architectures []string
	Storage       int32 // MB of /tmp
	SnapStart     string
	Logging       api.LoggingConfig
	Modified      time.Time
	Revision      string
}

// Code is a deployment package in the engine's blobs, or a folder of this
// machine that is run as it is.
type Code struct {
	Digest engine.Digest
	Folder string // absolute path; empty: Digest says what it is
	Size   int64  // zipped, bytes
	SHA256 string // base64
	Total  int64  // unzipped, bytes
}

// LayerUse is a layer as a version uses it: it stays also when the layer is deleted.
type LayerUse struct {
	ARN  string
	Code Code
}

// Named is its name.
func (v *Version) Named() Name {
	return Name{Scope: v.Scope, Function: v.Function, Qualifier: v.Version}
}

// Touch gives a configuration that was changed its marks.
func (v *Version) Touch(now time.Time) {
	v.Modified, v.Revision = now, uuid.NewString()
}
