package artifact

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// lay writes the files of an archive into a folder.
func lay(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// store counts and keeps what is sent; keys are k1, k2 …
type store struct{ sent [][]byte }

func (s *store) send(_ context.Context, content []byte) (string, string, error) {
	s.sent = append(s.sent, content)
	return "b", "k" + string(rune('0'+len(s.sent))), nil
}

// names are the files of a package, with * behind those that can be executed.
func names(t *testing.T, content []byte) string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range r.File {
		name := f.Name
		if f.Mode()&0o111 != 0 {
			name += "*"
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

func pack(t *testing.T, dir, template string) (string, []Package, *store, error) {
	t.Helper()
	s := &store{}
	text, made, err := (&Packer{Dir: dir, Send: s.send}).Pack(t.Context(), template)
	return text, made, s, err
}

func TestPathsInTemplatesBecomeReferences(t *testing.T) {
	dir := lay(t, "-- py/app.py --\nx\n-- py/lib/x.py --\ny\n-- one.js --\nexports\n")
	cases := map[string]struct{ template, want string }{
		"in YAML, with all else as it was": {
			template: "# orders\nResources:\n  A:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: ./py # here\n      Runtime: python3.12\n      Role: !GetAtt R.Arn\n",
			want:     "# orders\nResources:\n  A:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: {S3Bucket: b, S3Key: k1} # here\n      Runtime: python3.12\n      Role: !GetAtt R.Arn\n",
		},
		"in JSON, with all else as it was": {
			template: `{"Resources": {"A": {"Type": "AWS::Lambda::Function", "Properties": {"Description": "\"Code\": \\", "Code":	"py" , "X": {"Code": "py"}}}}}`,
			want:     `{"Resources": {"A": {"Type": "AWS::Lambda::Function", "Properties": {"Description": "\"Code\": \\", "Code":	{"S3Bucket":"b","S3Key":"k1"} , "X": {"Code": "py"}}}}}`,
		},
		"once for all that refer to a folder": {
			template: `{"Resources": {"A": {"Type": "AWS::Lambda::Function", "Properties": {"Code": "py"}}, "B": {"Properties": {"Content": "one.js"}, "Type": "AWS::Lambda::LayerVersion"}, "C": {"Type": "AWS::Lambda::Function", "Properties": {"Code": "py"}}}}`,
			want:     `{"Resources": {"A": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Bucket":"b","S3Key":"k1"}}}, "B": {"Properties": {"Content": {"S3Bucket":"b","S3Key":"k2"}}, "Type": "AWS::Lambda::LayerVersion"}, "C": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Bucket":"b","S3Key":"k1"}}}}}`,
		},
		"but references, addresses, functions and other types stay": {
			template: "Resources: {A: {Type: AWS::Lambda::Function, Properties: {Code: {S3Bucket: x, S3Key: y}}}, B: {Type: AWS::Lambda::Function, Properties: {Code: s3://a/b}},\n C: {Type: AWS::Lambda::Function, Properties: {Code: !Ref P}}, D: {Type: My::Own::Type, Properties: {Code: py}}}",
		},
		"but what cannot be read stays, for the server to say why": {template: "Resources: [\n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, _, _, err := pack(t, dir, c.template)
			if err != nil {
				t.Fatal(err)
			}
			if want := c.want; want == "" && got != c.template || want != "" && got != want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestAFolderIsPackedAlikeEachTime(t *testing.T) {
	dir := lay(t, "-- f/app.py --\nx\n-- f/lib/x.py --\ny\n-- f/run.sh --\n#!/bin/sh\n-- shared/z.py --\nz\n")
	if err := os.Chmod(filepath.Join(dir, "f", "run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../shared", filepath.Join(dir, "f", "shared")); err != nil {
		t.Skip(err)
	}
	const template = "Resources: {A: {Type: AWS::Lambda::Function, Properties: {Code: f, Runtime: python3.13}}}"
	_, made, first, err := pack(t, dir, template)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, first.sent[0]), "app.py lib/x.py run.sh* shared/z.py"; got != want {
		t.Errorf("packed %s, want %s", got, want)
	}
	if len(made) != 1 || made[0].Size != int64(len(first.sent[0])) || made[0].Built || made[0].Resources[0] != "A" {
		t.Errorf("told %+v", made)
	}
	if err := os.Chtimes(filepath.Join(dir, "f", "app.py"), time.Unix(0, 0), time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	_, _, again, err := pack(t, dir, template)
	if err != nil || !bytes.Equal(again.sent[0], first.sent[0]) {
		t.Errorf("the same files are another package (%v)", err)
	}
}

func TestAZipFileIsSentAsItIs(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if f, err := w.Create("index.js"); err != nil {
		t.Fatal(err)
	} else if _, err := io.WriteString(f, "exports.handler = 1"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	dir := lay(t, "-- code.zip --\n"+b.String())
	if err := os.WriteFile(filepath.Join(dir, "code.zip"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, s, err := pack(t, dir, "Resources: {A: {Type: AWS::Lambda::Function, Properties: {Code: code.zip}}}")
	if err != nil || !bytes.Equal(s.sent[0], b.Bytes()) {
		t.Errorf("another package was sent (%v)", err)
	}
}

func TestAGoProgramIsBuilt(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("Go is not installed")
	}
	dir := lay(t, "-- fn/go.mod --\nmodule fn\ngo 1.26\n-- fn/main.go --\npackage main\n\nfunc main() {}\n-- fn/README --\nx\n-- bad/go.mod --\nmodule bad\n-- bad/main.go --\npackage main\n\nfunc main() { nothing() }\n-- lib/x.go --\npackage lib\n")
	template := "Resources: {A: {Type: AWS::Lambda::Function, Properties: {Code: DIR, Runtime: RUNTIME}}}"
	cases := map[string]struct{ dir, runtime, want, err string }{
		"for provided runtimes":                        {dir: "fn", runtime: "provided.al2023", want: "bootstrap*"},
		"where the template works out the runtime":     {dir: "fn", runtime: "!Ref R", want: "bootstrap*"},
		"but not for another language's runtime":       {dir: "fn", runtime: "nodejs22.x", want: "README go.mod main.go"},
		"and an error of the compiler is shown":        {dir: "bad", runtime: "provided.al2023", err: "undefined: nothing"},
		"and a folder without a program is told apart": {dir: "lib", runtime: "provided.al2023", err: "the folder lib has neither a file bootstrap nor a Go program"},
		"and a path that is not there":                 {dir: "none", runtime: "provided.al2023", err: "Code of A: there is no file or folder none"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, made, s, err := pack(t, dir, strings.NewReplacer("DIR", c.dir, "RUNTIME", c.runtime).Replace(template))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("the error is %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := names(t, s.sent[0]); got != c.want || made[0].Built != (c.want == "bootstrap*") {
				t.Errorf("packed %s (built: %v), want %s", got, made[0].Built, c.want)
			}
		})
	}
}

func TestAFolderThatLinksToItselfHasNoEndAndIsRefused(t *testing.T) {
	dir := lay(t, "-- f/a --\n")
	if err := os.Symlink("..", filepath.Join(dir, "f", "up")); err != nil {
		t.Skip(err)
	}
	_, _, _, err := pack(t, dir, "Resources: {A: {Type: AWS::Lambda::Function, Properties: {Code: f}}}")
	if err == nil || !strings.Contains(err.Error(), "a link to a folder that it lies in") {
		t.Errorf("the error is %v", err)
	}
}

func FuzzPack(f *testing.F) {
	f.Add("Resources: {A: {Type: AWS::Lambda::Function, Properties: {Code: f}}}")
	f.Add(`{"Resources": {"A": {"Type": "AWS::Lambda::Function", "Properties": {"Code": "\\\"f"}}}}`)
	f.Fuzz(func(t *testing.T, template string) {
		doc, err := read(template)
		if err != nil {
			return
		}
		for _, at := range doc.places {
			if err := doc.set(at, map[string]string{"S3Bucket": "b", "S3Key": "k"}); err != nil {
				t.Fatal(err)
			}
		}
		text, err := doc.text()
		if err != nil || len(doc.places) == 0 {
			return
		}
		again, err := read(text)
		if err != nil || len(again.places) != 0 {
			t.Errorf("%q becomes %q, which has %v (%v)", template, text, again, err)
		}
	})
}
