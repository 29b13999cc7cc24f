package access_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/signalbox/signalbox/access"
)

func TestCallersMayWhatTheirPoliciesAllow(t *testing.T) {
	w := newWorld(t, access.Enforce, nil)
	nobody := w.user("nobody", "")
	ann := w.user("ann", `{"Effect":"Allow","Action":"events:PutEvents","Resource":"`+bus+`","Condition":{"StringEquals":{"events:source":"shop"}}},
		{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*:*:orders"},
		{"Effect":"Allow","Action":"iam:GetUser","Resource":"arn:aws:iam::*:user/${aws:username}"},
		{"Effect":"Allow","Action":["logs:CreateLogGroup"],"Resource":"arn:aws:logs:us-east-1:`+account+`:log-group:/shop/*"}`)

	t.Run("root may do everything", func(t *testing.T) {
		if err := put(w.Config()); err != nil {
			t.Error(err)
		}
	})
	t.Run("a user without policies may do nothing", func(t *testing.T) {
		who := "User: arn:aws:iam::" + account + ":user/nobody is not authorized to perform: "
		wantDenied(t, put(nobody), "AccessDeniedException", who+"events:PutEvents on resource: "+bus+" because no identity-based policy allows the events:PutEvents action")
		wantDenied(t, w.send(nobody), "AccessDenied", who+"sqs:sendmessage on resource: "+queue+" because")
		_, err := iam.NewFromConfig(nobody).GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String("shop")})
		wantDenied(t, err, "AccessDenied", who+"iam:GetRole on resource: arn:aws:iam::"+account+":role/shop because")
		_, err = eventbridge.NewFromConfig(nobody).ListEventBuses(w.ctx, &eventbridge.ListEventBusesInput{})
		wantDenied(t, err, "AccessDeniedException", who+"events:ListEventBuses on resource: * because")
	})
	t.Run("but say who it is", func(t *testing.T) {
		out := must(sts.NewFromConfig(nobody).GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{}))(t)
		user := must(w.iam.GetUser(w.ctx, &iam.GetUserInput{UserName: aws.String("nobody")}))(t).User
		if *out.Arn != *user.Arn || *out.UserId != *user.UserId {
			t.Errorf("GetCallerIdentity = %s %s, the user is %s %s", *out.Arn, *out.UserId, *user.Arn, *user.UserId)
		}
	})
	t.Run("a user may what its policy allows", func(t *testing.T) {
		if err := put(ann); err != nil {
			t.Error(err)
		}
		if err := w.send(ann); err != nil {
			t.Error(err)
		}
		must(iam.NewFromConfig(ann).GetUser(w.ctx, &iam.GetUserInput{}))(t)
		must(cloudwatchlogs.NewFromConfig(ann).CreateLogGroup(w.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/shop/a")}))(t)
	})
	t.Run("and no more", func(t *testing.T) {
		_, err := cloudwatchlogs.NewFromConfig(ann).CreateLogGroup(w.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/other")})
		wantDenied(t, err, "AccessDeniedException", "logs:CreateLogGroup on resource: arn:aws:logs:us-east-1:"+account+":log-group:/other:log-stream: ")
		_, err = iam.NewFromConfig(ann).GetUser(w.ctx, &iam.GetUserInput{UserName: aws.String("nobody")})
		wantDenied(t, err, "AccessDenied", "iam:GetUser")
		_, err = eventbridge.NewFromConfig(ann).PutEvents(w.ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
			{Source: aws.String("shop"), DetailType: aws.String("order"), Detail: aws.String("{}")},
			{Source: aws.String("other"), DetailType: aws.String("order"), Detail: aws.String("{}")},
		}})
		wantDenied(t, err, "AccessDeniedException", "events:PutEvents")
	})
	t.Run("a batch is what it is made of", func(t *testing.T) {
		url := w.URL() + "/" + account + "/orders"
		_, err := sqs.NewFromConfig(nobody).DeleteMessageBatch(w.ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: []sqstypes.DeleteMessageBatchRequestEntry{{Id: aws.String("a"), ReceiptHandle: aws.String("x")}}})
		wantDenied(t, err, "AccessDenied", "sqs:deletemessage on")
	})
	t.Run("handing over a role is a permission of its own", func(t *testing.T) {
		w.role("target", `{"Service":"events.amazonaws.com"}`, "")
		bob := w.user("bob", `{"Effect":"Allow","Action":"events:*","Resource":"*"}`)
		in := &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{{Id: aws.String("q"), Arn: aws.String(queue), RoleArn: aws.String("arn:aws:iam::" + account + ":role/target")}}}
		must(eventbridge.NewFromConfig(bob).PutRule(w.ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["shop"]}`)}))(t)
		_, err := eventbridge.NewFromConfig(bob).PutTargets(w.ctx, in)
		wantDenied(t, err, "AccessDeniedException", "iam:PassRole on resource: arn:aws:iam::"+account+":role/target")
	})
	t.Run("a policy is in force at once", func(t *testing.T) {
		must(w.iam.AttachUserPolicy(w.ctx, &iam.AttachUserPolicyInput{UserName: aws.String("nobody"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonSQSFullAccess")}))(t)
		if err := w.send(nobody); err != nil {
			t.Error(err)
		}
		must(w.iam.PutUserPermissionsBoundary(w.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: aws.String("nobody"), PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/AmazonSNSFullAccess")}))(t)
		wantDenied(t, w.send(nobody), "AccessDenied", "because no permissions boundary allows")
	})
	t.Run("a group's policies are its members'", func(t *testing.T) {
		cid := w.user("cid", "")
		must(w.iam.CreateGroup(w.ctx, &iam.CreateGroupInput{GroupName: aws.String("senders")}))(t)
		must(w.iam.PutGroupPolicy(w.ctx, &iam.PutGroupPolicyInput{GroupName: aws.String("senders"), PolicyName: aws.String("p"), PolicyDocument: document(`{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`)}))(t)
		must(w.iam.AddUserToGroup(w.ctx, &iam.AddUserToGroupInput{GroupName: aws.String("Senders"), UserName: aws.String("cid")}))(t)
		if err := w.send(cid); err != nil {
			t.Error(err)
		}
	})
	t.Run("another account needs the queue's word, too", func(t *testing.T) {
		stranger := w.ConfigFor("111122223333", "us-east-1")
		wantDenied(t, w.send(stranger), "AccessDenied", "because no resource-based policy allows the sqs:sendmessage action")
		url := w.URL() + "/" + account + "/orders"
		must(w.queues.SetQueueAttributes(w.ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{
			"Policy": *document(`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sqs:SendMessage","Resource":"` + queue + `"}`),
		}}))(t)
		if err := w.send(stranger); err != nil {
			t.Error(err)
		}
	})
	t.Run("a key that was made inactive is refused", func(t *testing.T) {
		keys := must(w.iam.ListAccessKeys(w.ctx, &iam.ListAccessKeysInput{UserName: aws.String("ann")}))(t).AccessKeyMetadata
		must(w.iam.UpdateAccessKey(w.ctx, &iam.UpdateAccessKeyInput{UserName: aws.String("ann"), AccessKeyId: keys[0].AccessKeyId, Status: "Inactive"}))(t)
		wantDenied(t, put(ann), "UnrecognizedClientException", "security token")
		used := must(w.iam.GetAccessKeyLastUsed(w.ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: keys[0].AccessKeyId}))(t)
		if *used.UserName != "ann" || *used.AccessKeyLastUsed.ServiceName != "events" || used.AccessKeyLastUsed.LastUsedDate == nil {
			t.Errorf("last used: %+v", used.AccessKeyLastUsed)
		}
	})
}

