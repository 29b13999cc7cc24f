package runtimes

import (
	"strings"
)

// Family is what kind of program runs a runtime's functions.
type Family string

// The families that can be run.
const (
	Node    Family = "nodejs"
	Python  Family = "python"
	Program Family = "provided" // the package's own executable
)

// Runtime is a runtime as a function names it.
type Runtime struct {
	Name    string // "nodejs22.x"
	Family  Family
	Version string // "22", "3.12"; empty for programs
}

// Parse reads a runtime's name. ok is false for those that cannot be run here:
// java*, dotnet*, ruby*.
func Parse(name string) (r Runtime, ok bool) {
	switch {
	case strings.HasPrefix(name, "nodejs"):
		version, _, _ := strings.Cut(strings.TrimPrefix(name, "nodejs"), ".")
		return Runtime{name, Node, version}, true
	case strings.HasPrefix(name, "python"):
		return Runtime{name, Python, strings.TrimPrefix(name, "python")}, true
	case name == "provided" || strings.HasPrefix(name, "provided.") || name == "go1.x":
		return Runtime{Name: name, Family: Program}, true
	}
	return Runtime{}, false
}

// NeedsHandler tells whether functions of the runtime name a handler.
func (r Runtime) NeedsHandler() bool { return r.Family != Program || r.Name == "go1.x" }

// ExecutionEnv is what AWS_EXECUTION_ENV says.
func (r Runtime) ExecutionEnv() string {
	if r.Family == Program && r.Name != "go1.x" {
		return ""
	}
	return "AWS_Lambda_" + r.Name
}

// Error says what of a runtime is missing on this machine, and the remedy.
type Error struct {
	Runtime string
	Missing string // "node", "boto3"
	Reason  string
	Remedy  string
}

// Error names the runtime, what is missing, why and the remedy.
func (e *Error) Error() string {
	return e.Runtime + " needs " + e.Missing + ": " + e.Reason + ". " + e.Remedy
}
