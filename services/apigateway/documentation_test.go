package apigateway_test

import (
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

func replaced(path, value string) []types.PatchOperation {
	return []types.PatchOperation{{Op: types.OpReplace, Path: &path, Value: &value}}
}

func TestAPIsAreDocumentedInParts(t *testing.T) {
	w := newWorld(t)
	id := must(w.apis.CreateRestApi(w.ctx, &apigateway.CreateRestApiInput{Name: new("a")}))(t).Id
	create := func(kind types.DocumentationPartType, properties string) (*apigateway.CreateDocumentationPartOutput, error) {
		return w.apis.CreateDocumentationPart(w.ctx, &apigateway.CreateDocumentationPartInput{
			RestApiId: id, Location: &types.DocumentationPartLocation{Type: kind}, Properties: &properties,
		})
	}
	p := must(create(types.DocumentationPartTypeMethod, `{"description":"x"}`))(t)
	if *p.Location.Path != "/" || *p.Location.Method != "*" || p.Location.StatusCode != nil {
		t.Errorf("location of a method's part = %+v", *p.Location)
	}
	_, err := create(types.DocumentationPartTypeMethod, `{}`)
	wantCode(t, err, "ConflictException", "already exists")
	_, err = create(types.DocumentationPartTypeApi, `text`)
	wantCode(t, err, "BadRequestException", "properties must be")
	must(create(types.DocumentationPartTypeApi, `{}`))(t)
	must(w.apis.UpdateDocumentationPart(w.ctx, &apigateway.UpdateDocumentationPartInput{RestApiId: id, DocumentationPartId: p.Id, PatchOperations: replaced("/properties", `{"description":"y"}`)}))(t)
	w.Restart()
	w.apis = apigateway.NewFromConfig(w.Config())
	all := must(w.apis.GetDocumentationParts(w.ctx, &apigateway.GetDocumentationPartsInput{RestApiId: id, Type: types.DocumentationPartTypeMethod}))(t).Items
	if len(all) != 1 || *all[0].Properties != `{"description":"y"}` {
		t.Errorf("parts of methods = %+v", all)
	}
	must(w.apis.DeleteDocumentationPart(w.ctx, &apigateway.DeleteDocumentationPartInput{RestApiId: id, DocumentationPartId: p.Id}))(t)
	_, err = w.apis.GetDocumentationPart(w.ctx, &apigateway.GetDocumentationPartInput{RestApiId: id, DocumentationPartId: p.Id})
	wantCode(t, err, "NotFoundException", "Invalid Documentation part identifier specified")

	version := func() error {
		_, err := w.apis.CreateDocumentationVersion(w.ctx, &apigateway.CreateDocumentationVersionInput{RestApiId: id, DocumentationVersion: new("1"), Description: new("first")})
		return err
	}
	if err := version(); err != nil {
		t.Fatal(err)
	}
	wantCode(t, version(), "ConflictException", "already exists")
	must(w.apis.UpdateDocumentationVersion(w.ctx, &apigateway.UpdateDocumentationVersionInput{RestApiId: id, DocumentationVersion: new("1"), PatchOperations: replaced("/description", "one")}))(t)
	if got := must(w.apis.GetDocumentationVersions(w.ctx, &apigateway.GetDocumentationVersionsInput{RestApiId: id}))(t).Items; len(got) != 1 || *got[0].Description != "one" {
		t.Errorf("versions = %+v", got)
	}
	must(w.apis.DeleteDocumentationVersion(w.ctx, &apigateway.DeleteDocumentationVersionInput{RestApiId: id, DocumentationVersion: new("1")}))(t)
	_, err = w.apis.GetDocumentationVersion(w.ctx, &apigateway.GetDocumentationVersionInput{RestApiId: id, DocumentationVersion: new("1")})
	wantCode(t, err, "NotFoundException", "Invalid Documentation version specified")
}

func TestClientCertificatesAreKeptForAYear(t *testing.T) {
	w := newWorld(t)
	c := must(w.apis.GenerateClientCertificate(w.ctx, &apigateway.GenerateClientCertificateInput{Description: new("d")}))(t)
	block, _ := pem.Decode([]byte(*c.PemEncodedCertificate))
	if block == nil {
		t.Fatalf("no certificate: %s", *c.PemEncodedCertificate)
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		t.Error(err)
	}
	if !c.ExpirationDate.Equal(c.CreatedDate.AddDate(1, 0, 0)) {
		t.Errorf("valid from %v to %v", c.CreatedDate, c.ExpirationDate)
	}
	tagged(t, w, "clientcertificates/"+*c.ClientCertificateId)
	must(w.apis.UpdateClientCertificate(w.ctx, &apigateway.UpdateClientCertificateInput{ClientCertificateId: c.ClientCertificateId, PatchOperations: replaced("/description", "e")}))(t)
	all := must(w.apis.GetClientCertificates(w.ctx, &apigateway.GetClientCertificatesInput{}))(t).Items
	if len(all) != 1 || *all[0].Description != "e" || all[0].Tags["k"] != "v" {
		t.Errorf("certificates = %+v", all)
	}
	must(w.apis.DeleteClientCertificate(w.ctx, &apigateway.DeleteClientCertificateInput{ClientCertificateId: c.ClientCertificateId}))(t)
	_, err := w.apis.GetClientCertificate(w.ctx, &apigateway.GetClientCertificateInput{ClientCertificateId: c.ClientCertificateId})
	wantCode(t, err, "NotFoundException", "Invalid Client Certificate identifier specified")
}

func TestDomainNamesAreTagged(t *testing.T) {
	w := newWorld(t)
	must(w.apis.CreateDomainName(w.ctx, &apigateway.CreateDomainNameInput{DomainName: new("a.example.org"), RegionalCertificateArn: new("arn:aws:acm:us-east-1:000000000000:certificate/1")}))(t)
	tagged(t, w, "domainnames/a.example.org")
	if tags := must(w.apis.GetDomainName(w.ctx, &apigateway.GetDomainNameInput{DomainName: new("a.example.org")}))(t).Tags; tags["k"] != "v" || len(tags) != 1 {
		t.Errorf("tags = %v", tags)
	}
}

// tagged tags a thing with k=v and another tag that it takes away.
func tagged(t *testing.T, w *world, resource string) {
	t.Helper()
	arn := "arn:aws:apigateway:us-east-1::/" + resource
	must(w.apis.TagResource(w.ctx, &apigateway.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"k": "v", "gone": "x"}}))(t)
	must(w.apis.UntagResource(w.ctx, &apigateway.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"gone"}}))(t)
	if tags := must(w.apis.GetTags(w.ctx, &apigateway.GetTagsInput{ResourceArn: &arn}))(t).Tags; tags["k"] != "v" || len(tags) != 1 {
		t.Errorf("tags of %s = %v", resource, tags)
	}
}
