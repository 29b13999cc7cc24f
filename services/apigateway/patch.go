package apigateway

import "github.com/signalbox/signalbox/services/apigateway/patch"

// apply applies patch operations to the structure that target points to.
func apply(target any, operations []PatchOperation, allowed ...string) error {
	all := make([]patch.Operation, len(operations))
	for i, op := range operations {
		all[i] = patch.Operation{Op: op.Op, Path: op.Path, Value: op.Value}
	}
	return patch.Apply(target, all, allowed...)
}
