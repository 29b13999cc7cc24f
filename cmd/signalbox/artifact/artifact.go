// Package artifact brings the local code that a CloudFormation template refers
// to where stacks find it, as `aws cloudformation package` does with S3.
//
//	template ── places ──► path ── folder: zip, Go: build first ──► Send ──► reference in its place
//	                            └─ zip file ──────────────────────┘
//
// A place is a property in which CloudFormation wants a reference to an object
// of S3, and the template has a path, relative to its own folder: Code of an
// AWS::Lambda::Function and Content of an AWS::Lambda::LayerVersion.
//
// It promises that the same files make the same package, byte for byte, so that
// a stack whose code has not changed is not changed; that nothing of the
// template but the places is another; and that a template without places is
// returned as it is.
package artifact

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Package is a package that was made.
type Package struct {
	Resources []string // logical ids of those that refer to it
	Path      string   // as the template has it
	Size      int64    // bytes
	Built     bool     // it is a program that was built of the path's Go code
}

// Packer makes packages.
type Packer struct {
	Dir string // what paths are relative to: the folder of the template
	// Send uploads a package and says where it is.
	Send func(ctx context.Context, zip []byte) (bucket, key string, err error)
	// Tell is called with the path of each program before it is built; nil
	// tells nobody.
	Tell func(path string)
}

// Pack replaces the local paths in a template by references to packages.
func (p *Packer) Pack(ctx context.Context, template string) (string, []Package, error) {
	doc, err := read(template)
	if err != nil || len(doc.places) == 0 {
		// What cannot be read the server refuses, with the right words.
		return template, nil, nil
	}
	var made []Package
	sent := map[order]reference{}
	for _, at := range doc.places {
		o := order{at.path, at.program()}
		ref, ok := sent[o]
		if !ok {
			if ref, err = p.send(ctx, at); err != nil {
				return "", nil, fmt.Errorf("%s of %s: %w", at.property, at.resource, err)
			}
			ref.index = len(made)
			made = append(made, Package{Path: at.path, Size: ref.size, Built: ref.built})
			sent[o] = ref
		}
		made[ref.index].Resources = append(made[ref.index].Resources, at.resource)
		if err := doc.set(at, map[string]string{"S3Bucket": ref.bucket, "S3Key": ref.key}); err != nil {
			return "", nil, err
		}
	}
	text, err := doc.text()
	return text, made, err
}

// order is what is packed once, however many refer to it.
type order struct {
	path    string
	program bool
}

type reference struct {
	bucket, key string
	size        int64
	built       bool
	index       int // in the packages made
}

func (p *Packer) send(ctx context.Context, at place) (ref reference, err error) {
	path := at.path
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.Dir, path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return ref, missing(at.path, err)
	}
	var content []byte
	switch {
	case info.IsDir() && at.program() && hasProgram(path):
		if p.Tell != nil {
			p.Tell(at.path)
		}
		ref.built = true
		content, err = build(ctx, path)
	case info.IsDir() && at.wantsBootstrap() && !exists(filepath.Join(path, "bootstrap")):
		return ref, fmt.Errorf("the folder %s has neither a file bootstrap nor a Go program (package main) to build one from", at.path)
	case info.IsDir():
		content, err = zipFolder(path)
	default:
		content, err = zipFile(path)
	}
	if err != nil {
		return ref, err
	}
	ref.size = int64(len(content))
	ref.bucket, ref.key, err = p.Send(ctx, content)
	return ref, err
}

func missing(path string, err error) error {
	if os.IsNotExist(err) {
		return fmt.Errorf("there is no file or folder %s beside the template", path)
	}
	return err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// properties are those that hold places, by their resources' types.
var properties = map[string]string{functionType: "Code", "AWS::Lambda::LayerVersion": "Content"}

const functionType = "AWS::Lambda::Function"

// place is a property that has a path.
type place struct {
	resource, kind, property string
	path                     string
	runtime                  string // of a function; "" where the template works it out
	at                       value
}

// program tells whether Go code at the place is built: wherever the runtime is
// not one of another language.
func (p place) program() bool {
	return p.kind == functionType && (p.runtime == "" || p.wantsBootstrap())
}

// wantsBootstrap tells whether the package must have a program.
func (p place) wantsBootstrap() bool {
	return p.kind == functionType && (strings.HasPrefix(p.runtime, "provided") || p.runtime == "go1.x")
}

// local tells whether a text is a path, and no address.
func local(text string) bool {
	return text != "" && !slices.ContainsFunc([]string{"s3://", "http://", "https://"}, func(p string) bool { return strings.HasPrefix(text, p) })
}
