// Package expr is DynamoDB's expressions: conditions and filters, key
// conditions, projections and updates, as the developer guide's page
// "Expressions in DynamoDB" gives them, and the older members that say the same.
//
//	text ──scan──► tokens ──parse──► tree ──check──► Condition | Projection | Update
//
// The placeholders of a request are a [Params]; names and values are filled in
// while parsing, and each use is noted, so that those that no expression uses
// are found. The results know nothing of tables; they are applied to items.
//
// It promises that an expression that parses can be applied to every item: what
// can still go wrong is what the item itself holds, and only an [Update] tells
// that by an error. Items and values are never changed, but copied where they
// change. Errors are DynamoDB's, word for word.
package expr