func TestRolesGiveWhatTheyAllow(t *testing.T) {
	w := newWorld(t, access.Enforce, nil)
	ann := w.user("ann", `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/*"}`)
	w.role("sender", `{"AWS":"arn:aws:iam::`+account+`:user/ann"}`, `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}`)
	w.role("function", `{"Service":"lambda.amazonaws.com"}`, `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}`)
	assume := func(c aws.Config, name string) (aws.Config, error) {
		out, err := sts.NewFromConfig(c).AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + account + ":role/" + name), RoleSessionName: aws.String("s1")})
		if err != nil {
			return aws.Config{}, err
		}
		return w.as(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken), nil
	}
	session := must(assume(ann, "sender"))(t)
	if err := w.send(session); err != nil {
		t.Error(err)
	}
	wantDenied(t, put(session), "AccessDeniedException", "User: arn:aws:sts::"+account+":assumed-role/sender/s1 is not authorized to perform: events:PutEvents")
	who := must(sts.NewFromConfig(session).GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{}))(t)
	role := must(w.iam.GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String("sender")}))(t).Role
	if *who.UserId != *role.RoleId+":s1" {
		t.Errorf("the session is %s, its role %s", *who.UserId, *role.RoleId)
	}
	_, err := assume(ann, "function")
	wantDenied(t, err, "AccessDenied", "because no role trust policy allows the sts:AssumeRole action")
	_, err = assume(ann, "nothing")
	wantDenied(t, err, "AccessDenied", "sts:AssumeRole")
	_, err = assume(session, "sender")
	wantDenied(t, err, "AccessDenied", "sts:AssumeRole")
	_, err = sts.NewFromConfig(ann).AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: role.Arn, RoleSessionName: aws.String("s2"), DurationSeconds: aws.Int32(7200)})
	wantDenied(t, err, "ValidationError", "exceeds the MaxSessionDuration")
	must(w.iam.DeleteRolePolicy(w.ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("sender"), PolicyName: aws.String("own")}))(t)
	wantDenied(t, w.send(session), "AccessDenied", "sqs:sendmessage")
}

