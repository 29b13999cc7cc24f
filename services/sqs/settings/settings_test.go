package settings

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/wire"
)

var (
	queue       = address.Queue{Region: "us-east-1", Account: "000000000000", Name: "q"}
	deadLetters = address.Queue{Region: "us-east-1", Account: "000000000000", Name: "dead"}
)

func taken(address.Queue) string { return "" }

func TestAttributesThatWillNotDoAreRefused(t *testing.T) {
	policy := `{"deadLetterTargetArn":"` + deadLetters.ARN() + `","maxReceiveCount":3}`
	for _, c := range []struct {
		name    string
		fifo    bool
		given   Attributes
		refuses string // what is said of the dead-letter queue
		code    string // "": it will do
	}{
		{"nothing", false, nil, "", ""},
		{"a number at its bound", false, Attributes{visibilityTimeout: "43200"}, "", ""},
		{"a number beyond its bound", false, Attributes{visibilityTimeout: "43201"}, "", codeInvalidValue},
		{"a number that is none", false, Attributes{delaySeconds: "1s"}, "", codeInvalidValue},
		{"a word of FIFO queues on a standard queue", false, Attributes{deduplicationScope: "queue"}, "", codeInvalidName},
		{"a word of FIFO queues", true, Attributes{deduplicationScope: "queue"}, "", ""},
		{"another word", true, Attributes{deduplicationScope: "world"}, "", codeInvalidValue},
		{"a name that is none", false, Attributes{"Colour": "red"}, "", codeInvalidName},
		{"a computed name", false, Attributes{"QueueArn": "x"}, "", codeInvalidName},
		{"a policy that is no object", false, Attributes{"Policy": "[]"}, "", codeInvalidValue},
		{"two kinds of encryption", false, Attributes{kmsMasterKeyId: "k", sqsManagedSseEnabled: "true"}, "", codeInvalidName},
		{"a redrive policy", false, Attributes{redrivePolicy: policy}, "", ""},
		{"a redrive policy whose queue will not do", false, Attributes{redrivePolicy: policy}, "It is full.", "InvalidParameterValue"},
		{"a redrive policy without a count", false, Attributes{redrivePolicy: `{"deadLetterTargetArn":"` + deadLetters.ARN() + `"}`}, "", "InvalidParameterValue"},
		{"a redrive allow policy without its queues", false, Attributes{redriveAllowPolicy: `{"redrivePermission":"byQueue"}`}, "", "InvalidParameterValue"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.given.Check(c.fifo, func(q address.Queue) string {
				if q != deadLetters {
					t.Errorf("asked about %+v", q)
				}
				return c.refuses
			})
			if c.code == "" && err != nil || c.code != "" && !wire.IsCode(err, c.code) {
				t.Errorf("%v; want code %q", err, c.code)
			}
			if c.refuses != "" && (err == nil || !strings.Contains(err.Error(), c.refuses)) {
				t.Errorf("%v does not say %q", err, c.refuses)
			}
		})
	}
}

func TestEveryNameThatCanBeSetIsChecked(t *testing.T) {
	for _, name := range Names {
		if err := (Attributes{name: "\x00"}).Check(true, taken); wire.IsCode(err, codeInvalidName) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSettingTellsWhetherAnythingChanged(t *testing.T) {
	has := Attributes{}
	for _, c := range []struct {
		name    string
		given   Attributes
		changed bool
		want    Attributes
	}{
		{"a first value", Attributes{delaySeconds: "007"}, true, Attributes{delaySeconds: "7"}},
		{"the same in another form", Attributes{delaySeconds: "07"}, false, Attributes{delaySeconds: "7"}},
		{"a key takes the place of managed encryption", Attributes{kmsMasterKeyId: "k"}, true, Attributes{delaySeconds: "7", kmsMasterKeyId: "k", sqsManagedSseEnabled: "false"}},
		{"and the other way round", Attributes{sqsManagedSseEnabled: "true"}, true, Attributes{delaySeconds: "7", sqsManagedSseEnabled: "true"}},
		{"an empty text where there is none", Attributes{redrivePolicy: ""}, false, Attributes{delaySeconds: "7", sqsManagedSseEnabled: "true"}},
	} {
		if changed := has.Set(c.given); changed != c.changed || !maps.Equal(has, c.want) {
			t.Errorf("%s: %v, %v; want %v, %v", c.name, changed, has, c.changed, c.want)
		}
	}
}

func TestAQueueDiffersOnlyByWhatItsAttributesMean(t *testing.T) {
	has := Attributes{visibilityTimeout: "60", redrivePolicy: `{"deadLetterTargetArn":"x","maxReceiveCount":3}`}
	for _, c := range []struct {
		wanted Attributes
		want   string
	}{
		{nil, ""},
		{Attributes{visibilityTimeout: "060", delaySeconds: "0"}, ""},
		{Attributes{redrivePolicy: `{ "maxReceiveCount": 3, "deadLetterTargetArn": "x" }`}, ""},
		{Attributes{visibilityTimeout: "61", delaySeconds: "1"}, delaySeconds},
	} {
		if got := has.Differs(c.wanted); got != c.want {
			t.Errorf("%v: %q; want %q", c.wanted, got, c.want)
		}
	}
}

func TestAPermissionComesAndGoesByItsLabel(t *testing.T) {
	own := `{"Version":"2012-10-17","Statement":{"Sid":"own","Effect":"Deny"}}`
	a := Attributes{policy: own}
	s, err := NewStatement(queue, new("mine"), []string{"111122223333"}, []string{"SendMessage"})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Permit(queue, s); err != nil {
		t.Fatal(err)
	}
	if err := a.Permit(queue, s); !wire.IsCode(err, "InvalidParameterValue") {
		t.Errorf("the label twice: %v", err)
	}
	if text := a[policy]; !strings.Contains(text, `"own"`) || !strings.Contains(text, `"SQS:SendMessage"`) {
		t.Error(text)
	}
	for _, label := range []string{"mine", "own"} {
		if err := a.Forbid(label); err != nil {
			t.Error(err)
		}
	}
	if _, ok := a[policy]; ok {
		t.Errorf("an empty policy stays: %v", a)
	}
	if err := a.Forbid("own"); !wire.IsCode(err, "InvalidParameterValue") {
		t.Errorf("a label that is gone: %v", err)
	}
}

func FuzzRedrivePolicy(f *testing.F) {
	f.Add(`{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:q","maxReceiveCount":"3"}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, s string) {
		p, reason := parseRedrivePolicy(s)
		if (p == nil) == (reason == "") {
			t.Errorf("%q: %+v, %q", s, p, reason)
		}
		if p != nil && (p.Max < 1 || p.Max > 1000 || p.Target.Name == "" || !json.Valid([]byte(s))) {
			t.Errorf("%q: %+v", s, p)
		}
	})
}
