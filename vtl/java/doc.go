// Package java is what of Java's library templates get to see: how numbers are
// calculated with, compared and written, how texts are counted, cut and
// compared (in UTF-16), and how Apache Commons and json-smart escape them.
//
// It works on Go's values (string, int64, *big.Int, float64) and keeps no
// state. Package vtl has the methods that templates call made of these.
package java
