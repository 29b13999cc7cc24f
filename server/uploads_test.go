package server_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/gateway"
	"github.com/signalbox/signalbox/server"
	"github.com/signalbox/signalbox/signalboxtest"
)

// upload sends a package under a name and returns the status and the answer.
func upload(t *testing.T, box *signalboxtest.Box, name, content string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, box.URL()+"/_signalbox/code/"+name, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// program is a package of one file, and its name.
func program(t *testing.T, file string) (content, name string) {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	_, err := w.Create(file)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	return b.String(), hex.EncodeToString(sum[:]) + ".zip"
}

func TestAPackageIsReferredToUntilTheServerIsGone(t *testing.T) {
	box := signalboxtest.Start(t)
	content, name := program(t, "index.js")
	for range 2 { // sent twice it is kept once
		if status, text := upload(t, box, name, content); status != http.StatusOK || !strings.Contains(text, `"bucket":"signalbox-code"`) {
			t.Fatalf("%d %s", status, text)
		}
	}
	create := func(function string) error {
		_, err := lambda.NewFromConfig(box.Config()).CreateFunction(context.Background(), &lambda.CreateFunctionInput{
			FunctionName: &function, Role: aws.String("arn:aws:iam::000000000000:role/r"), Handler: aws.String("index.handler"), Runtime: types.RuntimeNodejs22x,
			Code: &types.FunctionCode{S3Bucket: aws.String("signalbox-code"), S3Key: &name},
		})
		return err
	}
	if err := create("one"); err != nil {
		t.Fatal(err)
	}
	// With the function its code goes, but not the package: a stack that is
	// rolled back needs it again.
	if _, err := lambda.NewFromConfig(box.Config()).DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("one")}); err != nil {
		t.Fatal(err)
	}
	box.Restart()
	if err := create("two"); err != nil {
		t.Fatal(err)
	}
}

func TestAPackageThatWasNotSentForAMonthIsForgottenButNotWhatUsesIt(t *testing.T) {
	clk := clock.NewFake(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))
	data := t.TempDir()
	box := signalboxtest.Start(t, signalboxtest.WithClock(clk), signalboxtest.With(func(c *server.Config) { c.Data = data }))
	functions := lambda.NewFromConfig(box.Config())
	publish := func(layer, key string) error {
		_, err := functions.PublishLayerVersion(context.Background(), &lambda.PublishLayerVersionInput{
			LayerName: &layer, Content: &types.LayerVersionContentInput{S3Bucket: aws.String("signalbox-code"), S3Key: &key},
		})
		return err
	}
	names := map[string]string{}
	for _, file := range []string{"used", "unused", "late"} {
		content, name := program(t, file)
		names[file] = name
		if file == "late" {
			clk.Advance(31 * 24 * time.Hour)
		}
		if status, text := upload(t, box, name, content); status != http.StatusOK {
			t.Fatal(text)
		}
		if err := publish(file, name); err != nil {
			t.Fatal(err)
		}
		if file == "unused" {
			if _, err := functions.DeleteLayerVersion(t.Context(), &lambda.DeleteLayerVersionInput{LayerName: &file, VersionNumber: aws.Int64(1)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for file, kept := range map[string]bool{"used": false, "unused": false, "late": true} {
		if err := publish("again", names[file]); (err == nil) != kept {
			t.Errorf("the package %s: %v", file, err)
		}
	}
	out, err := functions.GetLayerVersion(t.Context(), &lambda.GetLayerVersionInput{LayerName: aws.String("used"), VersionNumber: aws.Int64(1)})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(*out.Content.Location)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("what the layer used is answered with %s", answer.Status)
	}
	blobs := 0
	if err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(path, "/blobs/") {
			blobs++
		}
		return err
	}); err != nil || blobs != 2 {
		t.Errorf("%d blobs are left (%v), want those of used and late", blobs, err)
	}
}

func TestAPackageThatIsNotWhatItsNameSaysIsRefused(t *testing.T) {
	box := signalboxtest.Start(t)
	content, name := program(t, "index.js")
	cases := map[string]struct{ name, content, want string }{
		"other content":       {name, content + "x", "the content is not the one that its name says"},
		"a name that is none": {"code.zip", content, "a package's name is its SHA-256"},
	}
	for title, c := range cases {
		t.Run(title, func(t *testing.T) {
			if status, text := upload(t, box, c.name, c.content); status != http.StatusBadRequest || !strings.Contains(text, c.want) {
				t.Errorf("%d %s, want %q", status, text, c.want)
			}
		})
	}
	_, err := lambda.NewFromConfig(box.Config()).PublishLayerVersion(t.Context(), &lambda.PublishLayerVersionInput{
		LayerName: aws.String("l"), Content: &types.LayerVersionContentInput{S3Bucket: aws.String("signalbox-code"), S3Key: &name},
	})
	if err == nil || !strings.Contains(err.Error(), "S3 Error Code: NoSuchKey") {
		t.Errorf("the layer of a refused package: %v", err)
	}
}

func TestAPackageOfAStrangerIsRefused(t *testing.T) {
	box := signalboxtest.Start(t, signalboxtest.With(func(c *server.Config) {
		c.Auth, c.AccessKey, c.SecretKey = gateway.Required, "admin", "secret-key"
	}))
	content, name := program(t, "index.js")
	if status, text := upload(t, box, name, content); status != http.StatusForbidden {
		t.Errorf("%d %s", status, text)
	}
}
