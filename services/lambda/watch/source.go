package watch

import (
	"path"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/lambda/runtimes"
)

// source is where a function's code comes from. Paths have slashes and are
// relative to the watched folder.
type source struct {
	family runtimes.Family
	root   string // the folder that is the package's root
	entry  string // file of the handler below root, or "" for a program in root
	output string // what the entry's file is called in the package, without extension
}

// Extensions of handlers' files, the one that the others are made from first.
var (
	nodeExtensions   = []string{".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs"}
	pythonExtensions = []string{".py"}
)

// module is the path of the handler's file without its extension.
func module(r runtimes.Runtime, handler string) string {
	dir, base := path.Split(handler)
	switch r.Family {
	case runtimes.Node:
		base, _, _ = strings.Cut(base, ".")
	case runtimes.Python:
		if at := strings.LastIndexByte(base, '.'); at >= 0 {
			base = strings.ReplaceAll(base[:at], ".", "/")
		}
	}
	return path.Clean(dir + base)
}

// find finds the source of a function among the files.
func find(list map[string]file, own string, f Function) (source, bool) {
	r, ok := runtimes.Parse(f.Runtime)
	if !ok {
		return source{}, false
	}
	best, found := source{}, false
	for _, root := range named(list, own, f.Name) {
		for _, below := range []string{"", "src"} {
			s, ok := at(list, r, f.Handler, path.Join(root, below))
			if ok && (!found || s.rank() < best.rank()) {
				best, found = s, true
			}
		}
	}
	if found {
		return best, true
	}
	if r.Family == runtimes.Program {
		return source{}, false // bootstrap is everyone's handler
	}
	return at(list, r, f.Handler, "")
}

// at is the source that has its root in a folder.
func at(list map[string]file, r runtimes.Runtime, handler, root string) (source, bool) {
	if r.Family == runtimes.Program {
		for name := range list {
			if path.Dir(name) == path.Clean("./"+root) && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
				return source{family: r.Family, root: root}, true
			}
		}
		return source{}, false
	}
	extensions := nodeExtensions
	if r.Family == runtimes.Python {
		extensions = pythonExtensions
	}
	m := module(r, handler)
	for _, e := range extensions {
		if _, ok := list[path.Join(root, m+e)]; ok {
			return source{family: r.Family, root: root, entry: m + e, output: m}, true
		}
	}
	return source{}, false
}

// rank is lower for what others may have been made from: TypeScript before what
// a compiler made of it.
func (s source) rank() int { return slices.Index(nodeExtensions, path.Ext(s.entry)) }

// named are the folders of a name, those that lie highest first; own is the name
// of the watched folder itself.
func named(list map[string]file, own, name string) []string {
	var folders []string
	if own == name {
		folders = append(folders, "")
	}
	for file := range list {
		parts := strings.Split(file, "/")
		for i, p := range parts[:len(parts)-1] {
			if p == name {
				folders = append(folders, strings.Join(parts[:i+1], "/"))
			}
		}
	}
	slices.SortFunc(folders, func(a, b string) int {
		if d := strings.Count(a, "/") - strings.Count(b, "/"); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(folders)
}

// concerns tells whether a change of a file may change what is built.
func (s source) concerns(name string) bool {
	below := s.root == "" || strings.HasPrefix(name, s.root+"/")
	switch ext := path.Ext(name); s.family {
	case runtimes.Program:
		return below || ext == ".go" || path.Base(name) == "go.mod" || path.Base(name) == "go.sum"
	case runtimes.Python:
		return below
	default:
		return below || slices.Contains(nodeExtensions, ext) || ext == ".json"
	}
}
