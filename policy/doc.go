// Package policy reads the policies of AWS IAM and decides by them. It is pure:
// it knows no account, no store and no clock, and can be used alone.
//
//	document, err := policy.Parse(text, policy.Identity)
//	decision := policy.Evaluate(&policy.Request{
//		Principal: policy.User("arn:aws:iam::111122223333:user/ann"),
//		Action:    "events:PutEvents",
//		Resource:  "arn:aws:events:us-east-1:111122223333:event-bus/orders",
//	}, &policy.Set{Identity: []policy.Source{{Name: "orders", Document: document}}})
//	fmt.Println(decision.Allowed, decision) // … and why
//
// A text becomes a [Document] once: patterns are cut at their wildcards,
// operators are looked up, values of conditions are read. Then any number of
// requests is decided by it. [Evaluate] takes everything that applies to one
// request: the caller's own policies, its permissions boundary, the policies of
// its session, and the resource's policy (user guide of IAM, page
// reference_policies_evaluation-logic). It promises:
//
//   - An explicit deny, anywhere, wins.
//   - Without an allow the answer is no; across accounts both the caller's
//     policies and the resource's must allow.
//   - The [Decision] says in words what decided.
//   - No text and no request makes it panic, and matching a pattern of m
//     characters against n takes at most m·n steps, whatever its wildcards.
//
// Elements: Version, Id, Statement; Sid, Effect, Principal, NotPrincipal,
// Action, NotAction, Resource, NotResource, Condition. Operators of conditions:
// String…, Numeric…, Date…, Bool, BinaryEquals, IpAddress, NotIpAddress, Arn…
// and Null, with IfExists, ForAllValues and ForAnyValue. Variables (${aws:username},
// ${aws:PrincipalTag/team, 'none'}, ${*}) are those of the request's context, in
// documents of version 2012-10-17.
package policy
