// Package partiql reads statements of PartiQL as DynamoDB knows it (developer
// guide, pages ql-reference): SELECT, INSERT, UPDATE, DELETE and EXISTS, with
// literals, parameters and functions. It is pure: it knows no table.
//
//	Parse(text, parameters) ──► Statement ──► Where.Split(key) ──► the key, and the rest
//	                                │
//	                                └──────── Render ──► an expression, its names and values
//
// What a statement asks for is carried out by the item operations, for which the
// conditions and changes are rendered as expressions. Any text is either a
// statement or an error that names the place; none makes it panic.
package partiql
