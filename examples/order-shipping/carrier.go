package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// What the carrier has agreed with the shop.
const carrierUser, carrierPassword = "user", "Pass1234!"

// carrier ships orders. It knows HTTP, and nothing of events or of AWS.
type carrier struct {
	server  *httptest.Server
	confirm string // where it tells that an order is shipped

	mu    sync.Mutex // guards what follows
	seen  map[string]int
	total int
}

func newCarrier(confirm string) (*carrier, error) {
	c := &carrier{confirm: confirm, seen: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", c.order)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c.server = &httptest.Server{Listener: l, Config: &http.Server{Handler: mux}}
	c.server.Start()
	return c, nil
}

func (c *carrier) url() string { return c.server.URL }

func (c *carrier) close() { c.server.Close() }

// called is the number of orders it was called for, calls that of its calls.
func (c *carrier) called() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen)
}

func (c *carrier) calls() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

// order takes exactly {"order_id": …, "state": …}.
func (c *carrier) order(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	if user != carrierUser || password != carrierPassword {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	var order struct {
		ID    string `json:"order_id"`
		State string `json:"state"`
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&order); err != nil || order.ID == "" || order.State != "pending" {
		http.Error(w, "this is no order of ours", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	c.total++
	c.seen[order.ID]++
	again := c.seen[order.ID] > 1
	c.mu.Unlock()
	if !again {
		go c.ship(order.ID)
	}
	w.WriteHeader(http.StatusAccepted)
}

// ship takes its time, then tells the shop, until the shop has heard it.
func (c *carrier) ship(id string) {
	const handling, again = 300 * time.Millisecond, 500 * time.Millisecond
	time.Sleep(handling)
	body, err := json.Marshal(map[string]string{"order_id": id, "shipped_at": time.Now().UTC().Format(time.RFC3339)})
	if err != nil {
		panic(fmt.Sprint("a map of strings has a JSON form: ", err))
	}
	for range 100 {
		response, err := http.Post(c.confirm, "application/json", bytes.NewReader(body))
		if err == nil {
			response.Body.Close()
			if response.StatusCode/100 == 2 {
				return
			}
		}
		time.Sleep(again)
	}
}
