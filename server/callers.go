package server

import (
	"errors"
	"net/http"
	"strings"

	"github.com/signalbox/signalbox/console"
	"github.com/signalbox/signalbox/gateway"
)

// callers admits to the console whom the front door would admit, if it is a
// root user: the console looks across accounts.
type callers struct{ front *gateway.Gateway }

func (c *callers) authenticate(r *http.Request, body []byte) (console.Caller, error) {
	caller, _, err := c.front.Authenticate(r, body)
	if err != nil {
		return console.Caller{}, err
	}
	if !strings.HasSuffix(caller.Principal, ":root") {
		return console.Caller{}, errors.New("only the root user's key opens this")
	}
	return console.Caller{Account: caller.Account, Region: caller.Region}, nil
}
