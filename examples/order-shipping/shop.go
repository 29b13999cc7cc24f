package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// shop is a client of the Orders API.
type shop struct {
	api  string
	http *http.Client

	mu     sync.Mutex // guards what follows
	orders []order
	traces []string // the trace that each order was answered with
}

// order is an order as the API tells it.
type order struct {
	ID    string `json:"order_id"`
	State string `json:"state"`
}

func newShop(api string) *shop {
	return &shop{api: api, http: &http.Client{Timeout: 10 * time.Second}}
}

// count is the number of orders that were placed, and of those shipped.
func (s *shop) count() (placed, shipped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.orders {
		if o.State == "shipped" {
			shipped++
		}
	}
	return len(s.orders), shipped
}

// trace is that of the first order.
func (s *shop) trace() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.traces[0]
}

// place makes n orders. One that was not acknowledged, because the server was
// killed, is made again.
func (s *shop) place(ctx context.Context, n int) error {
	for range n {
		for {
			var o order
			trace, err := s.ask(ctx, http.MethodPost, "/orders", &o)
			if err == nil {
				s.mu.Lock()
				s.orders, s.traces = append(s.orders, o), append(s.traces, trace)
				s.mu.Unlock()
				break
			}
			if wait(ctx, 100*time.Millisecond) != nil {
				return err
			}
		}
		if err := wait(ctx, 25*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// follow asks for the state of each order that is not shipped yet, over and
// over.
func (s *shop) follow(ctx context.Context) error {
	for {
		s.mu.Lock()
		orders := s.orders
		s.mu.Unlock()
		for i := range orders {
			if s.shipped(i) {
				continue
			}
			var now order
			if _, err := s.ask(ctx, http.MethodGet, "/order/"+orders[i].ID, &now); err != nil {
				break // the server is not there: again later
			}
			s.mu.Lock()
			s.orders[i].State = now.State
			s.mu.Unlock()
		}
		if err := wait(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

func (s *shop) shipped(i int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.orders[i].State == "shipped"
}

// ask sends a request to the API and opens the body that it wraps twice. It
// returns the trace of the request, too.
func (s *shop) ask(ctx context.Context, method, path string, into any) (trace string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, s.api+path, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := s.http.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var outer struct{ Body string }
	if err := json.NewDecoder(response.Body).Decode(&outer); err != nil || response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s %s answered %s: %w", method, path, response.Status, err)
	}
	return response.Header.Get("X-Amzn-Trace-Id"), json.Unmarshal([]byte(outer.Body), into)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
