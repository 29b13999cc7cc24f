// Package item is what a table holds: items, their attributes' values, and the
// rules about them that do not depend on any table.
//
//	JSON of a request ──Parse──► Item ──AppendJSON──► JSON that is stored and answered
//	                              │
//	                              └──AppendKey──► bytes in the order of the values
//
// It promises that a parsed value keeps DynamoDB's rules: exactly one data type
// for each value, numbers of at most 38 digits in canonical form, sets without
// duplicates, at most 32 levels; that the JSON form of equal items is the same
// bytes; and that keys compare as their values do, and can be read back.
//
// The rules are those of the developer guide's pages "Supported data types and
// naming rules" and "DynamoDB item sizes and formats".
package item
