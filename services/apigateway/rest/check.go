package rest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/signalbox/signalbox/services/apigateway/backend"
	"github.com/signalbox/signalbox/services/apigateway/schema"
)

// check validates the request as the method's validator says (user guide, page
// api-gateway-method-request-validation).
func (c *call) check() error {
	v := c.d.Definition.Validators[value(c.method.RequestValidatorId)]
	if v == nil {
		return nil
	}
	if v.ValidateRequestParameters {
		if err := c.checkParameters(); err != nil {
			return err
		}
	}
	if v.ValidateRequestBody {
		return c.checkBody()
	}
	return nil
}

func (c *call) checkParameters() error {
	var missing []string
	for name, required := range c.method.RequestParameters {
		if !required {
			continue
		}
		if values, ok := c.x.Value(name); !ok || values[0] == "" {
			place, name, _ := strings.Cut(strings.TrimPrefix(name, "method.request."), ".")
			if place != "path" {
				missing = append(missing, name)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return &refused{kind: "BAD_REQUEST_PARAMETERS", message: fmt.Sprintf("Missing required request parameters: [%s]", strings.Join(missing, ", "))}
}

// checkBody validates the body by the model for its content type; a body of a
// content type without a model is not checked.
func (c *call) checkBody() error {
	contentType := backend.MediaType(c.r.Header.Get("Content-Type"))
	if contentType == "" {
		contentType = "application/json"
	}
	name, ok := c.method.RequestModels[contentType]
	if !ok {
		if name, ok = c.method.RequestModels["$default"]; !ok {
			return nil
		}
	}
	s := c.model(name)
	if s == nil {
		return nil
	}
	body := c.x.Body
	if len(body) == 0 {
		if name == "Empty" {
			return nil
		}
		body = []byte("{}")
	}
	if wrong := s.Validate(body, c.model); len(wrong) > 0 {
		return &refused{kind: "BAD_REQUEST_BODY", message: "Invalid request body", detail: "[" + strings.Join(wrong, ", ") + "]"}
	}
	return nil
}

// model is the schema of a model; nil where there is none to check by.
func (c *call) model(name string) *schema.Schema {
	m := c.d.Definition.Models[name]
	if m == nil {
		return nil
	}
	return c.schemas.parse(value(m.Schema))
}

// schemas keeps parsed schemas by their text; nil where one is none.
type schemas struct {
	mu     sync.RWMutex // guards parsed
	parsed map[string]*schema.Schema
}

func (k *schemas) parse(text string) *schema.Schema {
	k.mu.RLock()
	s, ok := k.parsed[text]
	k.mu.RUnlock()
	if ok {
		return s
	}
	s, err := schema.Parse(text)
	if err != nil {
		s = nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.parsed == nil || len(k.parsed) >= maxCached {
		k.parsed = map[string]*schema.Schema{}
	}
	k.parsed[text] = s
	return s
}
