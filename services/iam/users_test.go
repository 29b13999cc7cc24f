package iam_test

import (
	"bytes"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/signalbox/signalbox/server"
	"github.com/signalbox/signalbox/signalboxtest"
)

func TestAKeyIsItsUsers(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t)
	box := signalboxtest.Start(t, signalboxtest.With(func(c *server.Config) { c.Data = dir }))
	w.Box, w.iam = box, w.client(box.Config())
	w.user("ann")
	key := must(w.iam.CreateAccessKey(w.ctx, &iam.CreateAccessKeyInput{UserName: aws.String("ann")}))(t).AccessKey
	if len(*key.AccessKeyId) != 20 || !strings.HasPrefix(*key.AccessKeyId, "AKIA") || len(*key.SecretAccessKey) != 40 || key.Status != types.StatusTypeActive {
		t.Errorf("CreateAccessKey = %+v", key)
	}
	config := w.Config()
	config.Credentials = credentials.NewStaticCredentialsProvider(*key.AccessKeyId, *key.SecretAccessKey, "")
	t.Run("who signs with it is the user, also after a restart", func(t *testing.T) {
		w.Restart()
		who := must(sts.NewFromConfig(config).GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{}))(t)
		me := must(w.client(config).GetUser(w.ctx, &iam.GetUserInput{}))(t).User
		if *who.Arn != prefix+"user/ann" || *me.UserName != "ann" || *who.UserId != *me.UserId {
			t.Errorf("the key is %s, GetUser answers %s", *who.Arn, *me.Arn)
		}
	})
	t.Run("who has not the secret is nobody, in development too", func(t *testing.T) {
		forged := w.Config()
		forged.Credentials = credentials.NewStaticCredentialsProvider(*key.AccessKeyId, "guess", "")
		_, err := sts.NewFromConfig(forged).GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
		wantError(t, err, 403, "SignatureDoesNotMatch", "")
	})
	t.Run("a third is one too many", func(t *testing.T) {
		must(w.iam.CreateAccessKey(w.ctx, &iam.CreateAccessKeyInput{UserName: aws.String("ann")}))(t)
		_, err := w.iam.CreateAccessKey(w.ctx, &iam.CreateAccessKeyInput{UserName: aws.String("ann")})
		wantError(t, err, 409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	})
	t.Run("a user with keys cannot be deleted", func(t *testing.T) {
		_, err := w.iam.DeleteUser(w.ctx, &iam.DeleteUserInput{UserName: aws.String("ann")})
		wantError(t, err, 409, "DeleteConflict", "Cannot delete entity, must delete access keys first.")
	})
	t.Run("keys follow a user who is renamed", func(t *testing.T) {
		must(w.iam.UpdateUser(w.ctx, &iam.UpdateUserInput{UserName: aws.String("ann"), NewUserName: aws.String("anna"), NewPath: aws.String("/people/")}))(t)
		if who := must(sts.NewFromConfig(config).GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{}))(t); *who.Arn != prefix+"user/people/anna" {
			t.Errorf("the key is %s", *who.Arn)
		}
		if keys := must(w.iam.ListAccessKeys(w.ctx, &iam.ListAccessKeysInput{UserName: aws.String("anna")}))(t).AccessKeyMetadata; len(keys) != 2 {
			t.Errorf("ListAccessKeys = %+v", keys)
		}
	})
	t.Run("the secret lies nowhere in the data", func(t *testing.T) {
		err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := fs.ReadFile(os.DirFS(dir), path)
			if bytes.Contains(text, []byte(*key.SecretAccessKey)) {
				t.Errorf("%s holds it", path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestGroups(t *testing.T) {
	w := newWorld(t)
	w.user("ann")
	team := aws.String("Team")
	must(w.iam.CreateGroup(w.ctx, &iam.CreateGroupInput{GroupName: team}))(t)
	must(w.iam.AddUserToGroup(w.ctx, &iam.AddUserToGroupInput{GroupName: team, UserName: aws.String("ann")}))(t)
	_, err := w.iam.DeleteGroup(w.ctx, &iam.DeleteGroupInput{GroupName: team})
	wantError(t, err, 409, "DeleteConflict", "Cannot delete entity, must remove users from group first.")
	_, err = w.iam.DeleteUser(w.ctx, &iam.DeleteUserInput{UserName: aws.String("ann")})
	wantError(t, err, 409, "DeleteConflict", "Cannot delete entity, must remove users from group first.")
	must(w.iam.UpdateGroup(w.ctx, &iam.UpdateGroupInput{GroupName: team, NewGroupName: aws.String("crew")}))(t)
	members := must(w.iam.GetGroup(w.ctx, &iam.GetGroupInput{GroupName: aws.String("crew")}))(t).Users
	groups := must(w.iam.ListGroupsForUser(w.ctx, &iam.ListGroupsForUserInput{UserName: aws.String("ann")}))(t).Groups
	if len(members) != 1 || *members[0].UserName != "ann" || len(groups) != 1 || *groups[0].Arn != prefix+"group/crew" {
		t.Errorf("members %+v, groups %+v", members, groups)
	}
	_, err = w.iam.AddUserToGroup(w.ctx, &iam.AddUserToGroupInput{GroupName: team, UserName: aws.String("ann")})
	wantError(t, err, 404, "NoSuchEntity", "The group with name Team cannot be found.")
	must(w.iam.RemoveUserFromGroup(w.ctx, &iam.RemoveUserFromGroupInput{GroupName: aws.String("crew"), UserName: aws.String("ann")}))(t)
	must(w.iam.DeleteGroup(w.ctx, &iam.DeleteGroupInput{GroupName: aws.String("crew")}))(t)
	must(w.iam.DeleteUser(w.ctx, &iam.DeleteUserInput{UserName: aws.String("ann")}))(t)
}

func TestTheRest(t *testing.T) {
	w := newWorld(t)
	t.Run("a provider is known by its ARN", func(t *testing.T) {
		arn := must(w.iam.CreateOpenIDConnectProvider(w.ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://token.actions.githubusercontent.com"), ClientIDList: []string{"sts.amazonaws.com"}}))(t).OpenIDConnectProviderArn
		if *arn != prefix+"oidc-provider/token.actions.githubusercontent.com" {
			t.Errorf("it is %s", *arn)
		}
		_, err := w.iam.CreateOpenIDConnectProvider(w.ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("http://token")})
		wantError(t, err, 400, "ValidationError", "Invalid Open ID Connect Provider URL")
		must(w.iam.AddClientIDToOpenIDConnectProvider(w.ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("other")}))(t)
		if p := must(w.iam.GetOpenIDConnectProvider(w.ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}))(t); len(p.ClientIDList) != 2 || *p.Url != "token.actions.githubusercontent.com" {
			t.Errorf("GetOpenIDConnectProvider = %+v", p)
		}
		must(w.iam.DeleteOpenIDConnectProvider(w.ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}))(t)
		if list := must(w.iam.ListOpenIDConnectProviders(w.ctx, &iam.ListOpenIDConnectProvidersInput{}))(t).OpenIDConnectProviderList; len(list) != 0 {
			t.Errorf("ListOpenIDConnectProviders = %+v", list)
		}
	})
	t.Run("an account has one alias", func(t *testing.T) {
		for _, name := range []string{"shop", "shop-2"} {
			must(w.iam.CreateAccountAlias(w.ctx, &iam.CreateAccountAliasInput{AccountAlias: &name}))(t)
		}
		if list := must(w.iam.ListAccountAliases(w.ctx, &iam.ListAccountAliasesInput{}))(t).AccountAliases; len(list) != 1 || list[0] != "shop-2" {
			t.Errorf("ListAccountAliases = %v", list)
		}
		_, err := w.iam.CreateAccountAlias(w.ctx, &iam.CreateAccountAliasInput{AccountAlias: aws.String("a--b")})
		wantError(t, err, 400, "ValidationError", "1 validation error detected: Value 'a--b' at 'accountAlias'")
	})
	t.Run("the summary counts", func(t *testing.T) {
		w.role("shop")
		w.user("ann")
		got := must(w.iam.GetAccountSummary(w.ctx, &iam.GetAccountSummaryInput{}))(t).SummaryMap
		if got["Roles"] != 1 || got["Users"] != 1 || got["Groups"] != 0 || got["RolesQuota"] != 1000 {
			t.Errorf("GetAccountSummary = %v", got)
		}
	})
	t.Run("what clients clean up before they delete a user is not there", func(t *testing.T) {
		if list := must(w.iam.ListMFADevices(w.ctx, &iam.ListMFADevicesInput{UserName: aws.String("ann")}))(t).MFADevices; len(list) != 0 {
			t.Errorf("ListMFADevices = %v", list)
		}
		_, err := w.iam.DeleteLoginProfile(w.ctx, &iam.DeleteLoginProfileInput{UserName: aws.String("ann")})
		wantError(t, err, 404, "NoSuchEntity", "Login Profile for User ann cannot be found.")
	})
	t.Run("a key that was never used says so", func(t *testing.T) {
		key := must(w.iam.CreateAccessKey(w.ctx, &iam.CreateAccessKeyInput{UserName: aws.String("ann")}))(t).AccessKey
		used := must(w.iam.GetAccessKeyLastUsed(w.ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: key.AccessKeyId}))(t).AccessKeyLastUsed
		if *used.ServiceName != "N/A" || used.LastUsedDate != nil {
			t.Errorf("never used: %+v", used)
		}
	})
}
