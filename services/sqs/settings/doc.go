// Package settings is what a queue of SQS is set to: its attributes, with the
// names, bounds and defaults of the API reference, and the three documents among
// them, redrive policy, redrive allow policy and resource policy.
//
// Attributes are kept as they were set, and [Attributes.Set] alone writes them:
// in one normal form, so that what is there already is no change. [Attributes.Check]
// refuses wrong ones with AWS's errors before. The way of a message reads none of
// the texts; it has them as [Parsed]. Of other queues the package knows nothing:
// who calls says whether a dead-letter queue will do.
package settings
