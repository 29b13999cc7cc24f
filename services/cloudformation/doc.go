// Package cloudformation is AWS CloudFormation: stacks of resources that
// templates declare, change sets, exports.
//
// A template passes through package template (what it says) and package
// resources (what its types do). An operation on a stack is validated whole
// when it is asked for; then a goroutine of its own takes the resources one after
// the other, in the order of their dependencies. Each step is two durable writes,
// of what is about to be done and of what came of it, each with its stack events:
// an operation that a crash cut off goes on where it stood ([Service.Resume]),
// and the step that was under way is done again.
//
// It promises that a stack operation ends in one of CloudFormation's final
// states, with events that say why; that what a failed creation or update has
// made is deleted or put back, unless told otherwise; and that parameters and
// properties, which may hold secrets, are sealed where they are kept.
//
// Not covered: templates in S3, macros (AWS::Serverless among them), nested
// stacks, stack sets, drift, imports, custom resources, stack policies in force
// (they are kept), and resource types that package resources does not list.
package cloudformation

//go:generate go run ../../wire/wiregen
