package runtimes_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/services/lambda/runtimes"
)

func newHost(t *testing.T) *runtimes.Host {
	t.Helper()
	h, err := runtimes.New(filepath.Join(t.TempDir(), "runtime"), filepath.Join(t.TempDir(), "cache"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestParse(t *testing.T) {
	for name, want := range map[string]runtimes.Runtime{
		"nodejs22.x":      {Name: "nodejs22.x", Family: runtimes.Node, Version: "22"},
		"python3.12":      {Name: "python3.12", Family: runtimes.Python, Version: "3.12"},
		"provided.al2023": {Name: "provided.al2023", Family: runtimes.Program},
		"go1.x":           {Name: "go1.x", Family: runtimes.Program},
	} {
		if got, ok := runtimes.Parse(name); !ok || got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	for _, name := range []string{"java21", "ruby3.3", "dotnet8", "", "x"} {
		if got, ok := runtimes.Parse(name); ok {
			t.Errorf("%s can be run: %+v", name, got)
		}
	}
}

func TestWhatIsMissingIsNamedWithItsRemedy(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	h := newHost(t)
	for name, missing := range map[string]string{"nodejs20.x": "node", "python3.11": "python3"} {
		r, _ := runtimes.Parse(name)
		_, err := h.Find(t.Context(), r)
		e, ok := errors.AsType[*runtimes.Error](err)
		if !ok || e.Missing != missing || !strings.HasPrefix(err.Error(), name+" needs "+missing+": it was not found in PATH. Install ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, s := range h.List(t.Context()) {
		if s.Family != runtimes.Program && (s.Problem == "" || s.Program != "") {
			t.Errorf("%+v", s)
		}
	}
}

// TestSDKs asks what is provided for code, on a machine that cannot install
// anything: what is wanted shows in the error.
func TestSDKs(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, c := range []struct {
		says, runtime string
		files         map[string]string
		missing       string // empty: nothing is wanted
	}{
		{"an import", "nodejs20.x", map[string]string{"index.mjs": `import { S3Client } from "@aws-sdk/client-s3";`}, "@aws-sdk/client-s3"},
		{"an import as bundlers write it", "nodejs20.x", map[string]string{"index.mjs": `import{S3Client as a}from"@aws-sdk/client-s3";import"@smithy/core/cbor"`}, "@aws-sdk/client-s3, @smithy/core"},
		{"require", "nodejs22.x", map[string]string{"src/x.js": `const { a } = require('@aws-sdk/lib-dynamodb');`}, "@aws-sdk/lib-dynamodb"},
		{"import()", "nodejs20.x", map[string]string{"index.cjs": "await import(`@aws-sdk/client-sqs`)"}, "@aws-sdk/client-sqs"},
		{"a comment of a bundler", "nodejs20.x", map[string]string{"index.js": "// node_modules/@aws-sdk/client-s3/dist/x.js\nvar s = '@aws-sdk/client-s3';"}, ""},
		{"what the package brings", "nodejs20.x", map[string]string{"index.js": `require('@aws-sdk/client-s3')`, "node_modules/@aws-sdk/client-s3/package.json": "{}"}, ""},
		{"version 2 on an old runtime", "nodejs16.x", map[string]string{"index.js": `require('aws-sdk/clients/s3'); require('@aws-sdk/client-s3')`}, "aws-sdk"},
		{"version 2 on a new runtime, which does not bring it", "nodejs20.x", map[string]string{"index.js": `require('aws-sdk')`}, ""},
		{"boto3", "python3.11", map[string]string{"app/deep.py": "from boto3 import client"}, "boto3"},
		{"botocore", "python3.11", map[string]string{"app.py": "import botocore.exceptions"}, "boto3"},
		{"boto3 in the package", "python3.11", map[string]string{"app.py": "import boto3", "boto3/__init__.py": ""}, ""},
		{"no SDK at all", "python3.11", map[string]string{"app.py": "import json"}, ""},
		{"a program", "provided.al2023", map[string]string{"bootstrap": "@aws-sdk/client-s3 boto3"}, ""},
	} {
		t.Run(c.says, func(t *testing.T) {
			h, task := newHost(t), t.TempDir()
			for name, text := range c.files {
				file := filepath.Join(task, name)
				if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			r, _ := runtimes.Parse(c.runtime)
			dir, err := h.Provide(t.Context(), r, runtimes.Interpreter{Path: "python3", Version: "3.11.7"}, task, filepath.Join(task, "opt"), func(string) {})
			if c.missing == "" {
				if err != nil || dir != "" {
					t.Errorf("%v, %q; want nothing", err, dir)
				}
				return
			}
			e, ok := errors.AsType[*runtimes.Error](err)
			if !ok || e.Missing != c.missing || !strings.Contains(err.Error(), "signalbox runtimes install "+c.runtime) {
				t.Errorf("%v; want %s", err, c.missing)
			}
		})
	}
}
