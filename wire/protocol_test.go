package wire_test

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/wire"
	"github.com/signalbox/signalbox/wire/internal/testapi/eventbridgev2"
	"github.com/signalbox/signalbox/wire/internal/testapi/events"
	"github.com/signalbox/signalbox/wire/internal/testapi/lambda"
	"github.com/signalbox/signalbox/wire/internal/testapi/pipes"
	"github.com/signalbox/signalbox/wire/internal/testapi/route53"
	"github.com/signalbox/signalbox/wire/internal/testapi/sqs"
)

// ask sends one request to a service and returns its answer.
func ask(s *wire.Service, method, url, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, url, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.Serve(w, r, []byte(body), &wire.Request{RequestID: "req-1", Account: "000000000000", Scheme: "http", Host: "localhost:4566", Time: noon})
	return w
}

// check compares an answer with what is expected of it, byte by byte.
func check(t *testing.T, w *httptest.ResponseRecorder, status int, body string, headers ...string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("status %d, want %d", w.Code, status)
	}
	if got := w.Body.String(); got != body {
		t.Errorf("body\n%s\nwant\n%s", got, body)
	}
	if got := w.Header().Get("X-Amzn-RequestId"); got != "req-1" {
		t.Errorf("request id %q", got)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if got := w.Header().Get(headers[i]); got != headers[i+1] {
			t.Errorf("header %s is %q, want %q", headers[i], got, headers[i+1])
		}
	}
}

