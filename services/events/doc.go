// Package events is Amazon EventBridge: event buses, rules, targets, archives,
// replays, connections and API destinations.
//
// The service keeps the configuration (as documents in the engine's records)
// and turns it into what the hub understands: a bus becomes a log, each target
// of a rule a subscription on it. From then on events pass it by: PutEvents
// hands them to [hub.Hub.Put], and the hub and delivery bring them to their
// targets. What an ARN stands for as a target is asked of [Targets], which the
// server puts together from the other services; buses and API destinations are
// targets of its own.
//
// Its parts are in folders: api (types, operations, errors: what all parts
// share), apidestination (connections, API destinations and their calls),
// buspolicy (resource policies) and buslog (the logs that the LogConfigs of buses
// ask for). Here are buses, rules, targets, archives and replays, and PutEvents.
//
// Covered: everything of the API but partner event sources, global endpoints
// and schema discovery. Where the documentation leaves room:
//
//   - an entry for an event bus that does not exist is refused (EventBridge
//     acknowledges such an entry and forgets the event);
//   - an event that came from another bus is not sent on to a third one, as the
//     user guide's page eb-bus-to-bus says.
package events
