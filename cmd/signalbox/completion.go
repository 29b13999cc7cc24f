package main

import (
	"fmt"

	"github.com/alecthomas/kong"

	"github.com/signalbox/signalbox/cmd/signalbox/completion"
)

type completionVerb struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help implements [kong.HelpProvider].
func (completionVerb) Help() string {
	return `Examples:

    source <(signalbox completion bash)
    signalbox completion zsh > "${fpath[1]}/_signalbox"
    signalbox completion fish > ~/.config/fish/completions/signalbox.fish`
}

// Run writes the script.
func (v *completionVerb) Run(sys *system, k *kong.Kong) error {
	_, err := fmt.Fprint(sys.out, completion.Script(v.Shell, k.Model))
	return err
}
