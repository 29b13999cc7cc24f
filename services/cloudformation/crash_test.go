package cloudformation_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/signalbox/signalbox/server"
)

// TestMain makes this test binary a server where it was started as one, so that
// a test can kill it.
func TestMain(m *testing.M) {
	if data := os.Getenv("SIGNALBOX_TEST_SERVE"); data != "" {
		s, err := server.Start(context.Background(), server.Config{
			Listen: os.Getenv("SIGNALBOX_TEST_LISTEN"), Data: data,
			Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(s.Addr())
		select {} // until it is killed
	}
	os.Exit(m.Run())
}

// victim is a server in a process of its own.
type victim struct {
	*testing.T
	data, listen string
	process      *exec.Cmd
}

func (v *victim) start() {
	v.Helper()
	v.process = exec.Command(os.Args[0])
	v.process.Env = append(os.Environ(), "SIGNALBOX_TEST_SERVE="+v.data, "SIGNALBOX_TEST_LISTEN="+v.listen)
	v.process.Stderr = v.Output()
	out, err := v.process.StdoutPipe()
	if err != nil {
		v.Fatal(err)
	}
	if err := v.process.Start(); err != nil {
		v.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		v.Fatalf("the server did not start: %v", err)
	}
	v.listen = strings.TrimSpace(line)
}

func (v *victim) kill() {
	_ = v.process.Process.Kill()
	_ = v.process.Wait()
}

func (v *victim) config() aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: aws.String("http://" + v.listen), Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
}

// killed kills the server at random moments, and starts it again, until the
// stack's operation has ended.
func (v *victim) killed(name string) (st types.Stack, kills int) {
	v.Helper()
	for {
		<-time.After(time.Duration(rand.IntN(60)) * time.Millisecond) // the random moment
		out, err := cloudformation.NewFromConfig(v.config()).DescribeStacks(v.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String(name)})
		if err != nil {
			v.Fatal(err)
		}
		if st = out.Stacks[0]; !strings.HasSuffix(string(st.StackStatus), "IN_PROGRESS") {
			return st, kills
		}
		v.kill()
		v.start()
		kills++
	}
}

func TestAStackOperationGoesOnWhateverIsKilled(t *testing.T) {
	const queues, buses = 25, 10
	var b strings.Builder
	b.WriteString("Resources:\n")
	for i := range queues {
		fmt.Fprintf(&b, "  Queue%d: {Type: AWS::SQS::Queue}\n", i)
	}
	for i := range buses {
		fmt.Fprintf(&b, "  Bus%d: {Type: AWS::Events::EventBus, DependsOn: Queue%d, Properties: {Name: bus-%d}}\n", i, i, i)
		fmt.Fprintf(&b, "  Rule%d: {Type: AWS::Events::Rule, Properties: {EventBusName: !Ref Bus%d, EventPattern: {source: [a]}, Targets: [{Id: q, Arn: !GetAtt Queue%d.Arn}]}}\n", i, i, i)
	}
	v := &victim{T: t, data: t.TempDir(), listen: "127.0.0.1:0"}
	v.start()
	defer func() { v.kill() }()
	stacks := cloudformation.NewFromConfig(v.config())
	created, err := stacks.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("s"), TemplateBody: aws.String(b.String())})
	if err != nil {
		t.Fatal(err)
	}
	st, kills := v.killed("s")
	t.Logf("killed %d times while the stack was made", kills)
	if st.StackStatus != types.StackStatusCreateComplete {
		t.Errorf("the stack is %s: %s", st.StackStatus, aws.ToString(st.StackStatusReason))
	}
	count(t, v, queues, buses)
	stacks = cloudformation.NewFromConfig(v.config())
	if _, err := stacks.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("s")}); err != nil {
		t.Fatal(err)
	}
	st, kills = v.killed(*created.StackId)
	t.Logf("killed %d times while the stack was deleted", kills)
	if st.StackStatus != types.StackStatusDeleteComplete {
		t.Errorf("the stack is %s: %s", st.StackStatus, aws.ToString(st.StackStatusReason))
	}
	count(t, v, 0, 0)
}

// count counts the queues, and the buses beside the default one.
func count(t *testing.T, v *victim, queues, buses int) {
	t.Helper()
	q, err := sqs.NewFromConfig(v.config()).ListQueues(t.Context(), &sqs.ListQueuesInput{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := eventbridge.NewFromConfig(v.config()).ListEventBuses(t.Context(), &eventbridge.ListEventBusesInput{})
	if err != nil {
		t.Fatal(err)
	}
	if len(q.QueueUrls) != queues || len(b.EventBuses)-1 != buses {
		t.Errorf("there are %d queues and %d buses, want %d and %d", len(q.QueueUrls), len(b.EventBuses)-1, queues, buses)
	}
}
