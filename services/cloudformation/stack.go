package cloudformation

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/wire"
)

// stack is a stack as it is kept.
type stack struct {
	wire.Scope
	ID      string // ARN
	Name    string
	Status  string
	Reason  string    `json:",omitzero"`
	Created time.Time `json:",omitzero"`
	Updated time.Time `json:",omitzero"`
	Deleted time.Time `json:",omitzero"`
	Events  int       // that it has had

	settings
	Protected bool   `json:",omitzero"` // from deletion
	OnFailure string `json:",omitzero"`
	Policy    string `json:",omitzero"` // kept, not enforced
	LastToken string `json:",omitzero"` // ClientRequestToken of the last operation
	ChangeSet string `json:",omitzero"` // the id of the one last executed

	Resources map[string]*resource `json:",omitzero"`
	Outputs   []output             `json:",omitzero"`
	Imports   []string             `json:",omitzero"` // names of exports
	Operation *operation           `json:",omitzero"` // under way
}

// settings are what a stack is made from; an update that fails brings the old
// ones back.
type settings struct {
	Template        string
	Parameters      map[string]string `json:",omitzero"` // bound
	Tags            map[string]string `json:",omitzero"`
	Capabilities    []string          `json:",omitzero"`
	Notifications   []string          `json:",omitzero"`
	RoleARN         string            `json:",omitzero"`
	DisableRollback bool              `json:",omitzero"`
	Minutes         *int32            `json:",omitzero"` // TimeoutInMinutes
	Monitoring      *int32            `json:",omitzero"` // RollbackConfiguration.MonitoringTimeInMinutes
}

// resource is a resource of a stack.
type resource struct {
	Type       string
	ID         string         `json:",omitzero"` // physical; "" while there is none
	Properties map[string]any `json:",omitzero"`
	Attributes map[string]any `json:",omitzero"`
	Tags       map[string]string
	Token      string // in names made up
	Order      int    // higher than those of the resources it depends on
	Status     string
	Reason     string `json:",omitzero"`
	Changed    time.Time
	Deletion   string // policy
	Replace    string // policy
}

type output struct {
	Key, Value          string
	Description, Export string `json:",omitzero"`
}

// Phases of an operation.
const (
	forward  = "forward"  // making and changing
	backward = "backward" // putting back what was changed
	cleanup  = "cleanup"  // deleting what is needed no more
	removal  = "removal"  // deleting everything
)

// operation is what is being done to a stack.
type operation struct {
	ID       string
	Creating bool // the stack is new
	Phase    string
	Token    string // ClientRequestToken
	// Who asked, and how to reach the services in their name.
	Principal, Scheme, Host string

	Before  *before   `json:",omitzero"` // of an update
	Done    []string  `json:",omitzero"` // resources that forward has seen
	Touched []touch   `json:",omitzero"` // in order
	Garbage []garbage `json:",omitzero"`
	Retain  []string  `json:",omitzero"` // resources that a deletion leaves
	Force   bool      `json:",omitzero"` // a deletion leaves what it cannot delete
	Failed  []string  `json:",omitzero"` // resources that could not be deleted
	Final   string    `json:",omitzero"` // status after cleanup or removal
	Why     string    `json:",omitzero"` // reason of the final status
}

// before is what an update started from.
type before struct {
	settings
	Resources map[string]*resource
	Outputs   []output
	Imports   []string
}

// touch is a change that a rollback must take back.
type touch struct{ Resource, How string }

// The ways of touching a resource.
const (
	created  = "created"
	changed  = "changed"
	replaced = "replaced"
)

// garbage is a resource that is deleted in the end.
type garbage struct {
	Name     string
	Resource *resource
	Replaced bool // its UpdateReplacePolicy counts, not its DeletionPolicy
}

// event is a stack event as it is kept.
type event struct {
	ID, Operation, Resource, Physical, Type, Status string
	Reason, Properties, Token                       string `json:",omitzero"`
	At                                              time.Time
}

// clone is a copy that shares nothing.
func (s *stack) clone() (*stack, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return readStack(text)
}

func readStack(text []byte) (*stack, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	s := &stack{}
	if err := dec.Decode(s); err != nil {
		return nil, err
	}
	if s.Resources == nil {
		s.Resources = map[string]*resource{}
	}
	return s, nil
}

func (s *stack) gone() bool { return s.Status == StackStatusDeleteComplete }

// busy says whether an operation is under way.
func (s *stack) busy() bool { return s.Operation != nil }

// remember is what an update may have to bring back.
func (s *stack) remember() *before {
	return &before{settings: s.settings, Resources: maps.Clone(s.Resources), Outputs: s.Outputs, Imports: s.Imports}
}

// backwards lists the resources' names so that each comes before those that it
// depends on.
func (s *stack) backwards() []string {
	names := slices.Collect(maps.Keys(s.Resources))
	slices.SortFunc(names, func(a, b string) int {
		if d := s.Resources[b].Order - s.Resources[a].Order; d != 0 {
			return d
		}
		return strings.Compare(b, a)
	})
	return names
}
