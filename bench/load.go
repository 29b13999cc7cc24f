package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// detail is an event's detail of about 200 bytes.
const detail = `{\"order\":{\"id\":\"8f1c2a7e-55d1-4a7e-9d1e-0c6f3b0a1b2c\",\"state\":\"pending\",\"amount\":129.5,\"currency\":\"EUR\",\"items\":[{\"sku\":\"A-1\",\"n\":2},{\"sku\":\"B-7\",\"n\":1}]}}`

// putRequest is a PutEvents call.
func putRequest(address, source string, entries int) ([]byte, error) {
	entry := `{"Source":"` + source + `","DetailType":"order","Detail":"` + detail + `"}`
	body := `{"Entries":[` + strings.Repeat(entry+",", entries-1) + entry + `]}`
	return signed(address, "events", "1.1", "AWSEvents.PutEvents", body)
}

// noFailures is what an answer to a PutEvents call must hold.
const noFailures = `"FailedEntryCount":0`

// signed is the raw HTTP request of a call, signed. It can be sent again for as
// long as its signature holds, so that the load costs little of the cores that
// it shares with what is measured.
func signed(address, service, version, target, body string) ([]byte, error) {
	r, err := http.NewRequest(http.MethodPost, "http://"+address+"/", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-"+version)
	r.Header.Set("X-Amz-Target", target)
	hash := sha256.Sum256([]byte(body))
	err = v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, r,
		hex.EncodeToString(hash[:]), service, "us-east-1", time.Now())
	if err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	err = r.Write(&raw)
	return raw.Bytes(), err
}

// calls gives out the raw requests of a connection, one after another.
type calls func(connection, n int) []byte

// again is one request over and over.
func again(request []byte) calls { return func(int, int) []byte { return request } }

// load makes calls on each of the connections for d, and returns the calls made
// each second and the times that they took. Each answer must hold the text.
func load(ctx context.Context, address string, next calls, holds string, connections int, d time.Duration) (rate float64, times []time.Duration, err error) {
	var calls atomic.Int64
	var mu sync.Mutex // guards times and err
	var group sync.WaitGroup
	begin := time.Now()
	end := begin.Add(d)
	for i := range connections {
		group.Go(func() {
			mine, e := talk(ctx, address, func(n int) []byte { return next(i, n) }, []byte(holds), end)
			calls.Add(int64(len(mine)))
			mu.Lock()
			defer mu.Unlock()
			times = append(times, mine...)
			if e != nil {
				err = e
			}
		})
	}
	group.Wait()
	return float64(calls.Load()) / time.Since(begin).Seconds(), times, err
}

// talk makes calls on one connection, one after another.
func talk(ctx context.Context, address string, next func(n int) []byte, holds []byte, end time.Time) (times []time.Duration, err error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	in := bufio.NewReaderSize(c, 32<<10)
	var body []byte
	for now := time.Now(); now.Before(end) && ctx.Err() == nil; {
		request := next(len(times))
		if request == nil {
			break
		}
		if _, err := c.Write(request); err != nil {
			return times, err
		}
		if body, err = answer(in, body[:0], holds); err != nil {
			return times, err
		}
		then := time.Now()
		times = append(times, then.Sub(now))
		now = then
	}
	return times, nil
}

// answer reads one answer's body into the buffer; it must be a success and hold
// the text.
func answer(in *bufio.Reader, body, holds []byte) ([]byte, error) {
	length := -1
	status, err := in.ReadSlice('\n')
	if err != nil {
		return body, err
	}
	good := bytes.Contains(status, []byte(" 200 "))
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return body, err
		}
		if len(line) <= 2 {
			break
		}
		if name, text, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(text))); err != nil {
				return body, err
			}
		}
	}
	body = slices.Grow(body, max(length, 0))[:max(length, 0)]
	if _, err := io.ReadFull(in, body); err != nil {
		return body, err
	}
	if !good || length < 0 || !bytes.Contains(body, holds) {
		return body, fmt.Errorf("the answer is %s", body)
	}
	return body, nil
}

// quantile is the q-th part of the times, which it sorts.
func quantile(times []time.Duration, q float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[min(int(q*float64(len(times))), len(times)-1)].Round(10 * time.Microsecond)
}
