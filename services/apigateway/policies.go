package apigateway

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/wire"
)

// told is an API as answers tell it: its policy is JSON within JSON, compact, with
// quotes and slashes escaped once more than they need to be, as AWS has it and
// its clients undo it.
func told(r *RestApi) *RestApi {
	out := *r
	if out.Policy = nil; wire.Value(r.Policy) != "" {
		var line bytes.Buffer
		if json.Compact(&line, []byte(*r.Policy)) != nil {
			line.Reset()
			line.WriteString(*r.Policy)
		}
		escaped := strconv.Quote(line.String())
		out.Policy = new(strings.ReplaceAll(escaped[1:len(escaped)-1], "/", `\/`))
	}
	return &out
}

// plainPolicy checks a policy, and undoes what [told] does: clients may send
// what they were told.
func plainPolicy(text string) (string, error) {
	if text == "" || json.Valid([]byte(text)) {
		return text, nil
	}
	plain, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `\/`, "/") + `"`)
	if err != nil || !json.Valid([]byte(plain)) {
		return "", bad("Invalid policy document. Please check the policy syntax and ensure that Principals are valid.")
	}
	return plain, nil
}
