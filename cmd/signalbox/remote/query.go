package remote

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
)

// Query asks an AWS service that speaks the query protocol: a form in, XML out.
func (c *Client) Query(ctx context.Context, service, version, action string, in url.Values, out any) error {
	form := maps.Clone(in)
	form.Set("Action", action)
	form.Set("Version", version)
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	r, err := c.Send(ctx, service, http.MethodPost, "/", header, []byte(form.Encode()))
	if err != nil {
		return err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return c.Unreachable(err)
	}
	if out == nil {
		return nil
	}
	if err := xml.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s answers what cannot be read: %w", c.Endpoint, err)
	}
	return nil
}

// queryError is an error as the query protocol writes it, nil where the text is
// something else.
func queryError(text []byte) *Error {
	var body struct {
		Code    string `xml:"Error>Code"`
		Message string `xml:"Error>Message"`
	}
	if xml.Unmarshal(text, &body) != nil || body.Code == "" {
		return nil
	}
	return &Error{Code: body.Code, Message: body.Message}
}
