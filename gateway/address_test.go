package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHostNamesAreRead(t *testing.T) {
	for host, want := range map[string]HostName{
		"sqs.us-east-1.amazonaws.com":                       {Service: "sqs", Region: "us-east-1"},
		"sqs.us-east-1.localhost.localstack.cloud:4566":     {Service: "sqs", Region: "us-east-1"},
		"events.eu-central-1.localhost:4566":                {Service: "events", Region: "eu-central-1"},
		"events.localhost":                                  {Service: "events"},
		"Events.EU-Central-1.Localhost.":                    {Service: "events", Region: "eu-central-1"},
		"us-gov-west-1.queue.localhost.localstack.cloud":    {Service: "sqs", Region: "us-gov-west-1"},
		"queue.amazonaws.com":                               {Service: "sqs"},
		"abc.execute-api.us-east-1.localhost:4566":          {Resource: "abc", Service: "execute-api", Region: "us-east-1"},
		"my.dotted.bucket.s3.eu-west-1.amazonaws.com":       {Resource: "my.dotted.bucket", Service: "s3", Region: "eu-west-1"},
		"bucket.s3.dualstack.us-west-2.amazonaws.com":       {Resource: "bucket", Service: "s3", Region: "us-west-2"},
		"bucket.s3.localhost.localstack.cloud:4566":         {Resource: "bucket", Service: "s3"},
		"xyz.lambda-url.us-east-1.on.aws":                   {Resource: "xyz", Service: "lambda-url", Region: "us-east-1"},
		"sts-fips.us-east-1.amazonaws.com":                  {Service: "sts", Region: "us-east-1"},
		"sqs.cn-north-1.amazonaws.com.cn":                   {Service: "sqs", Region: "cn-north-1"},
		"streams.dynamodb.us-east-1.amazonaws.com":          {Resource: "streams", Service: "dynamodb", Region: "us-east-1"},
		"us-east-1.localhost":                               {},
		"localhost:4566":                                    {},
		"127.0.0.1:4566":                                    {},
		"[::1]:4566":                                        {},
		"example.com":                                       {},
		".localhost":                                        {},
		"":                                                  {},
		"..":                                                {},
		"a..localhost":                                      {Resource: "a", Service: ""},
		"xn--nxasmq6b.localhost.localstack.cloud.evil.test": {},
	} {
		if got := ParseHost(host); got != want {
			t.Errorf("ParseHost(%q) = %+v, want %+v", host, got, want)
		}
	}
}

func FuzzParseHost(f *testing.F) {
	f.Add("a.b.us-east-1.localhost:1")
	f.Fuzz(func(t *testing.T, host string) { ParseHost(host) })
}

