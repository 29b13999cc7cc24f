package sqs_test

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/signalbox/signalbox/services/sqs"
)

func TestANewQueueHasTheDefaultsOfAWS(t *testing.T) {
	b := start(t, sqs.Options{})
	standard := map[string]string{
		"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0",
		"CreatedTimestamp": "1795262400", "LastModifiedTimestamp": "1795262400", "QueueArn": arnOf("q"),
		"VisibilityTimeout": "30", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600",
		"DelaySeconds": "0", "ReceiveMessageWaitTimeSeconds": "0", "SqsManagedSseEnabled": "true",
	}
	if got := b.attributes(b.queue("q")); !maps.Equal(got, standard) {
		t.Errorf("standard: %v\nwant %v", got, standard)
	}
	fifo := maps.Clone(standard)
	maps.Copy(fifo, map[string]string{
		"QueueArn": arnOf("q.fifo"), "FifoQueue": "true", "ContentBasedDeduplication": "false",
		"DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue",
	})
	if got := b.attributes(b.queue("q.fifo", "FifoQueue", "true")); !maps.Equal(got, fifo) {
		t.Errorf("fifo: %v\nwant %v", got, fifo)
	}
	some := b.attributes(b.queue("q"), "DelaySeconds", "Policy", "QueueArn")
	if want := (map[string]string{"DelaySeconds": "0", "QueueArn": arnOf("q")}); !maps.Equal(some, want) {
		t.Errorf("some: %v, want %v", some, want)
	}
}

func TestCreateQueueIsIdempotentForTheSameAttributes(t *testing.T) {
	b := start(t, sqs.Options{})
	first := b.queue("q", "DelaySeconds", "5")
	if u, _ := url.Parse(first); u.Path != "/"+account+"/q" || "http://"+u.Host != b.server.URL {
		t.Errorf("the URL is %s", first)
	}
	for _, same := range [][]string{nil, {"DelaySeconds", "05"}, {"VisibilityTimeout", "30"}} {
		if again := b.queue("q", same...); again != first {
			t.Errorf("%v: %s, want %s", same, again, first)
		}
	}
	_, err := b.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("q"), Attributes: map[string]string{"DelaySeconds": "6", "VisibilityTimeout": "30"}})
	wantError(t, err, "QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute DelaySeconds")
}

func TestQueuesAreApartForAccountsAndRegions(t *testing.T) {
	b := start(t, sqs.Options{})
	here := b.queue("q")
	b.send(here, "here")
	for _, other := range []*awssqs.Client{b.client("us-east-1", account), b.client(region, "444455556666")} {
		_, err := other.GetQueueUrl(t.Context(), &awssqs.GetQueueUrlInput{QueueName: aws.String("q")})
		wantError(t, err, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
	}
	other := b.client(region, "444455556666")
	out, err := other.GetQueueUrl(t.Context(), &awssqs.GetQueueUrlInput{QueueName: aws.String("q"), QueueOwnerAWSAccountId: aws.String(account)})
	if err != nil || *out.QueueUrl != here {
		t.Fatalf("another account's queue by its owner: %v, %v", out, err)
	}
	got, err := other.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: out.QueueUrl})
	if err != nil || bodies(got.Messages) != "here" {
		t.Errorf("another account's queue by its URL: %v, %v", got, err)
	}
}

func TestQueueURLsAreUnderstoodInEveryForm(t *testing.T) {
	b := start(t, sqs.Options{})
	b.queue("q")
	for _, form := range []string{
		"q",
		b.server.URL + "/" + account + "/q",
		"http://localhost:4566/" + account + "/q/",
		"https://sqs.eu-west-1.amazonaws.com/" + account + "/q",
		"http://sqs.eu-west-1.localhost.localstack.cloud:4566/" + account + "/q",
		"http://eu-west-1.queue.localhost.localstack.cloud:4566/" + account + "/q",
		"http://localhost:4566/queue/eu-west-1/" + account + "/q",
	} {
		if got := b.attributes(form, "QueueArn")["QueueArn"]; got != arnOf("q") {
			t.Errorf("%s is %s", form, got)
		}
	}
	for form, code := range map[string]string{
		"http://localhost:4566/":                                  "InvalidAddress",
		"http://localhost:4566/a/b/c":                             "InvalidAddress",
		"http://localhost:4566/queue/us-east-1/" + account + "/q": "AWS.SimpleQueueService.NonExistentQueue",
		"other": "AWS.SimpleQueueService.NonExistentQueue",
	} {
		_, err := b.GetQueueAttributes(t.Context(), &awssqs.GetQueueAttributesInput{QueueUrl: &form})
		wantError(t, err, code, "")
	}
}

