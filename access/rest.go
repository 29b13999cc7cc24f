package access

import (
	"reflect"
	"strings"

	"github.com/signalbox/signalbox/wire"
)

// RESTNeeds says what the requests of a service need whose actions are HTTP
// methods and whose resources are paths, as API Gateway's are (service
// authorization reference, page list_amazonapigatewaymanagement): apigateway:GET
// on arn:aws:apigateway:us-east-1::/restapis/a1b2c3.
func RESTNeeds(prefix string, s *wire.Service) func(any, *wire.Request) []wire.Permission {
	routes := map[string]wire.Route{}
	for _, op := range s.Operations {
		routes[op.Name] = op.Route
	}
	return func(in any, r *wire.Request) []wire.Permission {
		route, ok := routes[r.Operation]
		if !ok {
			return nil
		}
		path, _, _ := strings.Cut(route.URI, "?")
		v := reflect.ValueOf(in).Elem()
		for i := range v.NumField() {
			label, ok := strings.CutPrefix(v.Type().Field(i).Tag.Get("in"), "uri=")
			if text, isText := v.Field(i).Interface().(*string); ok && isText && text != nil {
				path = strings.ReplaceAll(strings.ReplaceAll(path, "{"+label+"+}", *text), "{"+label+"}", *text)
			}
		}
		return []wire.Permission{{Action: prefix + ":" + route.Method, Resource: "arn:aws:" + prefix + ":" + r.Region + "::" + path}}
	}
}