// TestEachFormOfAddressingFindsItsService asks as SDKs and tools of all ages do.
func TestEachFormOfAddressingFindsItsService(t *testing.T) {
	scope := func(service, region string) http.Header {
		return http.Header{"Authorization": {"AWS4-HMAC-SHA256 Credential=test/20261121/" + region + "/" + service + "/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"}, "X-Amz-Date": {"20261121T163000Z"}}
	}
	with := func(h http.Header, more ...string) http.Header {
		if h == nil {
			h = http.Header{}
		}
		for i := 0; i < len(more); i += 2 {
			h.Set(more[i], more[i+1])
		}
		return h
	}
	const formType, jsonType = "application/x-www-form-urlencoded", "application/x-amz-json-1.0"
	const list = "Action=ListQueues&Version=2012-11-05"
	for _, c := range []struct {
		name, method, target string
		header               http.Header
		body                 string
		want, region, input  string // service.operation
	}{
		{"the scope of a signature and a target", "POST", "http://localhost:4566/", with(scope("events", "eu-west-1"), "X-Amz-Target", "AWSEvents.PutEvents"), "{}", "events.PutEvents", "eu-west-1", ""},
		{"the scope of a signature and a form", "POST", "http://localhost:4566/", with(scope("sqs", "eu-west-2"), "Content-Type", formType), list, "sqs.ListQueues", "eu-west-2", ""},
		{"the scope of a signature and a path", "GET", "http://localhost:4566/2015-03-31/functions/", scope("lambda", "us-west-2"), "", "lambda.ListFunctions", "us-west-2", ""},
		{"the scope of two services, and a target of the first", "POST", "http://localhost:4566/", with(scope("dynamodb", "us-east-1"), "X-Amz-Target", "DynamoDB_20120810.ListTables"), "{}", "dynamodb.ListTables", "us-east-1", ""},
		{"the scope of two services, and a target of the second", "POST", "http://localhost:4566/", with(scope("dynamodb", "us-east-1"), "X-Amz-Target", "DynamoDBStreams_20120810.ListStreams"), "{}", "dynamodbstreams.ListStreams", "us-east-1", ""},
		{"the scope of two services that share an operation, and a target of the second", "POST", "http://localhost:4566/", with(scope("dynamodb", "us-east-1"), "X-Amz-Target", "DynamoDBStreams_20120810.TagResource"), "{}", "dynamodbstreams.TagResource", "us-east-1", ""},
		{"a scope that says otherwise than the host", "POST", "http://sqs.us-east-1.localhost:4566/", with(scope("events", "eu-west-1"), "X-Amz-Target", "AWSEvents.PutEvents"), "{}", "events.PutEvents", "eu-west-1", ""},
		{"the scope of a global service", "GET", "http://localhost:4566/", scope("s3", "aws-global"), "", "s3.ListBuckets", "us-east-1", ""},
		{"a presigned query", "GET", "http://localhost:4566/?" + "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20261121%2Feu-north-1%2Fsts%2Faws4_request&X-Amz-Date=20261121T163000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00", nil, "", "sts.GetCallerIdentity", "eu-north-1", ""},
		{"a signature that is cut, as from a shell", "POST", "http://localhost:4566/", with(nil, "Authorization", "AWS4-HMAC-SHA256 Credential=test/20261121/eu-west-3/sqs/aws4_request", "Content-Type", formType), list, "sqs.ListQueues", "eu-west-3", ""},
		{"a target without a signature", "POST", "http://localhost:4566/", with(nil, "X-Amz-Target", "AmazonSQS.ListQueues", "Content-Type", jsonType), "{}", "sqs.ListQueues", "us-east-1", ""},
		{"a target without a signature, and a region in the host", "POST", "http://sqs.ap-south-1.localhost:4566/", with(nil, "X-Amz-Target", "AmazonSQS.ListQueues"), "{}", "sqs.ListQueues", "ap-south-1", ""},
		{"a path of Smithy's RPC", "POST", "http://localhost:4566/service/AWSEvents/operation/PutEvents", with(nil, "Smithy-Protocol", "rpc-v2-cbor", "Content-Type", "application/cbor"), "\xa0", "events.PutEvents", "us-east-1", ""},
		{"a host of localstack", "POST", "http://sqs.eu-central-1.localhost.localstack.cloud:4566/", with(nil, "Content-Type", formType), list, "sqs.ListQueues", "eu-central-1", ""},
		{"a host of AWS", "GET", "http://sqs.us-east-2.amazonaws.com/?" + list, nil, "", "sqs.ListQueues", "us-east-2", ""},
		{"the first form of a queue's host", "GET", "http://us-west-1.queue.localhost.localstack.cloud:4566/?" + list, nil, "", "sqs.ListQueues", "us-west-1", ""},
		{"an action and a version in the query", "GET", "http://localhost:4566/?Action=GetCallerIdentity&Version=2011-06-15", nil, "", "sts.GetCallerIdentity", "us-east-1", ""},
		{"an action and a version in a form", "POST", "http://localhost:4566/", with(nil, "Content-Type", formType), "Action=GetCallerIdentity&Version=2011-06-15", "sts.GetCallerIdentity", "us-east-1", ""},
		{"an action alone", "GET", "http://localhost:4566/?Action=GetCallerIdentity", nil, "", "sts.GetCallerIdentity", "us-east-1", ""},
		{"a bucket's host", "GET", "http://s3.localhost.localstack.cloud:4566/", nil, "", "s3.ListBuckets", "us-east-1", ""},
		{"a queue's URL with a form", "POST", "http://localhost:4566/000000000000/orders", with(scope("sqs", "us-east-1"), "Content-Type", formType), "Action=SendMessage&MessageBody=x", "sqs.SendMessage", "us-east-1", "http://localhost:4566/000000000000/orders"},
		{"a queue's URL with a form that names a queue", "POST", "http://localhost:4566/000000000000/orders", with(nil, "Content-Type", formType), "Action=SendMessage&MessageBody=x&QueueUrl=http%3A%2F%2Fx%2Fother", "sqs.SendMessage", "us-east-1", "http://x/other"},
		{"a queue's URL with a query", "GET", "http://localhost:4566/000000000000/orders.fifo?Action=SendMessage&MessageBody=x", nil, "", "sqs.SendMessage", "us-east-1", "http://localhost:4566/000000000000/orders.fifo"},
		{"a queue's URL with a region in the path", "GET", "http://localhost:4566/queue/eu-west-1/000000000000/orders?Action=SendMessage&MessageBody=x", nil, "", "sqs.SendMessage", "eu-west-1", "http://localhost:4566/queue/eu-west-1/000000000000/orders"},
		{"a queue's URL with JSON", "POST", "http://localhost:4566/000000000000/orders", with(nil, "X-Amz-Target", "AmazonSQS.SendMessage", "Content-Type", jsonType), `{"QueueUrl":"http://localhost:4566/000000000000/orders","MessageBody":"x"}`, "sqs.SendMessage", "us-east-1", "http://localhost:4566/000000000000/orders"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := open(t, nil)
			r := httptest.NewRequest(c.method, c.target, strings.NewReader(c.body))
			for k, v := range c.header {
				r.Header[k] = v
			}
			w := d.ask(r)
			got, input, called := d.last()
			if !called || w.Code != 200 || got.Service+"."+got.Operation != c.want || got.Region != c.region || got.Account != DefaultAccount || input != c.input {
				t.Errorf("called %v: %+v with %q; answer %d %s", called, got, input, w.Code, w.Body)
			}
			if w.Header().Get("X-Amzn-Requestid") != got.RequestID {
				t.Error("the answer's request id is not the request's")
			}
		})
	}
}

