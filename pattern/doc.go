// Package pattern matches events against Amazon EventBridge event patterns.
//
// A pattern is a JSON object shaped like the events it matches, with a list of
// alternatives in place of each value:
//
//	{"source": ["shop.orders"], "detail": {"total": [{"numeric": [">", 100]}]}}
//
// [Parse] checks a pattern, [Pattern.Match] asks one pattern, a [Matcher] asks
// any number of them at once, and [Explain] says why a pattern matches or not.
//
// What a pattern means is what EventBridge makes of it; where its documentation
// and the service differ, the service counts:
//
//   - Numbers are equal by value: 300, 300.0 and 3e2 match each other. Numbers
//     that no double holds exactly are compared by their text.
//   - exists asks for a leaf: a string, number, true, false or null. Empty
//     arrays and objects have none.
//   - anything-but takes any leaf of any type, but there must be one.
//   - Members that lie in an array of objects must be satisfied by one and the
//     same element. Different arrays are independent.
//   - {"exists": false} about a member of an array of objects fails if any
//     element has the member, unless an earlier member of the pattern has bound
//     another element. Earlier is meant in the alphabet, by the whole path.
//   - Paths are joined by dots, in patterns and in events: a member named "a.b"
//     is the member b of a.
//   - Of a member that stands twice in a pattern the last one counts; of one that
//     stands twice in an event both count.
//   - Nothing is matched against members without a name.
package pattern
