package apigateway

import (
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/patch"
	"github.com/signalbox/signalbox/wire"
)

// apply applies patch operations to the structure that target points to.
func apply(target any, operations []PatchOperation, allowed ...string) error {
	all := make([]patch.Operation, len(operations))
	for i, op := range operations {
		all[i] = patch.Operation{Op: op.Op, Path: op.Path, Value: op.Value}
	}
	return patch.Apply(target, all, allowed...)
}

// replacing refuses what is not a replacement, where AWS knows no other operation.
func replacing(operations []PatchOperation) error {
	for _, op := range operations {
		if kind := wire.Value(op.Op); kind != OpReplace {
			return bad("Invalid patch path  '%s' specified for op '%s'. Please choose supported operations", wire.Value(op.Path), kind)
		}
	}
	return nil
}

// whole refuses paths that name a map or list as a whole, and other operations
// than replacements where one value is meant.
func whole(operations []PatchOperation, many ...string) error {
	for _, op := range operations {
		name, _, within := strings.Cut(strings.TrimPrefix(wire.Value(op.Path), "/"), "/")
		switch {
		case slices.Contains(many, name) && !within:
			return bad("Invalid patch path %s", wire.Value(op.Path))
		case !within && wire.Value(op.Op) == OpAdd && name != "authorizationScopes": // whose value says which
			return bad("Invalid patch operation specified. Must be one of: [replace]")
		}
	}
	return nil
}
