package lambda

import "testing"

func TestLayout(t *testing.T) {
	l := layout{task: "/data/f/task", opt: "/data/f/opt"}
	for value, want := range map[string]string{
		"":                             "",
		"/opt":                         "/data/f/opt",
		"/opt/wrapper":                 "/data/f/opt/wrapper",
		"/opt/nodejs:/var/task/lib:/x": "/data/f/opt/nodejs:/data/f/task/lib:/x",
		"/optional/x":                  "/optional/x",
		"/usr/opt/x":                   "/usr/opt/x",
		"http://host/opt/x":            "http://host/opt/x",
		"file:///var/task/x":           "file:///var/task/x",
	} {
		if got := l.here(value); got != want {
			t.Errorf("%q is %q, want %q", value, got, want)
		}
	}
}
