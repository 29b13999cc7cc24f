package buspolicy

import "testing"

func FuzzPoliciesStayAsTheyAre(f *testing.F) {
	for _, s := range []string{
		`{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":"*","Action":"events:PutEvents","Resource":"*"}]}`,
		`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["1"]},"NotAction":["a","b"],"NotResource":"x","Condition":{"Bool":{"k":"<v>"}}}}`,
		`{"Statement":[null]}`, `{"Statement":null}`, `{"Statement":[{}]}`, `[]`, `{"Id":"` + "\xff" + `"}`, `{"Statement":[{"Effect":"Allow","Principal":null,"Action":1}]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Read(text)
		if err != nil {
			return
		}
		told := p.Text()
		if told == nil {
			t.Fatalf("%q was taken and is told as nothing", text)
		}
		again, err := Read(*told)
		if err != nil {
			t.Fatalf("%q is told as %s: %v", text, *told, err)
		}
		if twice := again.Text(); *twice != *told {
			t.Fatalf("%q is told as %s and then as %s", text, *told, *twice)
		}
	})
}
