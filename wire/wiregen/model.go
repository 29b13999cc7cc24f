package main

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// model is the part of a service-2.json file that the generator reads.
type model struct {
	Metadata struct {
		APIVersion         string          `json:"apiVersion"`
		EndpointPrefix     string          `json:"endpointPrefix"`
		SigningName        string          `json:"signingName"`
		JSONVersion        string          `json:"jsonVersion"`
		Protocol           string          `json:"protocol"`
		Protocols          []string        `json:"protocols"`
		ServiceID          string          `json:"serviceId"`
		ServiceFullName    string          `json:"serviceFullName"`
		TargetPrefix       string          `json:"targetPrefix"`
		XMLNamespace       string          `json:"xmlNamespace"`
		AWSQueryCompatible *map[string]any `json:"awsQueryCompatible"`
	} `json:"metadata"`
	Operations map[string]*operation `json:"operations"`
	Shapes     map[string]*shape     `json:"shapes"`
}

type operation struct {
	Name string `json:"name"`
	HTTP struct {
		Method       string `json:"method"`
		RequestURI   string `json:"requestUri"`
		ResponseCode int    `json:"responseCode"`
	} `json:"http"`
	Input  *ref   `json:"input"`
	Output *ref   `json:"output"`
	Errors []*ref `json:"errors"`
}

// ref is a use of a shape: a member of a structure, an element of a list.
type ref struct {
	Shape           string        `json:"shape"`
	Location        string        `json:"location"`
	LocationName    string        `json:"locationName"`
	Flattened       bool          `json:"flattened"`
	Box             bool          `json:"box"`
	Streaming       bool          `json:"streaming"`
	ResultWrapper   string        `json:"resultWrapper"`
	JSONValue       bool          `json:"jsonvalue"`
	XMLAttribute    bool          `json:"xmlAttribute"`
	TimestampFormat string        `json:"timestampFormat"`
	XMLNamespace    *xmlNamespace `json:"xmlNamespace"`
}

type xmlNamespace struct {
	URI    string `json:"uri"`
	Prefix string `json:"prefix"`
}

// UnmarshalJSON accepts both forms of the trait: an object and a bare URI.
func (x *xmlNamespace) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &x.URI)
	}
	type plain xmlNamespace
	return json.Unmarshal(b, (*plain)(x))
}

type shape struct {
	Type            string         `json:"type"`
	Required        []string       `json:"required"`
	Members         members        `json:"members"`
	Member          *ref           `json:"member"`
	Key             *ref           `json:"key"`
	Value           *ref           `json:"value"`
	Enum            []string       `json:"enum"`
	Min             jsontext.Value `json:"min"`
	Max             jsontext.Value `json:"max"`
	Pattern         string         `json:"pattern"`
	Box             bool           `json:"box"`
	Sensitive       bool           `json:"sensitive"`
	Flattened       bool           `json:"flattened"`
	Union           bool           `json:"union"`
	Document        bool           `json:"document"`
	EventStream     bool           `json:"eventstream"`
	Streaming       bool           `json:"streaming"`
	Payload         string         `json:"payload"`
	LocationName    string         `json:"locationName"`
	TimestampFormat string         `json:"timestampFormat"`
	Exception       bool           `json:"exception"`
	Fault           bool           `json:"fault"`
	Error           *modelError    `json:"error"`
	Synthetic       bool           `json:"synthetic"`
	XMLNamespace    *xmlNamespace  `json:"xmlNamespace"`
}

type modelError struct {
	Code           string `json:"code"`
	HTTPStatusCode int    `json:"httpStatusCode"`
	SenderFault    *bool  `json:"senderFault"`
}

// members keeps the model's order, which is the order of the generated fields.
type members []member

type member struct {
	name string
	ref
}

// UnmarshalJSONFrom reads an object member by member, in order.
func (m *members) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		one := member{name: name.String()}
		if err := json.UnmarshalDecode(dec, &one.ref); err != nil {
			return err
		}
		*m = append(*m, one)
	}
	_, err := dec.ReadToken()
	return err
}

func parseModel(raw []byte) (*model, error) {
	m := new(model)
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, err
	}
	return m, nil
}

// protocols returns what the service speaks, the model's first choice first.
func (m *model) protocols(extra []string) []string {
	all := []string{m.Metadata.Protocol}
	for _, p := range append(append([]string{}, m.Metadata.Protocols...), extra...) {
		known := false
		for _, q := range all {
			known = known || p == q
		}
		if !known {
			all = append(all, p)
		}
	}
	return all
}

// signingName is the service part of a credential scope.
func (m *model) signingName() string {
	if m.Metadata.SigningName != "" {
		return m.Metadata.SigningName
	}
	return m.Metadata.EndpointPrefix
}
