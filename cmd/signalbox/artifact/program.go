package artifact

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// hasProgram tells whether a folder is that of a Go program.
func hasProgram(folder string) bool {
	files, _ := filepath.Glob(filepath.Join(folder, "*.go")) // the pattern is sound, or else the folder's name is odd and it is none
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly)
		if err == nil && file.Name.Name == "main" {
			return true
		}
	}
	return false
}

// build builds the Go program of a folder as a function's bootstrap, for this
// machine, where functions run as processes; GOOS and GOARCH say otherwise.
func build(ctx context.Context, folder string) ([]byte, error) {
	out, err := os.MkdirTemp("", "signalbox-build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(out)
	// Where it lies and what was committed must not change the program.
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-tags=lambda.norpc", "-o", filepath.Join(out, "bootstrap"), ".")
	c.Dir = folder
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	text, err := c.CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, fmt.Errorf("building %s: Go is not installed (https://go.dev/dl); a zip file with the program as bootstrap can be given instead", folder)
	case err != nil:
		return nil, fmt.Errorf("building %s: %w\n%s", folder, err, strings.TrimRight(string(text), "\n"))
	}
	return zipFolder(out)
}
