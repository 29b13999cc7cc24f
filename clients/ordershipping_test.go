package clients

import (
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/signalbox/signalbox/examples/order-shipping/packages"
	"github.com/signalbox/signalbox/signalboxtest"
)

const orderShipping = "../examples/order-shipping"

func TestTheOrderAndCarrierApplicationIsDeployedByTerraformAndShips(t *testing.T) {
	t.Parallel()
	for _, handlers := range []string{"go", "python"} {
		t.Run(handlers, func(t *testing.T) {
			t.Parallel()
			box := signalboxtest.Start(t)
			zips := t.TempDir()
			makeZip := packages.Go
			if handlers == "python" {
				makeZip = packages.Python
				if _, err := exec.LookPath("python3"); err != nil {
					leaveOut(t, "Python")
				}
			}
			if err := makeZip(t.Context(), orderShipping, zips); err != nil {
				t.Fatal(err)
			}
			tf := newTerraformIn(t, filepath.Join(orderShipping, "terraform"), box.URL())
			tf.vars = append(tf.vars, "-var=packages="+zips, "-var=handlers="+handlers)
			tf.apply()
			tf.clean()
			api := tf.output("orders_api_gateway_url")
			ship(t, api)
			tf.destroy()
		})
	}
}

// ship sends an order and waits until it is shipped.
func ship(t *testing.T, api string) {
	t.Helper()
	var order struct {
		ID    string `json:"order_id"`
		State string
	}
	unwrap(t, http.MethodPost, api+"/orders", &order)
	if order.ID == "" || order.State != "pending" {
		t.Fatalf("the new order is %+v", order)
	}
	var last struct{ State, Reason string }
	for range 600 {
		unwrap(t, http.MethodGet, api+"/order/"+order.ID, &last)
		if last.State == "shipped" {
			if !strings.HasPrefix(last.Reason, "Shipped at 20") {
				t.Errorf("the reason is %q", last.Reason)
			}
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("after half a minute the order is %+v", last)
}

// unwrap reads the body that the application wraps twice.
func unwrap(t *testing.T, method, url string, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var outer struct{ Body string }
	if err := json.Unmarshal(body, &outer); err != nil {
		t.Fatalf("%s %s answered %s: %s", method, url, response.Status, body)
	}
	if err := json.Unmarshal([]byte(outer.Body), into); err != nil {
		t.Fatalf("%s %s answered %s: %s", method, url, response.Status, body)
	}
}
