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
// # What a pattern means
//
// A pattern means what EventBridge makes of it; where its documentation and the
// service differ, the service counts. Operators are those of the user guide's
// page "Comparison operators for use in event patterns". In the corners:
//
//   - Numbers are equal by value: 300, 300.0 and 3e2 match each other. Numbers
//     that no double holds exactly are compared by their text. A number never
//     equals a string.
//   - exists asks for a leaf: a string, number, true, false or null. Empty
//     arrays and objects have none.
//   - anything-but takes any leaf of any type, but there must be one; of an
//     array's elements one that differs suffices.
//   - Members that lie in an array of objects must be satisfied by one and the
//     same element. Different arrays are independent, and arrays in arrays bind
//     each level.
//   - {"exists": false} about a member of an array of objects fails if any
//     element has the member, unless an earlier member of the pattern has bound
//     another element. Earlier is meant in the alphabet, by the whole path, not
//     by where it stands in the pattern.
//   - Paths are joined by dots, in patterns and in events: a member named "a.b"
//     is the member b of a. Members without a name are not looked at.
//   - Of a member that stands twice in a pattern the last one counts; of one that
//     stands twice in an event both count, and two arrays of one path in one
//     element count as one array.
//   - A path may not stand inside a $or and outside of it: EventBridge lets one
//     silently replace the other, Parse refuses it.
//   - A $or that is no list of two or more objects is a member of that name.
//   - Ignoring case, each character of the pattern accepts its own lower-case and
//     upper-case forms: "straße" accepts "STRASSE" but not "strasse".
//   - An exact string that is an IP address matches its other spellings.
//
// # What is bounded
//
// Patterns have at most [MaxSize] bytes; their wildcards are as complex as
// EventBridge lets them be, by the count of event-ruler; a $or may multiply to a
// thousand branches. Events nest at most a thousand levels deep, as in the
// service's JSON parser, counted where patterns look. The time that matching
// takes grows no faster than the event, whatever the event and the patterns.
//
// Match reads no more of an event than it needs: what no pattern looks at is
// only searched for its end, and once no member can matter any more the rest is
// not taken apart. So an event with a fault there may match. Callers who need to
// know that events are good JSON check it elsewhere.
//
// # How it works
//
// The paths that patterns look at form a tree; an event is read once, byte by
// byte, along that tree. For each path there are hash tables of exact values,
// beginnings, endings and folded texts, a tree of numeric ranges, and so on:
// they turn a value into marks, small numbers that stand for "one of these
// alternatives holds". Each branch of a rule is listed under the mark that the
// fewest events have, and looked at only if the event has that mark. All of it
// is immutable and shares what stays the same, so putting a rule beside a
// hundred thousand others copies a few kilobytes, and now and then a table of
// all values that are looked up by their hashes; readers never wait.
package pattern
