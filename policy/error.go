package policy

import "fmt"

// Error says why a text is not a policy. Message is worded as IAM words it
// where it has words for the case.
type Error struct {
	Message string
	// Principal is the principal that is no principal, where that is the reason.
	Principal string
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

func malformed(format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...)}
}

var errSyntax = malformed("Syntax errors in policy.")
