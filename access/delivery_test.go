package access_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/signalbox/signalbox/access"
)

const (
	dead = "arn:aws:sqs:us-east-1:" + account + ":dead"
	rule = "arn:aws:events:us-east-1:" + account + ":rule/r"
	send = `"Action":"sqs:SendMessage","Resource":"*"`
)

// allowEvents lets EventBridge send to a queue, for the rule.
func (w *world) allowEvents(queue string) {
	w.t.Helper()
	url := w.URL() + "/" + account + "/" + queue
	must(w.queues.SetQueueAttributes(w.ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{
		"Policy": *document(`{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},` + send + `,"Condition":{"ArnEquals":{"aws:SourceArn":"` + rule + `"}}}`),
	}}))(w.t)
}

// target makes the rule send to the queue.
func (w *world) target(role *string) {
	w.t.Helper()
	must(w.events.PutRule(w.ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["shop"]}`)}))(w.t)
	must(w.events.PutTargets(w.ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{
		{Id: aws.String("q"), Arn: aws.String(queue), RoleArn: role, DeadLetterConfig: &types.DeadLetterConfig{Arn: aws.String(dead)}},
	}}))(w.t)
}

// receive waits for a message; nil where none comes.
func (w *world) receive(queue string, wait int32) *sqstypes.Message {
	w.t.Helper()
	url := w.URL() + "/" + account + "/" + queue
	out := must(w.queues.ReceiveMessage(w.ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: wait, MessageAttributeNames: []string{"All"}}))(w.t)
	if len(out.Messages) == 0 {
		return nil
	}
	must(w.queues.DeleteMessage(w.ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: out.Messages[0].ReceiptHandle}))(w.t)
	return &out.Messages[0]
}

func TestEventsGoWhereTheyMay(t *testing.T) {
	w := newWorld(t, access.Enforce, nil)
	must(w.queues.CreateQueue(w.ctx, &sqs.CreateQueueInput{QueueName: aws.String("dead")}))(t)
	w.allowEvents("dead")
	refused := func(t *testing.T, phrase string) {
		t.Helper()
		if err := put(w.Config()); err != nil {
			t.Fatal(err)
		}
		m := w.receive("dead", 10)
		if m == nil {
			t.Fatal("no dead letter came")
		}
		if code := *m.MessageAttributes["ERROR_CODE"].StringValue; code != "NO_PERMISSIONS" {
			t.Errorf("ERROR_CODE = %s", code)
		}
		if text := *m.MessageAttributes["ERROR_MESSAGE"].StringValue; text != phrase {
			t.Errorf("ERROR_MESSAGE = %s\nwant            %s", text, phrase)
		}
	}
	arrives := func(t *testing.T) {
		t.Helper()
		if err := put(w.Config()); err != nil {
			t.Fatal(err)
		}
		m := w.receive("orders", 10)
		if m == nil {
			t.Fatal("no event came")
		}
		var event struct{ Source string }
		if json.Unmarshal([]byte(*m.Body), &event) != nil || event.Source != "shop" {
			t.Errorf("got %s", *m.Body)
		}
	}
	t.Run("a queue without a policy takes no events", func(t *testing.T) {
		w.target(nil)
		refused(t, "User: events.amazonaws.com is not authorized to perform: sqs:sendmessage on resource: "+queue+" because no resource-based policy allows the sqs:sendmessage action")
	})
	t.Run("a queue that lets the rule in does", func(t *testing.T) {
		w.allowEvents("orders")
		arrives(t)
	})
	url := w.URL() + "/" + account + "/orders"
	must(w.queues.SetQueueAttributes(w.ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"Policy": ""}}))(t)
	role := aws.String("arn:aws:iam::" + account + ":role/target")
	t.Run("a role that is not there carries none", func(t *testing.T) {
		w.target(role)
		refused(t, "events.amazonaws.com is unable to assume role "+*role)
	})
	t.Run("nor does one that does not trust EventBridge", func(t *testing.T) {
		w.role("target", `{"Service":"lambda.amazonaws.com"}`, "")
		refused(t, "events.amazonaws.com is unable to assume role "+*role)
	})
	t.Run("nor one that may not", func(t *testing.T) {
		must(w.iam.UpdateAssumeRolePolicy(w.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("target"), PolicyDocument: document(`{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sts:AssumeRole"}`)}))(t)
		refused(t, "User: arn:aws:sts::"+account+":assumed-role/target/EventBridge is not authorized to perform: sqs:sendmessage on resource: "+queue+" because no identity-based policy allows the sqs:sendmessage action")
	})
	t.Run("one that may does", func(t *testing.T) {
		must(w.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: aws.String("target"), PolicyName: aws.String("p"), PolicyDocument: document(`{"Effect":"Allow",` + send + `}`)}))(t)
		arrives(t)
	})
}

// console asks the console.
func (w *world) console(path string, into any) {
	w.t.Helper()
	r := must(http.Get(w.URL() + "/_signalbox/api/" + path))(w.t)
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(into); err != nil || r.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %s, %v", path, r.Status, err)
	}
}

func TestAuditDeliversAndTells(t *testing.T) {
	w := newWorld(t, access.Audit, nil)
	must(w.queues.CreateQueue(w.ctx, &sqs.CreateQueueInput{QueueName: aws.String("dead")}))(t)
	w.target(nil)
	if err := put(w.Config()); err != nil {
		t.Fatal(err)
	}
	m := w.receive("orders", 10)
	if m == nil {
		t.Fatal("no event came")
	}
	var event struct{ ID string }
	if err := json.Unmarshal([]byte(*m.Body), &event); err != nil {
		t.Fatal(err)
	}
	var trace struct {
		Refusals []struct{ Source, Why string }
	}
	w.console("trace/"+event.ID, &trace)
	if len(trace.Refusals) != 1 || trace.Refusals[0].Source != rule || trace.Refusals[0].Why != "no resource-based policy allows sqs:SendMessage on "+queue {
		t.Errorf("the journey tells of %+v", trace.Refusals)
	}
	list := w.Server().Refusals()
	if len(list) != 1 || list[0].Principal != "events.amazonaws.com" || list[0].Source != rule || list[0].Enforced || time.Since(list[0].Last) > time.Minute {
		t.Errorf("Refusals = %+v", list)
	}
}
