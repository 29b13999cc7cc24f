// Package access stands between whoever asks and what is asked for: it decides,
// by the policies that package policy reads, who may do what. Two ways lead in:
//
//	a caller's request    wire.Service.Authorize → [Guard.Call]: principal × what the operation
//	                      needs (wire.Permission), asked after the input was found valid and before
//	                      the operation is called
//	a delivery            [Guard.Authorize]: a service, or the role that it was given, does something
//	                      on behalf of a rule, a pipe, a schedule, a function
//
// Both come to the same question: the principal's policies, from whoever keeps
// them ([Identities]), and the resource's, from the service that has it
// (Config.ResourcePolicies), to policy.Evaluate.
//
// What a refusal means depends on the [Mode]. In mode enforce it is an error. In
// mode audit nothing is refused; what would have been is logged once for each
// principal, action and resource, counted, and listed by [Guard.Refusals]. In
// mode off nothing is asked. The account's root may do everything in its account,
// at almost no cost.
package access