func TestJSON(t *testing.T) {
	api := &fakeEvents{}
	s := events.NewService(api)
	target := func(op string) []string {
		return []string{"X-Amz-Target", "AWSEvents." + op, "Content-Type", "application/x-amz-json-1.1"}
	}

	t.Run("absent members are left out and counts are always written", func(t *testing.T) {
		api.putEvents = func(context.Context, *events.PutEventsInput) (*events.PutEventsOutput, error) {
			return &events.PutEventsOutput{Entries: []events.PutEventsResultEntry{{EventId: new("a\"<é")}, {}}}, nil
		}
		check(t, ask(s, "POST", "/", `{"Entries":[{}]}`, target("PutEvents")...), 200,
			`{"FailedEntryCount":0,"Entries":[{"EventId":"a\"<é"},{}]}`, "Content-Type", "application/x-amz-json-1.1", "Content-Length", "58")
	})
	t.Run("an empty list is written, a nil one is not", func(t *testing.T) {
		api.putEvents = func(context.Context, *events.PutEventsInput) (*events.PutEventsOutput, error) {
			return &events.PutEventsOutput{Entries: []events.PutEventsResultEntry{}}, nil
		}
		check(t, ask(s, "POST", "/", `{"Entries":[{}]}`, target("PutEvents")...), 200, `{"FailedEntryCount":0,"Entries":[]}`)
		api.putEvents = func(context.Context, *events.PutEventsInput) (*events.PutEventsOutput, error) { return nil, nil }
		check(t, ask(s, "POST", "/", `{"Entries":[{}]}`, target("PutEvents")...), 200, `{"FailedEntryCount":0}`)
	})
	t.Run("timestamps are seconds with what decimals they need", func(t *testing.T) {
		api.archive = func(context.Context, *events.DescribeArchiveInput) (*events.DescribeArchiveOutput, error) {
			return &events.DescribeArchiveOutput{CreationTime: new(wire.At(noon))}, nil
		}
		check(t, ask(s, "POST", "/", `{"ArchiveName":"a"}`, target("DescribeArchive")...), 200,
			`{"SizeBytes":0,"EventCount":0,"CreationTime":1795262400.25}`)
	})
	t.Run("an operation without output has no body", func(t *testing.T) {
		api.deleted = func(context.Context, *events.DeleteRuleInput) (*events.DeleteRuleOutput, error) { return nil, nil }
		check(t, ask(s, "POST", "/", `{"Name":"r"}`, target("DeleteRule")...), 200, "", "Content-Length", "0")
	})
	t.Run("null is absent, even under an unknown name", func(t *testing.T) {
		var got *events.DeleteRuleInput
		api.deleted = func(_ context.Context, in *events.DeleteRuleInput) (*events.DeleteRuleOutput, error) {
			got = in
			return nil, nil
		}
		check(t, ask(s, "POST", "/", ` {"Name":"r","Force":null,"Later":null} `, target("DeleteRule")...), 200, "")
		if got.Force != nil || *got.Name != "r" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a timestamp may be written out", func(t *testing.T) {
		var got wire.Time
		api.putEvents = func(_ context.Context, in *events.PutEventsInput) (*events.PutEventsOutput, error) {
			got = *in.Entries[0].Time
			return nil, nil
		}
		for _, text := range []string{`"2026-11-21T12:00:00.25Z"`, `"2026-11-21T13:00:00.250+01:00"`, `1795262400.25`, `1.79526240025e9`, `1795262400.2504`} {
			check(t, ask(s, "POST", "/", `{"Entries":[{"Time":`+text+`}]}`, target("PutEvents")...), 200, `{"FailedEntryCount":0}`)
			if !got.Equal(noon) {
				t.Errorf("%s is read as %v", text, got)
			}
		}
	})
	t.Run("an error has a type and a message", func(t *testing.T) {
		api.deleted = func(context.Context, *events.DeleteRuleInput) (*events.DeleteRuleOutput, error) {
			return nil, wire.Errorf(events.CodeManagedRuleException, "no")
		}
		check(t, ask(s, "POST", "/", `{"Name":"r"}`, target("DeleteRule")...), 400, `{"__type":"ManagedRuleException","message":"no"}`)
	})
	t.Run("an unknown operation is named", func(t *testing.T) {
		check(t, ask(s, "POST", "/", `{}`, target("PutEvent")...), 400, `{"__type":"UnknownOperationException","message":"events has no operation PutEvent"}`)
	})
	t.Run("an operation that is not implemented says so before its input is read", func(t *testing.T) {
		check(t, ask(s, "POST", "/", `{{`, target("PutPartnerEvents")...), 501,
			`{"__type":"NotImplementedException","message":"events.PutPartnerEvents is not implemented by Signalbox; see signalbox coverage"}`)
	})
	t.Run("a protocol that the service does not speak is refused", func(t *testing.T) {
		check(t, ask(s, "POST", "/", "Action=PutEvents", "Content-Type", "application/x-www-form-urlencoded"), 400,
			`<?xml version="1.0" encoding="UTF-8"?>
<ErrorResponse><Error><Type>Sender</Type><Code>UnknownOperationException</Code><Message>events does not speak awsQuery</Message></Error><RequestId>req-1</RequestId></ErrorResponse>`)
	})
	t.Run("what the gateway refuses is answered in the service's protocol", func(t *testing.T) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
		e := wire.Errorf("InvalidSignatureException", "bad")
		e.Status = 403
		s.ServeError(w, r, &wire.Request{RequestID: "req-1"}, e)
		check(t, w, 403, `{"__type":"InvalidSignatureException","message":"bad"}`)
	})
	t.Run("the operation is known before anything is decoded", func(t *testing.T) {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
		if got := s.Operation(r, nil); got != "PutEvents" {
			t.Errorf("got %q", got)
		}
	})
}

