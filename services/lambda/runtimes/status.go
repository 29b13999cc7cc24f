package runtimes

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Status is what of a runtime is on this machine.
type Status struct {
	Family  Family
	Program string   // path of the interpreter; empty where it is missing or none is needed
	Version string   // of the interpreter
	SDK     []string // modules in the cache
	Problem string   // what is missing, with the remedy; empty where nothing is
}

// List tells what there is of each family.
func (h *Host) List(ctx context.Context) []Status {
	var all []Status
	for _, r := range []Runtime{{"nodejs", Node, ""}, {"python3", Python, "3"}} {
		s := Status{Family: r.Family}
		i, err := h.Find(ctx, r)
		if err != nil {
			s.Problem = err.Error()
		}
		s.Program, s.Version = i.Path, i.Version
		s.SDK = h.installed(r.Family)
		all = append(all, s)
	}
	return append(all, Status{Family: Program})
}

func (h *Host) installed(f Family) (list []string) {
	for _, set := range cached(filepath.Join(h.cache, string(f))) {
		if f == Python {
			list = append(list, "boto3 (python "+set+")")
			continue
		}
		text, err := os.ReadFile(filepath.Join(h.cache, string(f), set, "package.json"))
		if err != nil {
			continue
		}
		for _, m := range nodeDependency.FindAllStringSubmatch(string(text), -1) {
			list = append(list, m[1]+"@"+m[2])
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// nodeDependency finds the dependencies in a package.json that npm wrote.
var nodeDependency = regexp.MustCompile(`"(@?[a-z0-9./-]+)": "\^([0-9.]+)"`)

// usual are the modules of SDK version 3 that event-driven applications use
// most; what else a package imports is installed at its first use.
var usual = strings.Fields(`
	@aws-sdk/client-apigatewaymanagementapi @aws-sdk/client-cloudwatch @aws-sdk/client-cloudwatch-logs
	@aws-sdk/client-cognito-identity-provider @aws-sdk/client-dynamodb @aws-sdk/client-dynamodb-streams
	@aws-sdk/client-eventbridge @aws-sdk/client-lambda @aws-sdk/client-s3 @aws-sdk/client-scheduler
	@aws-sdk/client-secrets-manager @aws-sdk/client-ses @aws-sdk/client-sesv2 @aws-sdk/client-sfn
	@aws-sdk/client-sns @aws-sdk/client-sqs @aws-sdk/client-ssm @aws-sdk/client-sts
	@aws-sdk/credential-providers @aws-sdk/lib-dynamodb @aws-sdk/lib-storage @aws-sdk/s3-request-presigner
	@aws-sdk/util-dynamodb`)

// Install fills the cache ahead for a runtime ("nodejs22.x", "nodejs",
// "python3.12", "python"), or for all where name is empty.
func (h *Host) Install(ctx context.Context, name string, progress func(string)) error {
	names := []string{name}
	if name == "" {
		names = []string{"nodejs20.x", "python3"}
	}
	for _, name := range names {
		r, ok := Parse(name)
		if !ok {
			return fmt.Errorf("%s cannot be run: there are nodejs*, python*, provided.* and go1.x", name)
		}
		if r.Family == Program {
			continue
		}
		if r.Family == Python && r.Version == "" {
			r.Version = "3"
		}
		i, err := h.Find(ctx, r)
		if err != nil {
			return err
		}
		if r.Family == Python {
			_, err = h.boto3(ctx, r, i, progress)
		} else {
			_, err = h.nodeModules(ctx, r, usual, progress)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
