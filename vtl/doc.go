// Package vtl renders templates in the Velocity Template Language, as API
// Gateway's mapping templates and AppSync's resolvers are written in.
//
//	Parse(text) ──► *Template ── Render(variables, limits) ──► text
//
// A template is parsed once and rendered any number of times, by any number of
// goroutines. It does what Apache Velocity Engine 2 does with the same template
// (its user guide and VTL reference say what), down to which white space goes
// with a directive and to what numbers, lists and maps look like as text; the
// table in testdata is what Velocity itself gave. Methods of strings, numbers,
// lists and maps are those of their Java types that templates are seen to use.
// $velocityCount, which Velocity 2 dropped, is there.
//
// Values in templates are
//
//	nil, bool, string, int64, *big.Int, float64, *List, *Map, Entry, Object
//
// where [Object] is how a host brings in its own: $input, $util, $context.
//
// It promises: no template makes it panic, run for ever or use more memory than
// its limits let it; a template reaches nothing but its variables. What it does
// not have (#parse, #include, #evaluate, block macros, Java reflection) is an
// error that names it.
package vtl
