// Package items is the item operations of DynamoDB: they are put, read, changed,
// and looked for, one by one, in batches and in transactions. With the tables of
// package dynamodb, which it takes, it is the whole API.
//
// A request's members are checked against each other and against the table, in
// DynamoDB's words and, as far as they are known, in its order; package expr
// makes conditions, projections and updates of its expressions; package table
// reads or writes, each write being one step of the engine's group commit:
//
//	UpdateItem ── names, values, expressions ── key ──► table.Write ──► answer, durable
//	Query ── key condition, filter, projection ──────► table.Read  ──► a page
//
// A request that is refused has changed nothing. The writes of a transaction are
// done all or none, once for each client token.
package items

import (
	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/wire"
)

// Service implements [dynamodb.API].
type Service struct{ *dynamodb.Service }

var _ dynamodb.API = (*Service)(nil)

// New adds items to tables.
func New(tables *dynamodb.Service) *Service { return &Service{tables} }

const badParameter = "One or more parameter values were invalid: "

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf(wire.CodeValidation, format, args...)
}
