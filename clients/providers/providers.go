// Package providers finds Terraform's providers on a machine that may have no
// way to the registry.
package providers

import (
	"os"
	"path/filepath"
	"strings"
)

// Dir is the folder that `terraform init -plugin-dir` takes the AWS provider
// from: TF_PLUGIN_DIR, or where one lies below the places that Terraform itself
// looks at, or /opt; empty where there is none.
func Dir() string {
	if dir := os.Getenv("TF_PLUGIN_DIR"); dir != "" {
		return dir
	}
	home, _ := os.UserHomeDir() // without one the others are looked at
	for _, root := range []string{
		"/opt", "/usr/local/share/terraform", "/usr/share/terraform", filepath.Join(home, ".terraform.d"), filepath.Join(home, ".local/share/terraform"),
	} {
		if dir := below(root); dir != "" {
			return dir
		}
	}
	return ""
}

func below(root string) string {
	var found string
	_ = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error { // what cannot be read is left out
		if err != nil || strings.Count(strings.TrimPrefix(path, root), "/") > 8 {
			return filepath.SkipDir
		}
		if strings.HasPrefix(d.Name(), "terraform-provider-aws_v") {
			found = path
			return filepath.SkipAll
		}
		return nil
	})
	dir, _, _ := strings.Cut(found, "/registry.terraform.io/")
	return dir
}
