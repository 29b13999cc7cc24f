package message

import (
	"math/big"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/sqs/refuse"
	"github.com/signalbox/signalbox/wire"
)

// MaxAttributes is how many attributes a message can have.
const MaxAttributes = 10

// Attribute is one message attribute.
type Attribute struct {
	Name, Type string
	Binary     bool
	Value      string // the bytes, where it is binary
}

// Value is an attribute's value as a sender gives it: at most one of the three.
type Value struct {
	Type  *string
	Text  *string
	Bytes []byte
	List  bool // there are lists of values, which the API names and SQS does not take
}

// ReadAttribute validates a message attribute (developer guide, page
// sqs-message-metadata). Errors are InvalidParameterValue,
// InvalidMessageContents and UnsupportedOperation.
func ReadAttribute(name string, v Value) (Attribute, error) {
	a := Attribute{Name: name}
	if err := checkName(name); err != nil {
		return Attribute{}, err
	}
	if v.List {
		return Attribute{}, wire.Errorf("UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported.")
	}
	if err := a.read("user", v); err != nil {
		return Attribute{}, err
	}
	return a, nil
}

// ReadSystem validates a system attribute, which has to be text. Such
// attributes do not count towards the message's size.
func ReadSystem(name string, v Value) (Attribute, error) {
	a := Attribute{Name: name}
	if err := a.read("system", v); err != nil {
		return Attribute{}, err
	}
	if a.Binary {
		return Attribute{}, refuse.Invalidf("The message system attribute '%s' must be of type String.", a.Name)
	}
	return a, nil
}

// Size is what the attribute counts towards the message's size, in bytes: name,
// type and value.
func (a *Attribute) Size() int { return len(a.Name) + len(a.Type) + len(a.Value) }

// read takes the value that the attribute's type asks for.
func (a *Attribute) read(whose string, v Value) error {
	if v.Type != nil {
		a.Type = *v.Type
	}
	base, label, _ := strings.Cut(a.Type, ".")
	if (base != "String" && base != "Number" && base != "Binary") || len(a.Type) > 256 || strings.ContainsFunc(label, func(r rune) bool { return r < ' ' || r > '~' }) {
		if a.Type == "" {
			return refuse.Invalidf("The message attribute '%s' must contain a non-empty message attribute type.", a.Name)
		}
		return refuse.Invalidf("The type of message (%s) attribute '%s' is invalid. You must use only the following supported type prefixes: Binary, Number, String.", whose, a.Name)
	}
	empty := func() error {
		return refuse.Invalidf("Message (%s) attribute '%s' must contain a non-empty value of type '%s'.", whose, a.Name, base)
	}
	if base == "Binary" {
		if len(v.Bytes) == 0 {
			return empty()
		}
		a.Binary, a.Value = true, string(v.Bytes)
		return nil
	}
	if v.Text == nil || *v.Text == "" {
		return empty()
	}
	if !ValidText(*v.Text) {
		return wire.Errorf(codeInvalidContents, "Invalid characters found in the value of message attribute '%s'. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF", a.Name)
	}
	if base == "Number" {
		if _, _, err := big.ParseFloat(*v.Text, 10, 128, big.ToNearestEven); err != nil || strings.ContainsAny(*v.Text, "_nN") {
			return refuse.Invalidf("Can't cast the value of message (%s) attribute '%s' to a number.", whose, a.Name)
		}
	}
	a.Value = *v.Text
	return nil
}

func checkName(name string) error {
	lower := strings.ToLower(name)
	switch {
	case name == "" || len(name) > 256:
		return refuse.Invalidf("Length of message attribute name must be between 1 and 256 bytes.")
	case strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon."):
		return refuse.Invalidf("You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use.")
	case name[0] == '.' || name[len(name)-1] == '.' || strings.Contains(name, ".."):
		return refuse.Invalidf("Invalid use of periods in message attribute name '%s'.", name)
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return refuse.Invalidf("Invalid non-alphanumeric character '#x%X' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.", c)
		}
	}
	return nil
}

// Choose picks the attributes that names ask for: by name, by prefix (bar.*),
// or all (All, .*, *).
func Choose(all []Attribute, names []string) (chosen []Attribute) {
	for _, a := range all {
		if slices.ContainsFunc(names, func(name string) bool {
			prefix, isPrefix := strings.CutSuffix(name, "*")
			prefix = strings.TrimSuffix(prefix, ".")
			return name == "All" || name == a.Name || isPrefix && strings.HasPrefix(a.Name, prefix)
		}) {
			chosen = append(chosen, a)
		}
	}
	return chosen
}
