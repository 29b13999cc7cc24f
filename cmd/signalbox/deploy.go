package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/cmd/signalbox/artifact"
	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/cmd/signalbox/remote"
	"github.com/signalbox/signalbox/cmd/signalbox/show"
)

type deployVerb struct {
	Template   string            `arg:"" placeholder:"FILE" help:"The CloudFormation template, in JSON or YAML."`
	Stack      string            `name:"stack-name" required:"" short:"s" placeholder:"NAME" help:"The stack. It is made if it is not there."`
	Parameter  map[string]string `short:"p" mapsep:"none" placeholder:"NAME=VALUE" help:"A parameter's value; again for each. Those of a stack that is there stay as they are."`
	Capability []string          `placeholder:"NAME" help:"What the template may do: CAPABILITY_IAM, CAPABILITY_NAMED_IAM."`
	Tag        map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"A tag of the stack and its resources."`
	show.Format
	remote.Flags
}

// Help implements [kong.HelpProvider].
func (deployVerb) Help() string {
	return `Makes a stack of a template's resources, or changes the stack to be what the template says now, and shows what happens to each resource. The stack's outputs are shown at the end.

Code of a function and Content of a layer may be the path of a folder or a file, relative to the template: it is packed and sent. A folder with a Go program is built first, for this machine (GOOS and GOARCH say otherwise).

A stack whose first deployment failed is deleted and made anew. Where nothing is to be done the exit code is 0.

Examples:

    signalbox deploy template.yaml --stack-name orders --capability CAPABILITY_IAM
    signalbox deploy template.yaml --stack-name orders --parameter Stage=dev --parameter Secret=...`
}

// eventPause is the time between two looks at a stack's events.
const eventPause = 200 * time.Millisecond

// stackRow is a stack as DescribeStacks answers it.
type stackRow struct {
	ID         string   `xml:"StackId"`
	Status     string   `xml:"StackStatus"`
	Reason     string   `xml:"StackStatusReason"`
	Parameters []string `xml:"Parameters>member>ParameterKey"`
	Outputs    []struct {
		Key   string `xml:"OutputKey"`
		Value string `xml:"OutputValue"`
	} `xml:"Outputs>member"`
}

// stackEvent is an event as DescribeStackEvents answers it.
type stackEvent struct {
	ID       string `xml:"EventId"`
	Resource string `xml:"LogicalResourceId"`
	Type     string `xml:"ResourceType"`
	Status   string `xml:"ResourceStatus"`
	Reason   string `xml:"ResourceStatusReason"`
	Stack    string `xml:"StackId"`
	Physical string `xml:"PhysicalResourceId"`
}

// deployment is a deployment under way.
type deployment struct {
	*remote.Client
	clock clock.Clock
	seen  map[string]bool        // ids of events
	show  func(stackEvent) error // called for each new event
}

// Run asks and writes.
func (v *deployVerb) Run(ctx context.Context, sys *system) error {
	c, err := v.Client(sys.env, sys.clock)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(v.Template)
	if err != nil {
		return exit.Misused("", "reading the template: %w", err)
	}
	s := show.On(sys.out, v.Format, sys.env)
	template, err := v.pack(ctx, c, s, string(text))
	if err != nil {
		return err
	}
	d := &deployment{Client: c, clock: sys.clock, seen: map[string]bool{}, show: func(e stackEvent) error { return writeStackEvent(s, e) }}
	if v.JSON() {
		d.show = func(stackEvent) error { return nil }
	}
	st, changed, err := d.deploy(ctx, v, template)
	if err != nil {
		return err
	}
	if err := v.write(sys, s, st, changed); err != nil {
		return err
	}
	if st.Status != "CREATE_COMPLETE" && st.Status != "UPDATE_COMPLETE" {
		return errNo
	}
	return nil
}

// pack sends the code that lies beside the template, and refers to it.
func (v *deployVerb) pack(ctx context.Context, c *remote.Client, s *show.Screen, text string) (string, error) {
	p := artifact.Packer{Dir: filepath.Dir(v.Template), Send: c.Upload}
	if s.Live() && !v.JSON() {
		p.Tell = func(path string) {
			// It is a word in between; what cannot be written shows at the next.
			_ = s.Printf("%s\n", s.Faint("building "+path+" …"))
		}
	}
	template, made, err := p.Pack(ctx, text)
	if _, refused := errors.AsType[*exit.Failure](err); err != nil && !refused {
		err = exit.Failed("", "packaging the code of %s: %w", v.Template, err)
	}
	if err != nil || v.JSON() {
		return template, err
	}
	for _, m := range made {
		how := "packaged"
		if m.Built {
			how = "built"
		}
		if err := s.Printf("%s  %s  %s\n", s.Good(fmt.Sprintf("%-20s", how)), s.Bold(m.Path), s.Faint(show.Bytes(m.Size)+" for "+strings.Join(m.Resources, ", "))); err != nil {
			return "", err
		}
	}
	return template, nil
}

// deploy makes or changes the stack, and waits for the end of it.
func (d *deployment) deploy(ctx context.Context, v *deployVerb, text string) (st *stackRow, changed bool, err error) {
	st, err = d.describe(ctx, v.Stack)
	if err != nil {
		return nil, false, err
	}
	if st != nil && (st.Status == "ROLLBACK_COMPLETE" || st.Status == "CREATE_FAILED" || st.Status == "ROLLBACK_FAILED") {
		if err := d.ask(ctx, "DeleteStack", url.Values{"StackName": {st.ID}}, nil); err != nil {
			return nil, false, err
		}
		if st, err = d.wait(ctx, st.ID); err != nil || st.Status != "DELETE_COMPLETE" {
			return st, true, err
		}
		st = nil
	}
	form, err := d.form(ctx, v, st, text)
	if err != nil {
		return nil, false, err
	}
	action := "CreateStack"
	if st != nil {
		action = "UpdateStack"
		if err := d.skip(ctx, st.ID); err != nil {
			return nil, false, err
		}
	}
	var answer struct {
		ID string `xml:"CreateStackResult>StackId"`
	}
	switch err := d.ask(ctx, action, form, &answer); {
	case err != nil && st != nil && strings.Contains(err.Error(), "No updates are to be performed"):
		return st, false, nil
	case remote.IsCode(err, "InsufficientCapabilitiesException") || remote.IsCode(err, "InsufficientCapabilities"):
		_, name, _ := strings.Cut(strings.Trim(err.Error(), "]"), "[")
		return nil, false, exit.Failed("if it may: --capability "+name, "the template %s makes identities: %w", v.Template, err)
	case err != nil:
		return nil, false, err
	}
	id := answer.ID
	if st != nil {
		id = st.ID
	}
	st, err = d.wait(ctx, id)
	return st, true, err
}

// form is the request for the stack: parameters that are not given stay.
func (d *deployment) form(ctx context.Context, v *deployVerb, st *stackRow, text string) (url.Values, error) {
	form := url.Values{"StackName": {v.Stack}, "TemplateBody": {text}}
	n := 0
	add := func(name, member, value string) {
		n++
		prefix := "Parameters.member." + strconv.Itoa(n) + "."
		form.Set(prefix+"ParameterKey", name)
		form.Set(prefix+member, value)
	}
	for _, name := range slices.Sorted(maps.Keys(v.Parameter)) {
		add(name, "ParameterValue", v.Parameter[name])
	}
	if st != nil {
		var summary struct {
			Parameters []string `xml:"GetTemplateSummaryResult>Parameters>member>ParameterKey"`
		}
		if err := d.ask(ctx, "GetTemplateSummary", url.Values{"TemplateBody": {text}}, &summary); err != nil {
			return nil, err
		}
		for _, name := range summary.Parameters {
			if _, given := v.Parameter[name]; !given && slices.Contains(st.Parameters, name) {
				add(name, "UsePreviousValue", "true")
			}
		}
	}
	for i, c := range v.Capability {
		form.Set("Capabilities.member."+strconv.Itoa(i+1), c)
	}
	for i, name := range slices.Sorted(maps.Keys(v.Tag)) {
		prefix := "Tags.member." + strconv.Itoa(i+1) + "."
		form.Set(prefix+"Key", name)
		form.Set(prefix+"Value", v.Tag[name])
	}
	return form, nil
}

func (d *deployment) ask(ctx context.Context, action string, form url.Values, out any) error {
	return d.Query(ctx, "cloudformation", "2010-05-15", action, form, out)
}

// describe returns the stack, nil where there is none.
func (d *deployment) describe(ctx context.Context, name string) (*stackRow, error) {
	var answer struct {
		Stacks []stackRow `xml:"DescribeStacksResult>Stacks>member"`
	}
	err := d.ask(ctx, "DescribeStacks", url.Values{"StackName": {name}}, &answer)
	switch {
	case remote.IsCode(err, "ValidationError") && strings.Contains(err.Error(), "does not exist"):
		return nil, nil
	case err != nil:
		return nil, err
	case len(answer.Stacks) == 0:
		return nil, nil
	}
	return &answer.Stacks[0], nil
}

// events are those of a stack that are new, the oldest first.
func (d *deployment) events(ctx context.Context, id string) (fresh []stackEvent, err error) {
	form := url.Values{"StackName": {id}}
	for {
		var answer struct {
			Events []stackEvent `xml:"DescribeStackEventsResult>StackEvents>member"`
			Next   string       `xml:"DescribeStackEventsResult>NextToken"`
		}
		if err := d.ask(ctx, "DescribeStackEvents", form, &answer); err != nil {
			return nil, err
		}
		known := false
		for _, e := range answer.Events {
			if known = d.seen[e.ID]; known {
				break
			}
			d.seen[e.ID] = true
			fresh = append(fresh, e)
		}
		if known || answer.Next == "" {
			slices.Reverse(fresh)
			return fresh, nil
		}
		form.Set("NextToken", answer.Next)
	}
}

// skip takes the events of earlier operations for seen.
func (d *deployment) skip(ctx context.Context, id string) error {
	_, err := d.events(ctx, id)
	return err
}

// wait shows a stack's events until its operation has ended.
func (d *deployment) wait(ctx context.Context, id string) (*stackRow, error) {
	for {
		st, err := d.describe(ctx, id)
		if err != nil {
			return nil, err
		}
		if st == nil {
			return nil, exit.Failed("", "the stack %s is gone", id)
		}
		events, err := d.events(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if err := d.show(e); err != nil {
				return nil, err
			}
		}
		if !strings.HasSuffix(st.Status, "_IN_PROGRESS") {
			return st, nil
		}
		if err := clock.Sleep(ctx, d.clock, eventPause); err != nil {
			return nil, err
		}
	}
}

func writeStackEvent(s *show.Screen, e stackEvent) error {
	if e.Reason == "Resource creation Initiated" {
		return nil // told already: it has begun
	}
	status := fmt.Sprintf("%-20s", e.Status)
	switch {
	case strings.HasSuffix(e.Status, "FAILED"), strings.Contains(e.Status, "ROLLBACK"):
		status = s.Bad(status)
	case strings.HasSuffix(e.Status, "COMPLETE"):
		status = s.Good(status)
	default:
		status = s.Faint(status)
	}
	line := status + "  " + s.Bold(e.Resource)
	if e.Physical != e.Stack {
		line += "  " + s.Faint(e.Type)
	}
	if e.Reason != "" && e.Reason != "User Initiated" {
		line += "  " + e.Reason
	}
	return s.Printf("%s\n", line)
}

// write tells how it ended.
func (v *deployVerb) write(sys *system, s *show.Screen, st *stackRow, changed bool) error {
	good := st.Status == "CREATE_COMPLETE" || st.Status == "UPDATE_COMPLETE"
	if v.JSON() {
		outputs := map[string]string{}
		for _, o := range st.Outputs {
			outputs[o.Key] = o.Value
		}
		return show.WriteJSON(sys.out, map[string]any{"stack": st.ID, "status": st.Status, "reason": st.Reason, "changed": changed, "outputs": outputs})
	}
	verdict := s.Mark(good) + " stack " + s.Bold(v.Stack) + " is " + st.Status
	if !changed {
		verdict = s.Mark(good) + " nothing to do: stack " + s.Bold(v.Stack) + " is what the template says"
	}
	if err := s.Printf("%s\n", verdict); err != nil {
		return err
	}
	for _, o := range st.Outputs {
		if err := s.Printf("  %s = %s\n", s.Name(o.Key), o.Value); err != nil {
			return err
		}
	}
	return nil
}
