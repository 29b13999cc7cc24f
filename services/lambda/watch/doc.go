// Package watch puts source code that changes in the place of the code of the
// functions that it belongs to.
//
//	a folder, looked through now and then ── what changed ──► functions that it is the source of
//	   source ── find ──► Node: esbuild bundles the handler's file (TypeScript too)
//	                      Python: as it is
//	                      Go: go build
//	          ──► over the package that the function has ──► Functions.Replace
//
// A function's source is the first of these that there is:
//
//   - a folder of the function's name, anywhere below the watched one, that
//     holds the handler's file (app.py of app.handler, in src/ too), or in Go a
//     program;
//   - the handler's file below the watched folder itself: src/app.ts of the
//     handler src/app.handler.
//
// What a build makes is laid over the package: files of the package that the
// source does not have, such as libraries that were packed with it, stay.
// Folders that hold no source (node_modules, hidden ones) are not looked at.
//
// It promises: code is replaced only by a build that succeeded and that differs
// from the one before; a build that failed is told, in the log and in the
// function's log group, and the code stays; code that was deployed after its
// source was last written is left alone. What becomes of invocations under way
// is Functions' matter.
package watch
