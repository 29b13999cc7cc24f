package main

import (
	"fmt"
	"runtime"

	"github.com/signalbox/signalbox/cmd/signalbox/show"
)

type versionVerb struct {
	show.Format
}

// Run writes.
func (v *versionVerb) Run(sys *system) error {
	if v.JSON() {
		return show.WriteJSON(sys.out, map[string]string{"version": version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH})
	}
	_, err := fmt.Fprintf(sys.out, "signalbox %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
