// Package iam keeps who there is and what they may do, as AWS Identity and
// Access Management does: roles, users with their access keys, groups, the
// policies inside them and those attached to them, instance profiles and OpenID
// Connect providers. It is global: state is kept per account, for all regions.
//
// A request comes in typed and checked by package wire. Policy documents are
// read by package policy before anything is written, so that what is kept can be
// decided by; they are kept, and answered, letter for letter. Roles, users and
// groups are one kind of record ([identity]), for what they differ in is little.
// The policies of AWS's own that applications attach are in a table
// (managed.go); any other policy under arn:aws:iam::aws does not exist.
//
// Others ask it three things: whose an access key is ([Service.Key]), what a
// principal's policies are ([Service.Policies]), and whom a role trusts
// ([Service.Role]). The secrets of access keys are sealed at rest.
package iam

//go:generate go run ../../wire/wiregen
