package rest

import (
	"fmt"
	"maps"
	"testing"

	"github.com/signalbox/signalbox/services/apigateway"
)

func treeOf(paths ...string) *tree {
	d := &apigateway.Definition{Resources: map[string]*apigateway.Resource{}}
	for i, p := range paths {
		d.Resources[fmt.Sprint(i)] = &apigateway.Resource{Id: new(fmt.Sprint(i)), Path: &p, ResourceMethods: map[string]apigateway.Method{"GET": {MethodIntegration: &apigateway.Integration{}}}}
	}
	return newTree(d)
}

func TestTheMostParticularResourceAnswers(t *testing.T) {
	tree := treeOf("/", "/a", "/a/{id}", "/a/{id}/b", "/a/fixed", "/{proxy+}", "/x/{y}/{rest+}")
	for path, c := range map[string]struct {
		want   string
		params map[string]string
	}{
		"/":           {"/", nil},
		"":            {"/", nil},
		"/a":          {"/a", nil},
		"/a/":         {"/a", nil},
		"/a/fixed":    {"/a/fixed", nil},
		"/a/other":    {"/a/{id}", map[string]string{"id": "other"}},
		"/a/x%2Fy":    {"/a/{id}", map[string]string{"id": "x%2Fy"}},
		"/a/%66ixed":  {"/a/fixed", nil},
		"/a/1/b":      {"/a/{id}/b", map[string]string{"id": "1"}},
		"/a/1/c":      {"/{proxy+}", map[string]string{"proxy": "a/1/c"}},
		"/q/%20/r%3F": {"/{proxy+}", map[string]string{"proxy": "q/%20/r%3F"}},
		"/x/1/2/3":    {"/x/{y}/{rest+}", map[string]string{"y": "1", "rest": "2/3"}},
		"/x/1":        {"/{proxy+}", map[string]string{"proxy": "x/1"}},
	} {
		f, params := tree.find("GET", path)
		if f == nil || *f.resource.Path != c.want || !maps.Equal(params, c.params) {
			t.Errorf("%s: %+v %v, want %s %v", path, f, params, c.want, c.params)
		}
	}
	if f, _ := tree.find("POST", "/a"); f != nil {
		t.Error("a method that there is not")
	}
}

func FuzzPathsNeverPanic(f *testing.F) {
	tree := treeOf("/", "/a", "/a/{id}", "/a/{id}/b", "/{proxy+}", "/x/{y}/{rest+}")
	for _, path := range []string{"/", "/a/b", "//", "/a//b", "/%zz/%2F", "/a/../b"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if found, params := tree.find("GET", path); found != nil && *found.resource.Path == "/a/{id}" && params["id"] == "" {
			t.Errorf("%q has an empty id", path)
		}
	})
}