func TestAttributesAreValidated(t *testing.T) {
	b := start(t, sqs.Options{})
	b.queue("dlq")
	b.queue("dlq.fifo", "FifoQueue", "true")
	b.queue("closed", "RedriveAllowPolicy", `{"redrivePermission":"denyAll"}`)
	b.queue("picky", "RedriveAllowPolicy", fmt.Sprintf(`{"redrivePermission":"byQueue","sourceQueueArns":[%q]}`, arnOf("friend")))
	redrive := func(arn string, max string) string {
		return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%s}`, arn, max)
	}
	const value, name, parameter = "InvalidAttributeValue", "InvalidAttributeName", "InvalidParameterValue"
	for _, c := range []struct{ attribute, value, code, text string }{
		{"VisibilityTimeout", "43200", "", ""},
		{"VisibilityTimeout", "43201", value, "Invalid value for the parameter VisibilityTimeout."},
		{"VisibilityTimeout", "-1", value, "VisibilityTimeout"},
		{"VisibilityTimeout", "x", value, "VisibilityTimeout"},
		{"DelaySeconds", "901", value, "DelaySeconds"},
		{"MaximumMessageSize", "1023", value, "MaximumMessageSize"},
		{"MaximumMessageSize", "1048576", "", ""},
		{"MaximumMessageSize", "1048577", value, "MaximumMessageSize"},
		{"MessageRetentionPeriod", "59", value, "MessageRetentionPeriod"},
		{"MessageRetentionPeriod", "1209601", value, "MessageRetentionPeriod"},
		{"ReceiveMessageWaitTimeSeconds", "21", value, "ReceiveMessageWaitTimeSeconds"},
		{"KmsDataKeyReusePeriodSeconds", "59", value, "KmsDataKeyReusePeriodSeconds"},
		{"SqsManagedSseEnabled", "yes", value, "SqsManagedSseEnabled"},
		{"Policy", "{", value, "Policy"},
		{"Policy", `{"Version":"2012-10-17","Statement":[]}`, "", ""},
		{"QueueArn", "x", name, "Unknown Attribute QueueArn."},
		{"Nonsense", "x", name, "Unknown Attribute Nonsense."},
		{"All", "x", name, "Unknown Attribute All."},
		{"FifoQueue", "false", name, "Unknown Attribute FifoQueue."},
		{"FifoQueue", "true", parameter, "must end with .fifo suffix"},
		{"ContentBasedDeduplication", "true", name, "only when FifoQueue is set to true"},
		{"RedrivePolicy", redrive(arnOf("dlq"), "3"), "", ""},
		{"RedrivePolicy", redrive(arnOf("dlq"), `"3"`), "", ""},
		{"RedrivePolicy", redrive(arnOf("dlq"), "0"), parameter, "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive."},
		{"RedrivePolicy", redrive(arnOf("dlq"), "1001"), parameter, "maxReceiveCount"},
		{"RedrivePolicy", redrive("dummy", "3"), parameter, "Reason: Invalid value for deadLetterTargetArn."},
		{"RedrivePolicy", redrive(arnOf("none"), "3"), parameter, "Reason: Dead letter target does not exist."},
		{"RedrivePolicy", redrive(arnOf("dlq.fifo"), "3"), parameter, "same type of queue"},
		{"RedrivePolicy", redrive("arn:aws:sqs:us-east-1:"+account+":dlq", "3"), parameter, "same account and region"},
		{"RedrivePolicy", redrive(arnOf("closed"), "3"), parameter, "not allowed"},
		{"RedrivePolicy", redrive(arnOf("picky"), "3"), parameter, "not allowed"},
		{"RedrivePolicy", `{"maxReceiveCount":3}`, parameter, "mandatory attribute: deadLetterTargetArn"},
		{"RedrivePolicy", `{"deadLetterTargetArn":"x"}`, parameter, "mandatory attribute: maxReceiveCount"},
		{"RedrivePolicy", `{"deadLetterTargetArn":"x","maxReceiveCount":1,"more":1}`, parameter, "Only following attributes are supported"},
		{"RedrivePolicy", `3`, parameter, "not a valid JSON map"},
		{"RedriveAllowPolicy", `{"redrivePermission":"some"}`, parameter, "redrivePermission"},
		{"RedriveAllowPolicy", `{"redrivePermission":"byQueue"}`, parameter, "1 to 10 ARNs"},
		{"RedriveAllowPolicy", `{"redrivePermission":"allowAll","sourceQueueArns":["x"]}`, parameter, "only with"},
		{"RedriveAllowPolicy", `[]`, parameter, "not a valid JSON map"},
	} {
		t.Run(c.attribute+"="+c.value, func(t *testing.T) {
			_, err := b.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("new"), Attributes: map[string]string{c.attribute: c.value}})
			if c.code != "" {
				wantError(t, err, c.code, c.text)
				if _, err := b.GetQueueUrl(t.Context(), &awssqs.GetQueueUrlInput{QueueName: aws.String("new")}); err == nil {
					t.Error("the queue is there all the same")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := b.attributes("new", types.QueueAttributeName(c.attribute))[c.attribute]; got != c.value {
				t.Errorf("it is %s", got)
			}
			if _, err := b.DeleteQueue(t.Context(), &awssqs.DeleteQueueInput{QueueUrl: aws.String("new")}); err != nil {
				t.Fatal(err)
			}
		})
	}
	b.queue("friend", "RedrivePolicy", redrive(arnOf("picky"), "1"))
	_, err := b.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("n.fifo"), Attributes: map[string]string{"FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId"}})
	wantError(t, err, value, "DeduplicationScope is messageGroup")
	_, err = b.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("k"), Attributes: map[string]string{"KmsMasterKeyId": "k", "SqsManagedSseEnabled": "true"}})
	wantError(t, err, name, "You can use one type of server-side encryption (SSE) at one time.")
}

func TestNamesAreValidated(t *testing.T) {
	b := start(t, sqs.Options{})
	for _, name := range []string{"", "a b", "a/b", "ä", strings.Repeat("a", 81), "q.fifo", "a.b"} {
		_, err := b.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: &name})
		wantError(t, err, "InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	for _, name := range []string{"q", ".fifo", strings.Repeat("a", 76) + ".fifo"} {
		_, err := b.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{"FifoQueue": "true"}})
		wantError(t, err, "InvalidParameterValue", "must end with .fifo suffix and be 1 to 80 in length.")
	}
	b.queue(strings.Repeat("a", 75)+".fifo", "FifoQueue", "true")
}

func TestSetQueueAttributesChangesAndRemoves(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q")
	b.queue("dlq")
	set := func(list ...string) error {
		_, err := b.SetQueueAttributes(t.Context(), &awssqs.SetQueueAttributesInput{QueueUrl: &q, Attributes: pairs(list)})
		return err
	}
	b.clock.Advance(time.Minute)
	policy := `{"deadLetterTargetArn":"` + arnOf("dlq") + `","maxReceiveCount":2}`
	if err := set("VisibilityTimeout", "69", "RedrivePolicy", policy, "KmsMasterKeyId", "key"); err != nil {
		t.Fatal(err)
	}
	got := b.attributes(q)
	for name, want := range map[string]string{
		"VisibilityTimeout": "69", "RedrivePolicy": policy, "KmsMasterKeyId": "key", "KmsDataKeyReusePeriodSeconds": "300",
		"SqsManagedSseEnabled": "false", "CreatedTimestamp": "1795262400", "LastModifiedTimestamp": "1795262460",
	} {
		if got[name] != want {
			t.Errorf("%s = %q, want %q", name, got[name], want)
		}
	}
	if err := set("RedrivePolicy", "", "SqsManagedSseEnabled", "true"); err != nil {
		t.Fatal(err)
	}
	got = b.attributes(q)
	if got["RedrivePolicy"]+got["KmsMasterKeyId"]+got["KmsDataKeyReusePeriodSeconds"] != "" || got["SqsManagedSseEnabled"] != "true" {
		t.Errorf("after removal: %v", got)
	}
	wantError(t, set("FifoQueue", "true"), "InvalidAttributeName", "Unknown Attribute FifoQueue.")
	b.queue("q.fifo", "FifoQueue", "true")
	_, err := b.SetQueueAttributes(t.Context(), &awssqs.SetQueueAttributesInput{QueueUrl: aws.String("q.fifo"), Attributes: map[string]string{"FifoQueue": "false"}})
	wantError(t, err, "InvalidAttributeValue", "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.")
	wantError(t, set("DelaySeconds", "1", "VisibilityTimeout", "x"), "InvalidAttributeValue", "VisibilityTimeout")
	if got := b.attributes(q)["DelaySeconds"]; got != "0" {
		t.Errorf("a refused call has set DelaySeconds to %s", got)
	}
	b.restart()
	if got := b.attributes(q)["VisibilityTimeout"]; got != "69" {
		t.Errorf("after a restart VisibilityTimeout is %s", got)
	}
}

func TestListQueuesPagesByPrefix(t *testing.T) {
	b := start(t, sqs.Options{})
	for i := range 5 {
		b.queue(fmt.Sprintf("a%d", i))
	}
	b.queue("b")
	var got []string
	in := &awssqs.ListQueuesInput{QueueNamePrefix: aws.String("a"), MaxResults: aws.Int32(2)}
	pages := 0
	for {
		out, err := b.ListQueues(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, out.QueueUrls...)
		pages++
		if out.NextToken == nil {
			break
		}
		in.NextToken = out.NextToken
	}
	if pages != 3 || len(got) != 5 || !slices.IsSorted(got) {
		t.Errorf("%d pages: %v", pages, got)
	}
	all, err := b.ListQueues(t.Context(), &awssqs.ListQueuesInput{})
	if err != nil || len(all.QueueUrls) != 6 {
		t.Errorf("all: %v, %v", all, err)
	}
	_, err = b.ListQueues(t.Context(), &awssqs.ListQueuesInput{MaxResults: aws.Int32(1001)})
	wantError(t, err, "InvalidParameterValue", "MaxResults")
	_, err = b.ListQueues(t.Context(), &awssqs.ListQueuesInput{MaxResults: aws.Int32(1), NextToken: aws.String("?")})
	wantError(t, err, "InvalidParameterValue", "next token")
}

func TestADeletedQueueTakesItsMessagesAlongAndLeavesItsName(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q")
	b.send(q, "old")
	if _, err := b.DeleteQueue(t.Context(), &awssqs.DeleteQueueInput{QueueUrl: &q}); err != nil {
		t.Fatal(err)
	}
	_, err := b.SendMessage(t.Context(), &awssqs.SendMessageInput{QueueUrl: &q, MessageBody: aws.String("x")})
	wantError(t, err, "AWS.SimpleQueueService.NonExistentQueue", "")
	b.queue("q")
	if got := b.receive(q, 10); len(got) != 0 {
		t.Errorf("the new queue has %v", got)
	}
	b.send(q, "new")
	b.restart()
	if got := bodies(b.receive("q", 10)); got != "new" {
		t.Errorf("after a restart: %q", got)
	}
}

func TestWaitingAsOnAWSIsAnOption(t *testing.T) {
	b := start(t, sqs.Options{NameReuse: time.Minute, PurgeInterval: time.Minute})
	q := b.queue("q")
	purge := func() error {
		_, err := b.PurgeQueue(t.Context(), &awssqs.PurgeQueueInput{QueueUrl: &q})
		return err
	}
	if err := purge(); err != nil {
		t.Fatal(err)
	}
	wantError(t, purge(), "AWS.SimpleQueueService.PurgeQueueInProgress", "Only one PurgeQueue operation on q is allowed every 60 seconds.")
	b.clock.Advance(time.Minute)
	if err := purge(); err != nil {
		t.Error(err)
	}
	if _, err := b.DeleteQueue(t.Context(), &awssqs.DeleteQueueInput{QueueUrl: &q}); err != nil {
		t.Fatal(err)
	}
	_, err := b.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("q")})
	wantError(t, err, "AWS.SimpleQueueService.QueueDeletedRecently", "You must wait 60 seconds")
	b.clock.Advance(time.Minute)
	b.queue("q")
}

func TestPurgeRemovesAllMessages(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q")
	b.send(q, "a")
	b.send(q, "b")
	b.receive(q, 1)
	for range 2 {
		if _, err := b.PurgeQueue(t.Context(), &awssqs.PurgeQueueInput{QueueUrl: &q}); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.counts(q); got != [3]string{"0", "0", "0"} {
		t.Errorf("counts %v", got)
	}
}

func TestTagsAreKept(t *testing.T) {
	b := start(t, sqs.Options{})
	out, err := b.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("q"), Tags: map[string]string{"a": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	tag := func(tags map[string]string) error {
		_, err := b.TagQueue(t.Context(), &awssqs.TagQueueInput{QueueUrl: out.QueueUrl, Tags: tags})
		return err
	}
	if err := tag(map[string]string{"b": "", "a": "2"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.UntagQueue(t.Context(), &awssqs.UntagQueueInput{QueueUrl: out.QueueUrl, TagKeys: []string{"b", "none"}}); err != nil {
		t.Fatal(err)
	}
	got, err := b.ListQueueTags(t.Context(), &awssqs.ListQueueTagsInput{QueueUrl: out.QueueUrl})
	if err != nil || !maps.Equal(got.Tags, map[string]string{"a": "2"}) {
		t.Errorf("%v, %v", got, err)
	}
	many := map[string]string{}
	for i := range 50 {
		many[fmt.Sprint(i)] = ""
	}
	wantError(t, tag(many), "InvalidParameterValue", "Too many tags added for queue q.")
	wantError(t, tag(map[string]string{"aws:x": ""}), "InvalidParameterValue", "aws:")
	wantError(t, tag(map[string]string{strings.Repeat("k", 129): ""}), "InvalidParameterValue", "128")
}

func TestPermissionsAreStatementsOfThePolicy(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q")
	add := func(label string, action string, accounts ...string) error {
		_, err := b.AddPermission(t.Context(), &awssqs.AddPermissionInput{QueueUrl: &q, Label: &label, Actions: []string{action}, AWSAccountIds: accounts})
		return err
	}
	remove := func(label string) error {
		_, err := b.RemovePermission(t.Context(), &awssqs.RemovePermissionInput{QueueUrl: &q, Label: &label})
		return err
	}
	if err := add("l", "ReceiveMessage", account, "668614515564"); err != nil {
		t.Fatal(err)
	}
	want := `{"Version":"2008-10-17","Id":"` + arnOf("q") + `/SQSDefaultPolicy","Statement":[{"Sid":"l","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::668614515564:root"]},"Action":"SQS:ReceiveMessage","Resource":"` + arnOf("q") + `"}]}`
	if got := b.attributes(q)["Policy"]; got != want {
		t.Errorf("policy %s\nwant   %s", got, want)
	}
	wantError(t, add("l", "SendMessage", account), "InvalidParameterValue", "Value l for parameter Label is invalid. Reason: Already exists.")
	wantError(t, add("m", "CreateQueue", account), "InvalidParameterValue", "SQS:CreateQueue")
	wantError(t, add("m", "SendMessage", "bob"), "InvalidParameterValue", "Unable to verify")
	wantError(t, remove("m"), "InvalidParameterValue", "can't find label.")
	if err := remove("l"); err != nil {
		t.Fatal(err)
	}
	if got, there := b.attributes(q)["Policy"]; there {
		t.Errorf("policy %s", got)
	}
}
