// Package resources makes, changes and deletes the things that CloudFormation
// templates declare: one [Type] for each resource type, which turns properties
// into calls of the service that the thing belongs to.
//
// A type knows the service by its API alone and speaks to it through a [Call],
// as any client would. What it promises: a property that it does not know is
// refused, by [Type.Check], before anything is made; deleting what is gone
// already succeeds; and making or updating twice with the same request leaves
// what once would have left, so that a step cut off by a crash can be done again.
package resources

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/wire"
)

// Call calls an operation of a service, on behalf of the stack, with its members
// by name. Members and scalars are converted as [wire.Service.Invoke] does.
type Call func(ctx context.Context, service, operation string, in map[string]any) (map[string]any, error)

// Request is one resource and what is to become of it.
type Request struct {
	Call                                  Call
	Partition, Account, Region, URLSuffix string
	Stack                                 string            // the stack's name
	Logical                               string            // the resource's name in the template
	Token                                 string            // random; part of the names that are made up for it
	Properties                            map[string]any    // worked out
	Tags                                  map[string]string // of the stack
	Resumed                               bool              // a step that may have been done before
	// Sleep waits, for what a service makes behind its answer.
	Sleep func(ctx context.Context, d time.Duration) error

	// Of updates and deletions.
	ID           string            // the physical id
	Attributes   map[string]any    // as the last step returned them
	Previous     map[string]any    // properties before
	PreviousTags map[string]string // of the stack, before
}

// Made is a resource as it stands: its physical id, which is what Ref gives, and
// what Fn::GetAtt gives.
type Made struct {
	ID         string
	Attributes map[string]any
}

// Type is a resource type.
type Type struct {
	// Properties names the properties, parted by blanks: "Name!" cannot be
	// changed without replacing the resource, "Name*" is required.
	Properties string
	Create     func(ctx context.Context, r *Request) (Made, error)
	// Update changes the resource in place. Where it is nil, every change
	// replaces the resource.
	Update func(ctx context.Context, r *Request) (Made, error)
	Delete func(ctx context.Context, r *Request) error
	// ID is the physical id that Create will give, where it is known before:
	// what a step that was cut off has made is found again by it.
	ID func(r *Request) string
	// Capability is what a stack with the resource must acknowledge.
	Capability string
	// Named is the property that makes the capability CAPABILITY_NAMED_IAM.
	Named string
}

// Find returns a resource type, nil where it is not implemented.
func Find(name string) *Type {
	for _, service := range []func() map[string]*Type{
		eventsTypes, sqsTypes, pipesTypes, logsTypes, iamTypes, lambdaTypes, dynamodbTypes, apigatewayTypes, apigatewayV2Types, marksTypes,
	} {
		if t := service()[name]; t != nil {
			return t
		}
	}
	return nil
}

// Check holds properties against the type: unknown ones and missing ones are refused.
func (t *Type) Check(properties map[string]any) error {
	known := map[string]bool{}
	var missing, unknown []string
	for _, p := range strings.Fields(t.Properties) {
		name := strings.Trim(p, "!*")
		known[name] = true
		if _, ok := properties[name]; !ok && strings.Contains(p, "*") {
			missing = append(missing, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if !known[name] {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return fmt.Errorf("Encountered unsupported property %s", strings.Join(unknown, ", "))
	}
	if len(missing) > 0 {
		return fmt.Errorf("Property %s cannot be empty.", strings.Join(missing, ", "))
	}
	return nil
}

// Replaces names the changed properties that the resource must be replaced for.
func (t *Type) Replaces(changed []string) (names []string) {
	fixed := map[string]bool{}
	for _, p := range strings.Fields(t.Properties) {
		fixed[strings.Trim(p, "!*")] = strings.Contains(p, "!")
	}
	for _, name := range changed {
		if fixed[name] || t.Update == nil {
			names = append(names, name)
		}
	}
	return names
}

// Make creates the resource. After a crash it takes up what was made before it.
func (t *Type) Make(ctx context.Context, r *Request) (Made, error) {
	made, err := t.Create(ctx, r)
	if err == nil || !r.Resumed || t.ID == nil || t.Update == nil || !exists(err) {
		return made, err
	}
	again := *r
	again.ID, again.Previous, again.PreviousTags = t.ID(r), r.Properties, r.Tags
	return t.Update(ctx, &again)
}

// Remove deletes the resource; one that is gone is no error.
func (t *Type) Remove(ctx context.Context, r *Request) error {
	if t.Delete == nil {
		return nil
	}
	if err := t.Delete(ctx, r); err != nil && !Gone(err) {
		return err
	}
	return nil
}

// Gone says whether an error means that the thing does not exist.
func Gone(err error) bool {
	return hasCode(err, "NotFound", "NoSuchEntity", "NonExistent", "DoesNotExist")
}

func exists(err error) bool {
	return hasCode(err, "Exists", "Conflict", "ResourceInUse")
}

func hasCode(err error, parts ...string) bool {
	e, ok := errors.AsType[*wire.Error](err)
	return ok && slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(e.Code, p) })
}
