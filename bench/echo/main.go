// Echo is the function that the benchmark of APIs calls: a bootstrap of a
// provided.* runtime, which answers each request with the same small order. It
// uses nothing but net/http, so that what is measured is the way to it.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"strings"
)

func main() {
	base := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		next, err := http.Get(base + "next")
		if err != nil {
			log.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, next.Body); err != nil {
			log.Fatal(err)
		}
		_ = next.Body.Close()
		answer := `{"statusCode":200,"headers":{"content-type":"application/json"},"body":"{\"order\":{\"id\":\"8f1c2a7e\",\"state\":\"pending\"}}"}`
		done, err := http.Post(base+next.Header.Get("Lambda-Runtime-Aws-Request-Id")+"/response", "application/json", strings.NewReader(answer))
		if err != nil {
			log.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, done.Body)
		_ = done.Body.Close()
	}
}
