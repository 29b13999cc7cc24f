// Package exit says how the command ends: with which code, and for an error,
// what a person can do about it.
package exit

import "fmt"

// The exit codes.
const (
	No          = 1 // it is not so, or it failed
	Usage       = 2 // the command line is wrong
	Unreachable = 3 // the server cannot be reached
)

// Failure is an error with its exit code and what to do about it.
type Failure struct {
	Code int
	Err  error
	Hint string // may be empty
}

// Error is that of Err.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// Failed is the error of what did not come about: code [No].
func Failed(hint, format string, args ...any) error {
	return &Failure{Code: No, Err: fmt.Errorf(format, args...), Hint: hint}
}

// Misused is the error of a wrong command line: code [Usage].
func Misused(hint, format string, args ...any) error {
	return &Failure{Code: Usage, Err: fmt.Errorf(format, args...), Hint: hint}
}
