package apigatewayv2

import "reflect"

// merge copies the members of a request that are there into the structure that
// they configure, by their names. Maps are merged; an entry that is empty takes
// its key out.
func merge(target, request any) {
	from, to := reflect.ValueOf(request).Elem(), reflect.ValueOf(target).Elem()
	for i := range from.NumField() {
		v := from.Field(i)
		field := to.FieldByName(from.Type().Field(i).Name)
		if !field.IsValid() || v.IsZero() {
			continue
		}
		switch {
		case v.Kind() == reflect.Map && v.Type() == field.Type():
			mergeMap(field, v)
		case v.Type() == field.Type():
			field.Set(v)
		case v.Kind() == reflect.Pointer && v.Type().Elem() == field.Type():
			field.Set(v.Elem())
		case v.CanConvert(field.Type()):
			field.Set(v.Convert(field.Type()))
		}
	}
}

func mergeMap(to, from reflect.Value) {
	out := reflect.MakeMap(to.Type())
	for _, m := range []reflect.Value{to, from} {
		for it := m.MapRange(); it.Next(); {
			v := it.Value()
			if empty := v.Kind() == reflect.String && v.Len() == 0 || v.Kind() == reflect.Map && v.Len() == 0; empty {
				v = reflect.Value{}
			}
			out.SetMapIndex(it.Key(), v)
		}
	}
	to.Set(out)
}
