package main

import (
	"os/exec"
	"strings"
	"testing"
)

func TestBashCompletesVerbsFlagsAndTheirValues(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	script, err := signalbox(t, "completion", "bash").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"signalbox ":               "serve ls tail trace explain logs runtimes deploy invoke send redrive coverage completion version --help",
		"signalbox tr":             "trace",
		"signalbox trace --o":      "--output",
		"signalbox trace --":       "--why --output --color --endpoint --region --account --help",
		"signalbox serve --auth ":  "development required",
		"signalbox ls -o j":        "json",
		"signalbox completion ":    "bash zsh fish",
		"signalbox serve --auth r": "required",
	} {
		c := exec.Command(bash, "-c", string(script)+`
IFS=' ' read -ra COMP_WORDS <<<"$1"
[[ $1 == *' ' ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]}-1))
_signalbox
echo "${COMPREPLY[@]}"`, "bash", line)
		got, err := c.Output()
		if err != nil || strings.TrimSpace(string(got)) != want {
			t.Errorf("%q is completed to %q, not %q: %v", line, strings.TrimSpace(string(got)), want, err)
		}
	}
}
