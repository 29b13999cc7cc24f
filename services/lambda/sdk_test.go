package lambda_test

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/signalbox/signalbox/server"
	"github.com/signalbox/signalbox/signalboxtest"
)

// TestSDKs has handlers use the SDKs that AWS's runtimes bring: they are
// installed at their first use, and call back into Signalbox with no setting of
// the handler's own. It needs the network: SIGNALBOX_NETWORK=1 go test -run SDKs
func TestSDKs(t *testing.T) {
	if os.Getenv("SIGNALBOX_NETWORK") == "" {
		t.Skip("LEFT OUT: installing SDKs needs the network (SIGNALBOX_NETWORK=1)")
	}
	cache := t.TempDir()
	w := start(t, signalboxtest.With(func(c *server.Config) { c.Cache = cache }))
	q := w.queue("sent", nil)
	node := `
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
const client = new SQSClient();
export const handler = async (event) => client.send(new SendMessageCommand({ QueueUrl: event.url, MessageBody: event.text }));`
	for _, c := range []struct {
		name    string
		runtime types.Runtime
		handler string
		files   map[string]string
	}{
		{"python", python.runtime, "app.handler", map[string]string{"app.py": "import boto3\nclient = boto3.client('sqs')\ndef handler(event, context):\n    return client.send_message(QueueUrl=event['url'], MessageBody=event['text'])['MessageId']\n"}},
		{"esm", nodeESM.runtime, "index.handler", map[string]string{"index.mjs": node}},
		{"cjs", nodeESM.runtime, "index.handler", map[string]string{"index.js": strings.NewReplacer("import {", "const {", "} from '@aws-sdk/client-sqs'", "} = require('@aws-sdk/client-sqs')", "export const handler", "exports.handler").Replace(node)}},
		{"v2", types.RuntimeNodejs16x, "index.handler", map[string]string{"index.js": "const { SQS } = require('aws-sdk');\nconst client = new SQS({ endpoint: process.env.AWS_ENDPOINT_URL });\nexports.handler = async (event) => client.sendMessage({ QueueUrl: event.url, MessageBody: event.text }).promise();"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &world{t, w.box, w.Client}
			w.write(c.name, c.runtime, c.handler, c.files, func(in *lambda.CreateFunctionInput) { in.MemorySize = new(int32(512)) })
			answer[any](t, w.invoke(c.name, map[string]string{"url": q.url, "text": c.name}))
			if got := *q.take(t).Body; got != c.name {
				t.Errorf("the queue got %s", got)
			}
		})
	}
}
