package transform

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"
)

// Bounds that AWS's API gives, in characters and entries.
const (
	MaxTemplate = 8192    // Input, InputTemplate
	MaxPath     = 256     // InputPath, and the values of InputPathsMap
	MaxPaths    = 100     // entries of InputPathsMap
	MaxOutput   = 6 << 20 // bytes that a template may make; the largest that any target takes
)

// The reasons why Apply fails. Each is final: the same event fails again.
var (
	// ErrNoValue: the event has nothing where InputPath points.
	ErrNoValue = errors.New("the event has no value at the target's InputPath")
	// ErrNotJSON: the template makes broken JSON of this event.
	ErrNotJSON = errors.New("the input template makes no valid JSON of this event")
	// ErrTooLarge: the result would have more than MaxOutput bytes.
	ErrTooLarge = errors.New("the target's input is too large")
)

// Spec is what a rule's target says of its input. At most one of Input,
// InputPath and Template may be set; with none the target gets the event as it
// is. See API_Target and API_InputTransformer in AWS's API reference.
type Spec struct {
	TargetID  string            // for the errors, which name it
	Input     *string           // a JSON text that replaces the event
	InputPath *string           // the part of the event that the target gets
	PathsMap  map[string]string // InputTransformer.InputPathsMap
	Template  *string           // InputTransformer.InputTemplate
}

// Error is why a Spec or a pipe's template was refused, in AWS's words: the
// message of a ValidationException. Unwrap tells more where there is more.
type Error struct {
	Message string
	Cause   error
}

func (e *Error) Error() string { return e.Message }

// Unwrap is what is wrong in detail, or nil.
func (e *Error) Unwrap() error { return e.Cause }

func refuse(cause error, format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...), Cause: cause}
}

// Facts are what AWS's own variables stand for. A rule's target needs the
// first three, a pipe's template the others and Ingested.
type Facts struct {
	RuleARN  string
	RuleName string
	Ingested time.Time // when the bus, or the pipe's transformer, got the event

	PipeARN       string
	PipeName      string
	SourceARN     string
	EnrichmentARN string
	TargetARN     string
}

// Transformer turns events into a target's input. The nil Transformer and the
// zero Transformer pass events on as they are.
type Transformer struct {
	constant []byte
	path     *Path
	template *template
	pipe     bool
}

// New checks a target's Spec and compiles it. Its errors are of type *Error.
func New(spec Spec) (*Transformer, error) {
	set := 0
	for _, is := range [...]bool{spec.Input != nil, spec.InputPath != nil, spec.Template != nil || spec.PathsMap != nil} {
		if is {
			set++
		}
	}
	if set > 1 {
		return nil, refuse(nil, "Only one of Input, InputPath, or InputTransformer must be provided for target %s.", spec.TargetID)
	}
	switch {
	case spec.Input != nil:
		return newConstant(spec)
	case spec.InputPath != nil:
		path, err := parseInputPath(spec.TargetID, *spec.InputPath)
		if err != nil {
			return nil, err
		}
		return &Transformer{path: &path}, nil
	case set == 1:
		return newTemplate(spec)
	}
	return &Transformer{}, nil
}

func newConstant(spec Spec) (*Transformer, error) {
	text := *spec.Input
	if n := utf8.RuneCountInString(text); n > MaxTemplate {
		return nil, tooLong("input", MaxTemplate)
	}
	if err := checkValue([]byte(text)); err != nil {
		return nil, refuse(err, "JSON syntax error in input for target %s: %s", spec.TargetID, source(text, err))
	}
	return &Transformer{constant: []byte(text)}, nil
}

// source is how AWS's messages quote a text and tell where it is wrong.
func source(text string, err error) string {
	var at *syntaxError
	if !errors.As(err, &at) {
		return err.Error()
	}
	return fmt.Sprintf(`[Source: (String)"%s"; line: %d, column: %d]`, text, at.line, at.column)
}

func tooLong(member string, most int) error {
	return refuse(nil, "1 validation error detected: Value at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", member, most)
}

func parseInputPath(target, text string) (Path, error) {
	if utf8.RuneCountInString(text) > MaxPath {
		return Path{}, tooLong("inputPath", MaxPath)
	}
	path, err := ParsePath(text)
	if err != nil {
		return Path{}, refuse(err, "InputPath for target %s is invalid.", target)
	}
	return path, nil
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// parsePaths reads InputPathsMap, in the order of the names so that of several
// errors it is always the same that is told.
func parsePaths(spec Spec) (map[string]Path, error) {
	if len(spec.PathsMap) > MaxPaths {
		return nil, tooLong("inputTransformer.inputPathsMap", MaxPaths)
	}
	names := make([]string, 0, len(spec.PathsMap))
	for name := range spec.PathsMap {
		names = append(names, name)
	}
	slices.Sort(names)
	paths := make(map[string]Path, len(names))
	for _, name := range names {
		if !nameForm.MatchString(name) {
			return nil, refuse(nil, "1 validation error detected: Value at 'inputTransformer.inputPathsMap' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [A-Za-z0-9\\_\\-]+]")
		}
		path, err := parseInputPath(spec.TargetID, spec.PathsMap[name])
		if err != nil {
			return nil, err
		}
		paths[name] = path
	}
	return paths, nil
}

func newTemplate(spec Spec) (*Transformer, error) {
	if spec.Template == nil {
		return nil, refuse(nil, "1 validation error detected: Value null at 'inputTransformer.inputTemplate' failed to satisfy constraint: Member must not be null")
	}
	text := *spec.Template
	if text == "" {
		return nil, refuse(nil, "1 validation error detected: Value at 'inputTransformer.inputTemplate' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	if utf8.RuneCountInString(text) > MaxTemplate {
		return nil, tooLong("inputTransformer.inputTemplate", MaxTemplate)
	}
	paths, err := parsePaths(spec)
	if err != nil {
		return nil, err
	}
	t, err := compile(text, func(name string) (variable, Path, bool, error) {
		if path, ok := paths[name]; ok {
			return byPath, path, true, nil
		}
		v, ok := ruleVariables[name]
		if !ok {
			return 0, Path{}, false, refuse(nil, "InputTemplate for target %s contains invalid placeholder %s.", spec.TargetID, name)
		}
		return v, Path{}, true, nil
	}, false)
	if err != nil {
		if refused := (*Error)(nil); errors.As(err, &refused) {
			return nil, err
		}
		return nil, refuse(err, "Invalid InputTemplate for target %s : %s.", spec.TargetID, source(text, err))
	}
	for _, p := range t.parts {
		if p.variable == wholeJSON && !t.object {
			return nil, refuse(nil, "InputTemplate for target %s contains placeholder aws.events.event.json valid only for JSON template.", spec.TargetID)
		}
	}
	return &Transformer{template: t}, nil
}
