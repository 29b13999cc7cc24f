package watch

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/signalbox/signalbox/services/lambda/runtimes"
)

// script bundles a handler's file with what it imports; AWS's SDK is the
// runtime's, and what is not found may be a layer's.
func (b *built) script(dir string, list map[string]file, s source, runtime string) error {
	file := filepath.Join(dir, filepath.FromSlash(path.Join(s.root, s.entry)))
	format, extension, banner := api.FormatCommonJS, ".cjs", ""
	if isModule(list, dir, path.Join(s.root, s.entry)) {
		// What is bundled may be CommonJS all the same.
		format, extension = api.FormatESModule, ".mjs"
		banner = "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);"
	}
	r, _ := runtimes.Parse(runtime)
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{file}, Bundle: true, Outfile: s.output + extension, AbsWorkingDir: dir, Metafile: true,
		Platform: api.PlatformNode, Engines: []api.Engine{{Name: api.EngineNode, Version: r.Version}}, Format: format,
		Sourcemap: api.SourceMapInline, Banner: map[string]string{"js": banner},
		External: []string{"@aws-sdk/*", "@smithy/*", "aws-sdk", "aws-lambda"}, Plugins: []api.Plugin{elsewhere},
	})
	if len(result.Errors) > 0 {
		lines := api.FormatMessages(result.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage})
		return errors.New(strings.TrimSpace(strings.Join(lines, "")))
	}
	b.files[s.output+extension] = result.OutputFiles[0].Contents
	for _, e := range nodeExtensions {
		if e != extension {
			b.drop = append(b.drop, s.output+e)
		}
	}
	var meta struct {
		Inputs map[string]struct{} `json:"inputs"`
	}
	if err := json.Unmarshal([]byte(result.Metafile), &meta); err != nil {
		return fmt.Errorf("reading what was bundled: %w", err)
	}
	b.inputs = slices.AppendSeq(b.inputs, maps.Keys(meta.Inputs))
	return nil
}

// isModule tells whether a file is an ECMAScript module, as Node has it: by its
// extension, or by the nearest package.json.
func isModule(list map[string]file, dir, name string) bool {
	switch ext := path.Ext(name); {
	case ext == ".mjs" || ext == ".mts":
		return true
	case ext == ".cjs" || ext == ".cts":
		return false
	}
	for folder := path.Dir(name); ; folder = path.Dir(folder) {
		if _, ok := list[path.Join(folder, "package.json")]; ok {
			var p struct {
				Type string `json:"type"`
			}
			text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(folder), "package.json"))
			return err == nil && json.Unmarshal(text, &p) == nil && p.Type == "module"
		}
		if folder == "." {
			return false
		}
	}
}

// elsewhere leaves packages alone that are not found here: layers and the
// function's package may hold them. Where nothing does, the function fails with
// Node's own error.
var elsewhere = api.Plugin{Name: "elsewhere", Setup: func(p api.PluginBuild) {
	type asked struct{}
	p.OnResolve(api.OnResolveOptions{Filter: `^[^./]`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
		if _, again := a.PluginData.(asked); again || a.Kind == api.ResolveEntryPoint || filepath.IsAbs(a.Path) {
			return api.OnResolveResult{}, nil
		}
		kinds := []api.ResolveKind{api.ResolveJSImportStatement, api.ResolveJSRequireCall, api.ResolveJSDynamicImport, api.ResolveJSRequireResolve}
		if !slices.Contains(kinds, a.Kind) {
			return api.OnResolveResult{}, nil
		}
		found := p.Resolve(a.Path, api.ResolveOptions{ResolveDir: a.ResolveDir, Importer: a.Importer, Kind: a.Kind, PluginData: asked{}})
		if len(found.Errors) > 0 {
			return api.OnResolveResult{Path: a.Path, External: true}, nil
		}
		return api.OnResolveResult{Path: found.Path, External: found.External, Namespace: found.Namespace, Suffix: found.Suffix, PluginData: found.PluginData}, nil
	})
}}