func TestServicesThatThereAreNotAreNamed(t *testing.T) {
	for _, c := range []struct {
		name, method, target, scope string
		header                      [2]string
		status                      int
		contentType, want           string
	}{
		{"in a signature", "POST", "/", "kinesis", [2]string{"X-Amz-Target", "Kinesis_20131202.ListStreams"}, 501, "application/x-amz-json-1.1", "no service 'kinesis'"},
		{"in a signature, with a form", "POST", "/", "rds", [2]string{"Content-Type", "application/x-www-form-urlencoded"}, 501, "text/xml", "no service 'rds'"},
		{"in a signature, speaking XML", "GET", "/2013-04-01/hostedzone", "route53", [2]string{}, 501, "application/xml", "no service 'route53'"},
		{"in a signature, speaking REST", "GET", "/v2/apis", "apigateway", [2]string{}, 501, "application/json", "no service 'apigateway'; it has dynamodb, dynamodbstreams, events, lambda, s3, sqs, sts."},
		{"in a target", "POST", "/", "", [2]string{"X-Amz-Target", "Kinesis_20131202.ListStreams"}, 501, "application/x-amz-json-1.1", "no service 'Kinesis_20131202'"},
		{"nowhere", "GET", "/nothing", "", [2]string{}, 404, "application/json", "names no service"},
		{"in an action", "GET", "/?Action=RunInstances&Version=2016-11-15", "", [2]string{}, 404, "", "names no service"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "http://localhost:4566"+c.target, nil)
			if c.scope != "" {
				r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/"+c.scope+"/aws4_request, SignedHeaders=host, Signature=0")
			}
			if c.header[0] != "" {
				r.Header.Set(c.header[0], c.header[1])
			}
			w := open(t, nil).ask(r)
			if w.Code != c.status || c.contentType != "" && w.Header().Get("Content-Type") != c.contentType || !strings.Contains(w.Body.String(), "UnknownService") ||
				!strings.Contains(strings.ReplaceAll(w.Body.String(), "&#39;", "'"), c.want) || w.Header().Get("X-Amzn-Requestid") == "" {
				t.Errorf("%d %s %s", w.Code, w.Header().Get("Content-Type"), w.Body)
			}
		})
	}
}
