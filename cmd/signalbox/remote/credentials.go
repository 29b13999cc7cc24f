package remote

import (
	"bufio"
	"cmp"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// credentials are the key and region that the AWS CLI would take from the
// environment or its two files; without any of them, those of a development
// server.
func credentials(env func(string) string) (aws.Credentials, string) {
	keys := aws.Credentials{AccessKeyID: env("AWS_ACCESS_KEY_ID"), SecretAccessKey: env("AWS_SECRET_ACCESS_KEY"), SessionToken: env("AWS_SESSION_TOKEN")}
	region := cmp.Or(env("AWS_REGION"), env("AWS_DEFAULT_REGION"))
	profile := cmp.Or(env("AWS_PROFILE"), env("AWS_DEFAULT_PROFILE"), "default")
	folder := filepath.Join(cmp.Or(env("HOME"), env("USERPROFILE")), ".aws")
	if keys.AccessKeyID == "" {
		p := section(cmp.Or(env("AWS_SHARED_CREDENTIALS_FILE"), filepath.Join(folder, "credentials")), profile)
		keys = aws.Credentials{AccessKeyID: p["aws_access_key_id"], SecretAccessKey: p["aws_secret_access_key"], SessionToken: p["aws_session_token"]}
	}
	if region == "" {
		name := profile
		if profile != "default" {
			name = "profile " + profile
		}
		region = section(cmp.Or(env("AWS_CONFIG_FILE"), filepath.Join(folder, "config")), name)["region"]
	}
	if keys.AccessKeyID == "" || keys.SecretAccessKey == "" {
		keys = aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}
	}
	return keys, cmp.Or(region, "us-east-1")
}

// section is a section of one of the AWS CLI's files, empty where there is none.
func section(path, name string) map[string]string {
	found := map[string]string{}
	f, err := os.Open(path)
	if err != nil {
		return found
	}
	defer f.Close()
	inside := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "[") {
			inside = strings.TrimSpace(strings.Trim(line, "[]")) == name
			continue
		}
		if key, value, ok := strings.Cut(line, "="); ok && inside && !strings.HasPrefix(line, "#") {
			found[strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
		}
	}
	return found
}
