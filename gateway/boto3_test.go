package gateway

import (
	"os"
	"os/exec"
	"testing"
)

// boto3Script calls with botocore's own signer, which canonicalises paths and
// queries otherwise than the Go SDK.
const boto3Script = `
import sys, boto3, botocore, urllib.request
from botocore.config import Config
url, key, secret = sys.argv[1:]
def client(name, key=key, secret=secret):
    return boto3.client(name, endpoint_url=url, region_name="eu-west-1", aws_access_key_id=key, aws_secret_access_key=secret, config=Config(retries={"total_max_attempts": 1}))
assert client("sts").get_caller_identity()["Account"] == "111122223333"
assert client("sqs").send_message(QueueUrl=url + "/000000000000/q", MessageBody="x")["MessageId"] == "m-1"
client("lambda").list_functions()
client("dynamodb").list_tables()
presigned = client("sts").generate_presigned_url("get_caller_identity", HttpMethod="GET")
assert b"111122223333" in urllib.request.urlopen(presigned).read()
def refused(name, call, code, **kw):
    try:
        getattr(client(name, **kw), call)()
    except botocore.exceptions.ClientError as e:
        assert e.response["Error"]["Code"] == code, e
    else:
        raise AssertionError(name + " accepted")
refused("sts", "get_caller_identity", "SignatureDoesNotMatch", secret="x")
refused("sts", "get_caller_identity", "InvalidClientTokenId", key="AKIANOBODY")
refused("sqs", "list_queues", "InvalidClientTokenId", key="AKIANOBODY")
refused("dynamodb", "list_tables", "UnrecognizedClientException", key="AKIANOBODY")
refused("lambda", "list_functions", "InvalidSignatureException", secret="x")
refused("s3", "list_buckets", "InvalidAccessKeyId", key="AKIANOBODY")
refused("kinesis", "list_streams", "UnknownService")
refused("ec2", "describe_regions", "UnknownService")
`

// TestBoto3IsServed needs a Python with boto3: SIGNALBOX_PYTHON=…/bin/python go test -run Boto3 ./gateway
func TestBoto3IsServed(t *testing.T) {
	python := os.Getenv("SIGNALBOX_PYTHON")
	if python == "" {
		t.Skip("SIGNALBOX_PYTHON names no Python with boto3")
	}
	d := open(t, required)
	out, err := exec.CommandContext(t.Context(), python, "-c", boto3Script, d.url, testRoot.AccessKeyID, testRoot.Secret).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s\n%s", err, out, d.log)
	}
}