func TestQuery(t *testing.T) {
	api := &fakeSQS{}
	s := sqs.NewService(api)
	form := []string{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}
	const head = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	const tail = `<ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata>`

	t.Run("a message with attributes is read by the names of old", func(t *testing.T) {
		var got *sqs.SendMessageInput
		api.send = func(_ context.Context, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) {
			got = in
			return &sqs.SendMessageOutput{MessageId: new("m-1"), MD5OfMessageBody: new("<&>")}, nil
		}
		w := ask(s, "POST", "/", "Action=SendMessage&Version=2012-11-05&QueueUrl=http%3A%2F%2Fq&MessageBody=a+b%26c&DelaySeconds=5"+
			"&MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=v"+
			"&MessageAttribute.2.Name=b&MessageAttribute.2.Value.DataType=Binary&MessageAttribute.2.Value.BinaryValue=AP8%3D"+
			"&MessageSystemAttribute.1.Name=AWSTraceHeader&MessageSystemAttribute.1.Value.DataType=String&MessageSystemAttribute.1.Value.StringValue=Root", form...)
		check(t, w, 200, head+`<SendMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><SendMessageResult>`+
			`<MD5OfMessageBody>&lt;&amp;&gt;</MD5OfMessageBody><MessageId>m-1</MessageId></SendMessageResult>`+tail+`</SendMessageResponse>`, "Content-Type", "text/xml")
		if *got.QueueUrl != "http://q" || *got.MessageBody != "a b&c" || *got.DelaySeconds != 5 ||
			*got.MessageAttributes["n"].StringValue != "v" || string(got.MessageAttributes["b"].BinaryValue) != "\x00\xff" ||
			*got.MessageSystemAttributes["AWSTraceHeader"].StringValue != "Root" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("the queue may be the URL's path", func(t *testing.T) {
		var got string
		api.send = func(_ context.Context, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) {
			got = *in.QueueUrl
			return nil, nil
		}
		ask(s, "POST", "/000000000000/orders", "Action=SendMessage&MessageBody=x", form...)
		if got != "http://localhost:4566/000000000000/orders" {
			t.Errorf("the queue's URL is %q", got)
		}
	})
	t.Run("entries of a batch keep their order, whatever the form's", func(t *testing.T) {
		var got []string
		api.batch = func(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
			for _, e := range in.Entries {
				got = append(got, *e.Id)
			}
			return &sqs.SendMessageBatchOutput{
				Successful: []sqs.SendMessageBatchResultEntry{{Id: new("a"), MessageId: new("1"), MD5OfMessageBody: new("x")}, {Id: new("b")}},
				Failed:     []sqs.BatchResultErrorEntry{{Id: new("c"), Code: new("Bad"), SenderFault: true}},
			}, nil
		}
		var b strings.Builder
		b.WriteString("Action=SendMessageBatch&QueueUrl=q")
		for _, id := range []string{"10", "2", "1"} {
			b.WriteString("&SendMessageBatchRequestEntry." + id + ".Id=" + id + "&SendMessageBatchRequestEntry." + id + ".MessageBody=x")
		}
		check(t, ask(s, "POST", "/", b.String(), form...), 200, head+`<SendMessageBatchResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><SendMessageBatchResult>`+
			`<SendMessageBatchResultEntry><Id>a</Id><MessageId>1</MessageId><MD5OfMessageBody>x</MD5OfMessageBody></SendMessageBatchResultEntry>`+
			`<SendMessageBatchResultEntry><Id>b</Id></SendMessageBatchResultEntry>`+
			`<BatchResultErrorEntry><Id>c</Id><SenderFault>true</SenderFault><Code>Bad</Code></BatchResultErrorEntry>`+
			`</SendMessageBatchResult>`+tail+`</SendMessageBatchResponse>`)
		if strings.Join(got, " ") != "1 2 10" {
			t.Errorf("the entries came as %v", got)
		}
	})
	t.Run("attributes are name and value", func(t *testing.T) {
		var names []string
		api.attrs = func(_ context.Context, in *sqs.GetQueueAttributesInput) (*sqs.GetQueueAttributesOutput, error) {
			names = in.AttributeNames
			return &sqs.GetQueueAttributesOutput{Attributes: map[string]string{"QueueArn": "arn", "DelaySeconds": "0"}}, nil
		}
		check(t, ask(s, "POST", "/", "Action=GetQueueAttributes&QueueUrl=q&AttributeName.1=QueueArn&AttributeName.2=DelaySeconds", form...), 200,
			head+`<GetQueueAttributesResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><GetQueueAttributesResult>`+
				`<Attribute><Name>DelaySeconds</Name><Value>0</Value></Attribute><Attribute><Name>QueueArn</Name><Value>arn</Value></Attribute>`+
				`</GetQueueAttributesResult>`+tail+`</GetQueueAttributesResponse>`)
		if strings.Join(names, " ") != "QueueArn DelaySeconds" {
			t.Errorf("got %v", names)
		}
	})
	t.Run("a GET asks as well", func(t *testing.T) {
		var got *sqs.CreateQueueInput
		api.create = func(_ context.Context, in *sqs.CreateQueueInput) (*sqs.CreateQueueOutput, error) {
			got = in
			return &sqs.CreateQueueOutput{QueueUrl: new("u")}, nil
		}
		check(t, ask(s, "GET", "/?Action=CreateQueue&QueueName=q&Tag.1.Key=k&Tag.1.Value=v&Attribute.1.Name=FifoQueue&Attribute.1.Value=true", ""), 200,
			head+`<CreateQueueResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><CreateQueueResult><QueueUrl>u</QueueUrl></CreateQueueResult>`+tail+`</CreateQueueResponse>`)
		if got.Tags["k"] != "v" || got.Attributes["FifoQueue"] != "true" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("an operation without output has metadata alone", func(t *testing.T) {
		api.untag = func(context.Context, *sqs.UntagQueueInput) (*sqs.UntagQueueOutput, error) { return nil, nil }
		check(t, ask(s, "POST", "/", "Action=UntagQueue&QueueUrl=q&TagKey.1=k", form...), 200,
			head+`<UntagQueueResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">`+tail+`</UntagQueueResponse>`)
	})
	t.Run("an error has the query protocol's code", func(t *testing.T) {
		api.send = func(context.Context, *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) {
			return nil, wire.Errorf(sqs.CodeQueueDoesNotExist, "gone")
		}
		check(t, ask(s, "POST", "/", "Action=SendMessage&QueueUrl=q&MessageBody=x", form...), 400,
			head+`<ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>gone</Message></Error><RequestId>req-1</RequestId></ErrorResponse>`)
		check(t, ask(s, "POST", "/", `{"QueueUrl":"q","MessageBody":"x"}`, "X-Amz-Target", "AmazonSQS.SendMessage", "Content-Type", "application/x-amz-json-1.0"), 400,
			`{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}`,
			"X-Amzn-Query-Error", "AWS.SimpleQueueService.NonExistentQueue;Sender", "Content-Type", "application/x-amz-json-1.0")
	})
	for name, c := range map[string]struct{ form, code, message string }{
		"a required parameter that is absent":   {"Action=SendMessage&QueueUrl=q", "MissingParameter", "The request must contain the parameter MessageBody."},
		"an unknown parameter":                  {"Action=SendMessage&QueueUrl=q&MessageBody=x&Colour=red", "ValidationError", "Unknown member &apos;Colour&apos;"},
		"an unknown action":                     {"Action=SendMassage", "InvalidAction", "The action SendMassage is not valid for this web service."},
		"no action":                             {"QueueUrl=q", "MissingAction", "The request names no Action."},
		"a parameter given twice":               {"Action=SendMessage&QueueUrl=q&QueueUrl=r", "MalformedQueryString", "the parameter QueueUrl is given twice"},
		"bad escaping":                          {"Action=SendMessage&QueueUrl=%zz", "MalformedQueryString", "the parameter QueueUrl is badly escaped"},
		"invalid UTF-8":                         {"Action=SendMessage&QueueUrl=%ff", "MalformedQueryString", "the parameter &quot;QueueUrl&quot; is not UTF-8"},
		"text where a number belongs":           {"Action=SendMessage&QueueUrl=q&MessageBody=x&DelaySeconds=soon", "MalformedInput", "the number does not fit an Integer of 32 bits at &apos;delaySeconds&apos;"},
		"a list's entry that has no number":     {"Action=GetQueueAttributes&QueueUrl=q&AttributeName.x=All", "MalformedInput", "&apos;x&apos; is no position in a list at &apos;attributeNames&apos;"},
		"a map's entry without a value":         {"Action=CreateQueue&QueueName=q&Tag.1.Key=k", "MalformedInput", "the entry has no Value at &apos;tags.1&apos;"},
		"parameters that nest without a bottom": {"Action=SendMessage&" + strings.Repeat("a.", 100) + "=x", "MalformedQueryString", "the parameter " + strings.Repeat("a.", 100) + " nests deeper than 64"},
	} {
		t.Run(name+" is named", func(t *testing.T) {
			check(t, ask(s, "POST", "/", c.form, form...), 400, head+`<ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error><Type>Sender</Type><Code>`+
				c.code+`</Code><Message>`+strings.ReplaceAll(c.message, "&apos;", "'")+`</Message></Error><RequestId>req-1</RequestId></ErrorResponse>`)
		})
	}
}

type fakePipes struct {
	pipes.API
	list  *pipes.ListPipesInput
	tag   *pipes.TagResourceInput
	untag *pipes.UntagResourceInput
	err   error
}

func (f *fakePipes) ListPipes(_ context.Context, in *pipes.ListPipesInput) (*pipes.ListPipesOutput, error) {
	f.list = in
	return &pipes.ListPipesOutput{Pipes: []pipes.Pipe{{Name: new("p"), CreationTime: new(wire.At(noon))}}}, f.err
}

func (f *fakePipes) TagResource(_ context.Context, in *pipes.TagResourceInput) (*pipes.TagResourceOutput, error) {
	f.tag = in
	return nil, f.err
}

func (f *fakePipes) UntagResource(_ context.Context, in *pipes.UntagResourceInput) (*pipes.UntagResourceOutput, error) {
	f.untag = in
	return nil, f.err
}

func TestRestJSON(t *testing.T) {
	api := &fakePipes{}
	s := pipes.NewService(api)
	const resource = "/tags/arn:aws:pipes:eu-west-1:000000000000:pipe%2Fp"

	t.Run("query parameters are members and the body is JSON", func(t *testing.T) {
		check(t, ask(s, "GET", "/v1/pipes?NamePrefix=a&Limit=7", ""), 200,
			`{"Pipes":[{"Name":"p","CreationTime":1795262400.25}]}`, "Content-Type", "application/json")
		if *api.list.NamePrefix != "a" || *api.list.Limit != 7 || api.list.NextToken != nil {
			t.Errorf("got %+v", api.list)
		}
	})
	t.Run("labels of the path are unescaped and the rest is in the body", func(t *testing.T) {
		check(t, ask(s, "POST", resource, `{"tags":{"a":"b"}}`), 200, "{}")
		if *api.tag.ResourceArn != "arn:aws:pipes:eu-west-1:000000000000:pipe/p" || api.tag.Tags["a"] != "b" {
			t.Errorf("got %+v", api.tag)
		}
	})
	t.Run("a list may be repeated in the query", func(t *testing.T) {
		check(t, ask(s, "DELETE", resource+"?tagKeys=a&tagKeys=b", ""), 200, "{}")
		if strings.Join(api.untag.TagKeys, " ") != "a b" {
			t.Errorf("got %v", api.untag.TagKeys)
		}
	})
	t.Run("an error's own members are beside the message or in headers", func(t *testing.T) {
		api.err = &wire.Error{Code: pipes.CodeThrottlingException, Message: "slow down",
			Detail: &pipes.ThrottlingException{ServiceCode: new("pipes"), RetryAfterSeconds: new(int32(3))}}
		check(t, ask(s, "GET", "/v1/pipes", ""), 429, `{"__type":"ThrottlingException","message":"slow down","serviceCode":"pipes"}`,
			"X-Amzn-Errortype", "ThrottlingException", "Retry-After", "3")
		api.err = nil
	})
	t.Run("a path that is no operation's is not found", func(t *testing.T) {
		check(t, ask(s, "GET", "/v2/pipes", ""), 404, `{"__type":"UnknownOperationException","message":"pipes has no operation at GET /v2/pipes"}`)
	})
	t.Run("the path of an operation that is not implemented is known", func(t *testing.T) {
		check(t, ask(s, "GET", "/v1/pipes/p", ""), 501, `{"__type":"NotImplementedException","message":"pipes.DescribePipe is not implemented by Signalbox; see signalbox coverage"}`)
	})
	t.Run("a member of the path is no member of the body", func(t *testing.T) {
		check(t, ask(s, "POST", resource, `{"tags":{},"resourceArn":"x"}`), 400, `{"__type":"ValidationException","message":"Unknown member 'resourceArn'"}`)
	})
	t.Run("values of secret members are not repeated", func(t *testing.T) {
		w := ask(s, "GET", "/v1/pipes?NextToken="+strings.Repeat("hush", 600), "")
		check(t, w, 400, `{"__type":"ValidationException","message":"1 validation error detected: Value at 'nextToken' failed to satisfy constraint: Member must have length less than or equal to 2048"}`)
	})
}

type fakeLambda struct {
	lambda.API
	in  *lambda.InvokeInput
	out *lambda.InvokeOutput
}

func (f *fakeLambda) Invoke(_ context.Context, in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
	f.in = in
	return f.out, nil
}

func TestRestJSONPayload(t *testing.T) {
	api := &fakeLambda{out: &lambda.InvokeOutput{StatusCode: new(int32(202)), FunctionError: new("Unhandled"), Payload: []byte(`{"a":1}`)}}
	s := lambda.NewService(api)
	w := ask(s, "POST", "/2015-03-31/functions/f/invocations?Qualifier=live", "[1, 2]", "X-Amz-Invocation-Type", "RequestResponse")
	check(t, w, 202, `{"a":1}`, "X-Amz-Function-Error", "Unhandled")
	if *api.in.FunctionName != "f" || *api.in.Qualifier != "live" || *api.in.InvocationType != "RequestResponse" || string(api.in.Payload) != "[1, 2]" {
		t.Errorf("got %+v", api.in)
	}
}

type fakeRoute53 struct {
	route53.API
	change *route53.ChangeTagsForResourceInput
	zone   *route53.CreateHostedZoneInput
}

func (f *fakeRoute53) ChangeTagsForResource(_ context.Context, in *route53.ChangeTagsForResourceInput) (*route53.ChangeTagsForResourceOutput, error) {
	f.change = in
	return nil, nil
}

func (f *fakeRoute53) CreateHostedZone(_ context.Context, in *route53.CreateHostedZoneInput) (*route53.CreateHostedZoneOutput, error) {
	f.zone = in
	return &route53.CreateHostedZoneOutput{
		Location: new("/z"), ChangeInfo: &route53.ChangeInfo{SubmittedAt: new(wire.At(noon))},
		DelegationSet: &route53.DelegationSet{NameServers: []string{"a", "b"}},
	}, nil
}

func TestRestXML(t *testing.T) {
	api := &fakeRoute53{}
	s := route53.NewService(api)
	check(t, ask(s, "POST", "/2013-04-01/tags/hostedzone/Z1", `<?xml version="1.0"?><ChangeTagsForResourceRequest xmlns="x"><AddTags><Tag><Key>a &amp; b</Key><Value>c</Value></Tag></AddTags><RemoveTagKeys><Key>d</Key></RemoveTagKeys></ChangeTagsForResourceRequest>`), 200, "")
	if c := api.change; *c.ResourceId != "Z1" || *c.AddTags[0].Key != "a & b" || *c.AddTags[0].Value != "c" || c.RemoveTagKeys[0] != "d" {
		t.Errorf("got %+v", c)
	}
	check(t, ask(s, "POST", "/2013-04-01/hostedzone", `<r><Name>n</Name><CallerReference>c</CallerReference><HostedZoneConfig><PrivateZone>true</PrivateZone></HostedZoneConfig></r>`), 201,
		`<?xml version="1.0" encoding="UTF-8"?>
<CreateHostedZoneResponse><ChangeInfo><SubmittedAt>2026-11-21T12:00:00.250Z</SubmittedAt></ChangeInfo><DelegationSet><NameServers><NameServer>a</NameServer><NameServer>b</NameServer></NameServers></DelegationSet></CreateHostedZoneResponse>`,
		"Location", "/z", "Content-Type", "application/xml")
	if !*api.zone.HostedZoneConfig.PrivateZone {
		t.Errorf("got %+v", api.zone)
	}
	check(t, ask(s, "POST", "/2013-04-01/hostedzone", `<r><Nome>n</Nome></r>`), 400,
		`<?xml version="1.0" encoding="UTF-8"?>
<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Unknown member 'Nome'</Message></Error><RequestId>req-1</RequestId></ErrorResponse>`)
}

type fakeV2 struct {
	in  *eventbridgev2.PutEventsInput
	err error
}

func (f *fakeV2) PutEvents(_ context.Context, in *eventbridgev2.PutEventsInput) (*eventbridgev2.PutEventsOutput, error) {
	f.in = in
	return &eventbridgev2.PutEventsOutput{Entries: []eventbridgev2.PutEventsResultEntry{{EventId: new("e")}}}, f.err
}

func TestCBOR(t *testing.T) {
	api := &fakeV2{}
	s := eventbridgev2.NewService(api)
	post := func(op, body string) *httptest.ResponseRecorder {
		raw, err := hex.DecodeString(strings.ReplaceAll(body, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return ask(s, "POST", "/service/AWSEventsV2/operation/"+op, string(raw), "Smithy-Protocol", "rpc-v2-cbor", "Content-Type", "application/cbor")
	}
	text := func(s string) string {
		if len(s) < 24 {
			return hex.EncodeToString(append([]byte{0x60 | byte(len(s))}, s...))
		}
		return hex.EncodeToString(append([]byte{0x78, byte(len(s))}, s...))
	}
	const bus = "arn:aws:events:eu-west-1:000000000000:event-busv2/orders/abcdefghij0123456789abcde"
	entry := func(time string) string {
		return "bf" + text("EventBusArn") + text(bus) + text("Entries") + "9f bf" + text("Source") + text("shop") +
			text("DetailType") + text("d") + text("Time") + time + text("Resources") + "82" + text("a") + text("b") + "ff ff ff"
	}
	header := []string{"Smithy-Protocol", "rpc-v2-cbor", "Content-Type", "application/cbor"}

	t.Run("maps and lists of indefinite length and tagged times are read", func(t *testing.T) {
		want, _ := hex.DecodeString("a2" + text("FailedEntryCount") + "00" + text("Entries") + "81a1" + text("EventId") + text("e"))
		for _, time := range []string{"c1 fb 41dac061f0100000", "c1 1a 6b0187c0"} {
			check(t, post("PutEvents", entry(time)), 200, string(want), header...)
			e := api.in.Entries[0]
			if *e.Source != "shop" || len(e.Resources) != 2 || e.Time.Unix() != noon.Unix() || *api.in.EventBusArn != bus {
				t.Errorf("got %+v", e)
			}
		}
	})
	t.Run("an error is a map with its type", func(t *testing.T) {
		api.err = wire.Errorf(eventbridgev2.CodeThrottlingException, "slow")
		want, _ := hex.DecodeString("a2" + text("__type") + text("ThrottlingException") + text("message") + text("slow"))
		check(t, post("PutEvents", entry("c1 1a 6b0187c0")), 429, string(want), header...)
		api.err = nil
	})
	for name, c := range map[string]struct{ body, code, message string }{
		"a text string where a list belongs": {"a1" + text("Entries") + text("x"), "SerializationException", "a text string cannot be converted to List at 'entries'"},
		"an unknown member":                  {"a1" + text("Nope") + "01", "ValidationException", "Unknown member 'Nope'"},
		"a body that is no map":              {"80", "SerializationException", "the body is no map"},
		"a key given twice":                  {"a2" + text("Entries") + "80" + text("Entries") + "80", "SerializationException", `cbor: found duplicate map key "Entries" at map element index 1`},
		"a body cut short":                   {"a1", "SerializationException", "unexpected EOF"},
		"a required member that is absent":   {"a1" + text("Entries") + "80", "ValidationException", ""},
	} {
		t.Run(name+" is named", func(t *testing.T) {
			w := post("PutEvents", c.body)
			got := w.Body.String()
			if w.Code != http.StatusBadRequest || !strings.Contains(got, c.code) || !strings.Contains(got, c.message) {
				t.Errorf("got %d %q", w.Code, got)
			}
		})
	}
	t.Run("an operation that is not implemented says so", func(t *testing.T) {
		if w := post("PutRawEvents", "a0"); w.Code != 501 || !strings.Contains(w.Body.String(), "eventbridgev2.PutRawEvents is not implemented by Signalbox") {
			t.Errorf("got %d %q", w.Code, w.Body.String())
		}
	})
}

func TestErrorsWrapped(t *testing.T) {
	err := errors.Join(errors.New("putting"), wire.Errorf("LimitExceededException", "%d is too many", 7))
	if !wire.IsCode(err, "LimitExceededException") || wire.IsCode(err, "Other") || wire.IsCode(errors.New("x"), "Other") {
		t.Error("IsCode does not look through wrapping")
	}
}
