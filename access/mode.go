package access

import "fmt"

// Mode says what becomes of what policies do not allow.
type Mode int

const (
	Audit   Mode = iota // it is done, and told
	Enforce             // it is refused
	Off                 // nobody looks
)

// UnmarshalText reads "off", "audit" or "enforce".
func (m *Mode) UnmarshalText(text []byte) error {
	switch string(text) {
	case "off":
		*m = Off
	case "audit":
		*m = Audit
	case "enforce":
		*m = Enforce
	default:
		return fmt.Errorf("%q is not a mode of IAM: it is off, audit or enforce", text)
	}
	return nil
}

// String is the mode's name, as UnmarshalText reads it.
func (m Mode) String() string {
	return [...]string{"audit", "enforce", "off"}[m]
}
