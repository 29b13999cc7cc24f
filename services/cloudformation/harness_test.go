package cloudformation_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"github.com/signalbox/signalbox/signalboxtest"
)

// harness is a box and a client of its stacks.
type harness struct {
	*testing.T
	box *signalboxtest.Box
	cfn *cloudformation.Client
}

func start(t *testing.T) *harness {
	box := signalboxtest.Start(t)
	return &harness{T: t, box: box, cfn: cloudformation.NewFromConfig(box.Config())}
}

// settled waits for the end of a stack's operation.
func (h *harness) settled(name string) types.Stack {
	h.Helper()
	for {
		out, err := h.cfn.DescribeStacks(h.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String(name)})
		if err != nil {
			h.Fatal(err)
		}
		if st := out.Stacks[0]; !strings.HasSuffix(string(st.StackStatus), "IN_PROGRESS") {
			return st
		}
		<-time.After(5 * time.Millisecond)
	}
}

func (h *harness) is(name string, want types.StackStatus) types.Stack {
	h.Helper()
	st := h.settled(name)
	if st.StackStatus != want {
		h.Fatalf("the stack is %s, want %s; its events:\n%s", st.StackStatus, want, strings.Join(h.events(name), "\n"))
	}
	return st
}

// events are a stack's events, the oldest first, as "name status reason".
func (h *harness) events(name string) (lines []string) {
	h.Helper()
	out, err := h.cfn.DescribeStackEvents(h.Context(), &cloudformation.DescribeStackEventsInput{StackName: aws.String(name)})
	if err != nil {
		h.Fatal(err)
	}
	for i := len(out.StackEvents) - 1; i >= 0; i-- {
		e := out.StackEvents[i]
		lines = append(lines, strings.TrimSpace(aws.ToString(e.LogicalResourceId)+" "+string(e.ResourceStatus)+" "+aws.ToString(e.ResourceStatusReason)))
	}
	return lines
}

func (h *harness) create(name, template string, change ...func(*cloudformation.CreateStackInput)) string {
	h.Helper()
	in := &cloudformation.CreateStackInput{StackName: aws.String(name), TemplateBody: aws.String(template)}
	for _, c := range change {
		c(in)
	}
	out, err := h.cfn.CreateStack(h.Context(), in)
	if err != nil {
		h.Fatal(err)
	}
	return *out.StackId
}

func parameters(pairs ...string) (list []types.Parameter) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, types.Parameter{ParameterKey: aws.String(pairs[i]), ParameterValue: aws.String(pairs[i+1])})
	}
	return list
}

func outputs(st types.Stack) map[string]string {
	m := map[string]string{}
	for _, o := range st.Outputs {
		m[*o.OutputKey] = *o.OutputValue
	}
	return m
}

// refused fails the test unless err is that of the service, with code and text.
func (h *harness) refused(err error, code, text string) {
	h.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), text) {
		h.Errorf("got %v, want %s: …%s…", err, code, text)
	}
}

func (h *harness) describe(name string) types.Stack {
	h.Helper()
	out, err := h.cfn.DescribeStacks(h.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String(name)})
	if err != nil {
		h.Fatal(err)
	}
	return out.Stacks[0]
}
