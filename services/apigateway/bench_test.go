package apigateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// BenchmarkRequests measures whole requests over HTTP to a mock, an HTTP server
// and EventBridge, on connections that stay.
func BenchmarkRequests(b *testing.B) {
	w := newWorld(b)
	id := w.imported(mockAPI(object{
		"/mock": object{"post": mock(`{"fine":true}`)},
		"/http": object{"post": object{"x-amazon-apigateway-integration": object{"type": "http_proxy", "httpMethod": "POST", "uri": echo(b)}}},
		"/events": object{"post": object{"x-amazon-apigateway-integration": object{
			"type": "aws", "httpMethod": "POST", "uri": "arn:aws:apigateway:us-east-1:events:action/PutEvents", "responses": object{"default": object{"statusCode": "200"}},
			"requestTemplates": object{"application/json": `{"Entries":[{"Source":"bench","DetailType":"$input.path('$.order.state')","Detail":"$util.escapeJavaScript($input.json('$'))"}]}`},
		}}},
	}))
	for _, path := range []string{"/mock", "/http", "/events"} {
		b.Run(path[1:], func(b *testing.B) {
			url := w.URL() + "/restapis/" + id + "/prod/_user_request_" + path
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				client := &http.Client{Transport: &http.Transport{}}
				defer client.CloseIdleConnections()
				for pb.Next() {
					resp, err := client.Post(url, "application/json", strings.NewReader(`{"order":{"id":"8f1c2a7e","state":"pending"}}`))
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
					if resp.StatusCode != http.StatusOK {
						b.Errorf("status %d", resp.StatusCode)
					}
				}
			})
		})
	}
}