func TestAuditLetsPassAndTells(t *testing.T) {
	var logs strings.Builder
	w := newWorld(t, access.Audit, &logs)
	ann := w.user("ann", "")
	for range 3 {
		if err := w.send(ann); err != nil {
			t.Fatal(err)
		}
	}
	list := w.Server().Refusals()
	if len(list) != 1 {
		t.Fatalf("Refusals = %+v", list)
	}
	r := list[0]
	if r.Count != 3 || r.Enforced || r.Action != "sqs:SendMessage" || r.Resource != queue || r.Why != "no identity-based policy allows sqs:SendMessage on "+queue {
		t.Errorf("Refusals = %+v", r)
	}
	if n := strings.Count(logs.String(), "IAM would refuse"); n != 1 {
		t.Errorf("logged %d times: %s", n, logs.String())
	}
}

func TestOffAsksNobody(t *testing.T) {
	w := newWorld(t, access.Off, nil)
	if err := w.send(w.user("ann", "")); err != nil {
		t.Error(err)
	}
	if list := w.Server().Refusals(); len(list) != 0 {
		t.Errorf("Refusals = %+v", list)
	}
}

func TestSessionsAreNarrowedByTheirPolicies(t *testing.T) {
	w := newWorld(t, access.Enforce, nil)
	const principal = `{"AWS":"arn:aws:iam::` + account + `:root"}`
	must(w.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String("shop"), AssumeRolePolicyDocument: document(`{"Effect":"Allow","Principal":` + principal + `,"Action":["sts:AssumeRole","sts:TagSession"]}`)}))(t)
	must(w.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: aws.String("shop"), PolicyName: aws.String("own"), PolicyDocument: document(
		`{"Effect":"Allow","Action":"sqs:*","Resource":"*"},{"Effect":"Allow","Action":"events:PutEvents","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"shop"}}}`)}))(t)
	assume := func(change func(*sts.AssumeRoleInput)) (aws.Config, error) {
		in := &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + account + ":role/shop"), RoleSessionName: aws.String("s1")}
		change(in)
		out, err := w.sts.AssumeRole(w.ctx, in)
		if err != nil {
			return aws.Config{}, err
		}
		return w.as(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken), nil
	}
	plain := must(assume(func(*sts.AssumeRoleInput) {}))(t)
	if err := w.send(plain); err != nil {
		t.Error(err)
	}
	wantDenied(t, put(plain), "AccessDeniedException", "events:PutEvents")
	narrow := must(assume(func(in *sts.AssumeRoleInput) {
		in.Policy = document(`{"Effect":"Allow","Action":"sqs:ReceiveMessage","Resource":"*"}`)
	}))(t)
	wantDenied(t, w.send(narrow), "AccessDenied", "because no session policy allows the sqs:sendmessage action")
	managed := must(assume(func(in *sts.AssumeRoleInput) {
		in.PolicyArns = []ststypes.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/AmazonSQSFullAccess")}}
	}))(t)
	if err := w.send(managed); err != nil {
		t.Error(err)
	}
	tagged := must(assume(func(in *sts.AssumeRoleInput) {
		in.Tags = []ststypes.Tag{{Key: aws.String("team"), Value: aws.String("shop")}}
	}))(t)
	if err := put(tagged); err != nil {
		t.Error(err)
	}
	must(w.iam.UpdateAssumeRolePolicy(w.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("shop"), PolicyDocument: document(`{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"}`)}))(t)
	_, err := assume(func(in *sts.AssumeRoleInput) {
		in.Tags = []ststypes.Tag{{Key: aws.String("team"), Value: aws.String("shop")}}
	})
	wantDenied(t, err, "AccessDenied", "sts:TagSession")
}
