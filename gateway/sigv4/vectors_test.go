package sigv4

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/signalbox/signalbox/clock"
)

const exampleSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

// The signatures that AWS published as its Signature Version 4 test suite, for
// key AKIDEXAMPLE at 20150830T123600Z.
var awsVectors = []struct {
	name, method, target string
	header               http.Header
	body                 string
	signed, signature    string
}{
	{"get vanilla", "GET", "/", nil, "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"get with an empty query key", "GET", "/?Param1=value1", nil, "", "host;x-amz-date", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
	{"get with a path in UTF-8", "GET", "/\u1234", nil, "", "host;x-amz-date", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
	{"get with a header repeated", "GET", "/", http.Header{"My-Header1": {"value2", "value2", "value1"}}, "", "host;my-header1;x-amz-date", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
	{"get with header values out of order", "GET", "/", http.Header{"My-Header1": {"value4", "value1", "value3", "value2"}}, "", "host;my-header1;x-amz-date", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
	{"get with header values to trim", "GET", "/", http.Header{"My-Header1": {" value1"}, "My-Header2": {` "a   b   c"`}}, "", "host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
	{"get with unreserved characters", "GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", nil, "", "host;x-amz-date", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
	{"get with a relative path", "GET", "/example1/example2/../..", nil, "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"get with a dot segment", "GET", "/./", nil, "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"post a form", "POST", "/", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Content-Length": {"13"}}, "Param1=value1", "content-length;content-type;host;x-amz-date", "fec50118d90ecf934441dd37fb9a49bd7f5adb6450802ca3a0977623bbb7c27f"},
}

func TestAWSVectorsVerify(t *testing.T) {
	at := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	v := NewVerifier(clock.NewFake(at))
	for _, c := range awsVectors {
		t.Run(c.name, func(t *testing.T) {
			r := rawRequest(c.method, c.target, "example.amazonaws.com", c.header)
			r.Header.Set("X-Amz-Date", "20150830T123600Z")
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders="+c.signed+", Signature="+c.signature)
			verify(t, v, r, c.body, exampleSecret, nil)
			verify(t, v, r, c.body+" ", exampleSecret, new(Mismatch))
			verify(t, v, r, c.body, "another", new(Mismatch))
		})
	}
}

func TestAPathThatIsEncodedAlreadyIsEncodedOnceMore(t *testing.T) {
	v := NewVerifier(clock.NewFake(time.Date(2021, 5, 11, 15, 40, 45, 0, time.UTC)))
	r := rawRequest("POST", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-west-2%3A892717189312%3Afunction%3Amy-rusty-fun/invocations", "lambda.us-east-2.amazonaws.com", nil)
	r.Header.Set("X-Amz-Date", "20210511T154045Z")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20210511/us-east-2/lambda/aws4_request, SignedHeaders=host;x-amz-date, "+
		"Signature=4b93abbcc68be32bd64c18e2c71150660ab4c29bbd6c32a383a7517a88fc1804")
	verify(t, v, r, "", exampleSecret, nil)
}

// rawRequest is a request as a server gets it, with exactly this target.
func rawRequest(method, target, host string, h http.Header) *http.Request {
	path, query, _ := strings.Cut(target, "?")
	r := &http.Request{Method: method, RequestURI: target, Host: host, Header: http.Header{}, URL: &url.URL{Path: path, RawQuery: query}}
	for k, vs := range h {
		r.Header[k] = vs
	}
	return r
}

// verify parses and verifies, and holds the outcome against a kind of error.
func verify(t *testing.T, v *Verifier, r *http.Request, body, secret string, want *Kind) {
	t.Helper()
	sig, signed, err := Parse(r)
	if !signed {
		t.Fatal("the signature was not seen")
	}
	if err == nil {
		err = v.Verify(&sig, r, []byte(body), secret)
	}
	var e *Error
	switch {
	case want == nil && err != nil:
		t.Errorf("refused: %v", err)
	case want != nil && err == nil:
		t.Errorf("accepted; want an error of kind %d", *want)
	case want != nil && (!errors.As(err, &e) || e.Kind != *want):
		t.Errorf("error = %v; want kind %d", err, *want)
	}
}

// The example of "Transferring Payload in Multiple Chunks" in the S3 API
// reference: 65 KB of the letter a, in chunks of 64 KB and 1 KB.
func TestTheChunkedUploadOfTheDocumentationVerifies(t *testing.T) {
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	v := NewVerifier(clock.NewFake(time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)))
	cases := []struct {
		name, payload string
		header        http.Header
		signed, seed  string
		chunks        [3]string
		trailer       string
	}{
		{"signed chunks", StreamingSigned, nil,
			"content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
			"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
			[3]string{"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648", "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"},
			"\r\n"},
		{"signed chunks and a trailer", StreamingSignedTrailer, http.Header{"X-Amz-Trailer": {"x-amz-checksum-crc32c"}},
			"content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
			"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
			[3]string{"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2", "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7", "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"},
			"x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := rawRequest("PUT", "/examplebucket/chunkObject.txt", "s3.amazonaws.com", c.header)
			r.Header.Set("Content-Encoding", "aws-chunked")
			r.Header.Set("Content-Length", "66824")
			r.Header.Set("X-Amz-Date", "20130524T000000Z")
			r.Header.Set("X-Amz-Storage-Class", "REDUCED_REDUNDANCY")
			r.Header.Set("X-Amz-Decoded-Content-Length", "66560")
			r.Header.Set("X-Amz-Content-Sha256", c.payload)
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders="+c.signed+",Signature="+c.seed)
			verify(t, v, r, "", secret, nil)

			sig, _, _ := Parse(r)
			a := strings.Repeat("a", 65536)
			body := "10000;chunk-signature=" + c.chunks[0] + "\r\n" + a + "\r\n400;chunk-signature=" + c.chunks[1] + "\r\n" + a[:1024] + "\r\n0;chunk-signature=" + c.chunks[2] + "\r\n" + c.trailer
			chunks := v.Chunks(&sig, secret, strings.NewReader(body))
			got, err := io.ReadAll(chunks)
			if err != nil || string(got) != a+a[:1024] {
				t.Fatalf("read %d bytes, error %v", len(got), err)
			}
			if c.payload == StreamingSignedTrailer && chunks.Trailer.Get("X-Amz-Checksum-Crc32c") != "sOO8/Q==" {
				t.Errorf("trailer = %v", chunks.Trailer)
			}
			for name, bad := range map[string]string{
				"a byte changed":         strings.Replace(body, "aaa", "aba", 1),
				"a signature changed":    strings.Replace(body, c.chunks[1], c.chunks[0], 1),
				"cut in a chunk":         body[:70000-4000],
				"cut before the last":    body[:strings.Index(body, "0;chunk-signature="+c.chunks[2])],
				"a size that is no size": "x" + body,
				"a trailer put in":       strings.Replace(body, c.chunks[2]+"\r\n", c.chunks[2]+"\r\nx-amz-checksum-crc32:AAAAAA==\r\n", 1),
			} {
				if _, err := io.ReadAll(v.Chunks(&sig, secret, strings.NewReader(bad))); err == nil {
					t.Errorf("%s: accepted", name)
				}
			}
		})
	}
}
