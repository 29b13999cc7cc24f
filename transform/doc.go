// Package transform makes a target's input out of an event: the Input,
// InputPath and InputTransformer of a rule's target, and the InputTemplate of
// a pipe.
//
// A [Spec] or a template is checked and compiled once, when the target is put
// ([New], [NewPipe]); [Transformer.Apply] then turns each event into the bytes
// that the target gets. Apply reads the event once, whatever the number of
// variables, decodes nothing into maps, and copies slices of the event into
// the caller's buffer. A Transformer never changes, so any number of
// goroutines may use it.
//
// # What it promises
//
// If the event is valid JSON, so is what Apply appends for a template that is
// an object; where AWS would have made broken JSON of it (and then does not
// deliver the event) Apply fails with an error that says which variable is to
// blame. No error is worth a retry: the same event fails again. Time and
// memory are bounded: the event's length times the number of variables, and
// [MaxOutput].
//
// # Paths
//
// A path ([Path]) is what the user guide's page "Amazon EventBridge input
// transformation" lists as supported:
//
//	$                        the whole event
//	$.detail-type            a member; dashes, underscores, slashes need no quotes
//	$.detail.items[0].id     an element of an array, counted from 0
//	$.detail.items[*].id     all that match, as an array; also $.detail.*
//
// PutTargets at AWS refuses quoted brackets ($.detail['key']) and paths that do
// not begin with $. Filters, slices, unions, negative indices, functions and
// recursive descent (..) are no part of that list; they are refused too. Of a
// doubled member the last one counts, as in event patterns.
//
// # Templates
//
// A variable <name> is a path of InputPathsMap or one of AWS's own
// (<aws.events.rule-arn>, <aws.events.rule-name>,
// <aws.events.event.ingestion-time>, <aws.events.event>,
// <aws.events.event.json>). What becomes of it depends on where it stands. With
// s the string say "hi", n the number 5, o the object {"k": ["v"]} and m
// missing from the event:
//
//	template                 result
//	{"a": <s>, "b": <n>}     {"a":"say \"hi\"","b":5}      quotes are added to strings only
//	{"a": "is <s>, <n>"}     {"a":"is say \"hi\", 5"}      no second pair of quotes, escaped
//	{"a": <o>}               {"a":{"k":["v"]}}
//	{"a": "<o>"}             an error: AWS does not deliver this
//	"o is <o>"               "o is {k:[v]}"                quotes inside are removed
//	<o>                      "{k:[v]}"                     the same: a lone object is a string
//	{"a": <m>, "b": "<m>"}   {"a":"","b":""}
//	"is <m>"                 "is "
//
// White space between the tokens of an object template is dropped, in the
// values as well. A template that is no object must be one or more JSON values,
// most often one quoted string for each line. <aws.events.event> is the event
// without its detail and with detailType in place of detail-type; it and
// <aws.events.event.json>, the whole event, belong into object templates
// outside of quotes.
//
// # Pipes
//
// A pipe's template has paths inline and variables of its own:
//
//	{"eventName": <$.eventName>, "id": <$.dynamodb.NewImage.PK.S>, "by": <aws.pipes.pipe-name>}
//
// The rules are those above, but for three: an object inside quotes loses its
// quotes in every template; a template that is not JSON is plain text, in which
// strings stand undecorated; and a < that begins neither a path nor a variable
// of AWS's is text. What the source delivers encoded (body of a queue's
// message, data of a stream's or broker's record, key and value of Kafka's) is
// decoded first where the event's eventSource tells such a source and the
// content is JSON, so that <$.body.order.id> works.
package transform
