package main

import (
	"os"
	"testing"

	"github.com/signalbox/signalbox/server"
)

func TestTheCoveragePageIsFresh(t *testing.T) {
	page, err := os.ReadFile("../../docs/coverage.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != coverageMarkdown(server.Coverage()) {
		t.Error("docs/coverage.md is not what the tables say: run make coverage")
	}
}
