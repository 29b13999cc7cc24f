// Package api is the wire form of Amazon EventBridge: the types of its requests
// and answers, its operations, and its errors in AWS's words. The packages that
// implement parts of it meet here; package events puts them together.
package api

//go:generate go run ../../../wire/wiregen
