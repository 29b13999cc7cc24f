package iam

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// awsPolicies is what the ARNs of AWS's own managed policies begin with.
const awsPolicies = "arn:aws:iam::aws:policy/"

// awsCreated stands for the day on which AWS made its policies.
var awsCreated = time.Date(2015, 2, 6, 18, 40, 0, 0, time.UTC)

// allowed is one statement of an AWS policy: what it allows, on what.
type allowed struct {
	Actions   []string
	Resources []string
	Condition string // JSON; "" for none
}

// all allows actions on every resource.
func all(actions ...string) []allowed { return []allowed{{Actions: actions, Resources: []string{"*"}}} }

// passRole lets roles be passed to services.
func passRole(services ...string) allowed {
	list, _ := json.Marshal(services) // strings always have a JSON form
	return allowed{[]string{"iam:PassRole"}, []string{"*"}, `{"StringLike":{"iam:PassedToService":` + string(list) + `}}`}
}

func (a allowed) on(resources ...string) allowed { a.Resources = resources; return a }

func and(list []allowed, more ...allowed) []allowed { return append(list, more...) }

var writeLogs = []string{"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}

func logsAnd(actions ...string) []allowed { return all(append(slices.Clone(writeLogs), actions...)...) }

// powerUser is the one policy whose statement says what is not allowed.
const powerUser = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},` +
	`{"Effect":"Allow","Action":["account:GetAccountInformation","account:GetPrimaryEmail","account:ListRegions","iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole","iam:ListRoles","organizations:DescribeEffectivePolicy","organizations:DescribeOrganization"],"Resource":"*"}]}`

func newOfAWS(pathAndName string, statements []allowed) *managed {
	path, name := "/", pathAndName
	if i := strings.LastIndexByte(pathAndName, '/'); i >= 0 {
		path, name = "/"+pathAndName[:i+1], pathAndName[i+1:]
	}
	sum := sha256.Sum256([]byte(pathAndName))
	return &managed{
		Account: "aws", Path: path, Name: name, ID: "ANPA" + base32.StdEncoding.EncodeToString(sum[:])[:17],
		Created: awsCreated, Updated: awsCreated, Versions: []version{{"v1", documentOf(name, statements), awsCreated}}, Default: "v1", Made: 1,
	}
}

// ofAWS makes AWS's own policies of their table, by path and name.
func ofAWS() map[string]*managed {
	out := make(map[string]*managed, len(awsStatements))
	for name, statements := range awsStatements {
		out[name] = newOfAWS(name, statements)
	}
	return out
}

func documentOf(name string, statements []allowed) string {
	if name == "PowerUserAccess" {
		return powerUser
	}
	type statement struct {
		Effect    string
		Action    []string
		Resource  []string
		Condition json.RawMessage `json:",omitempty"`
	}
	document := struct {
		Version   string
		Statement []statement
	}{Version: "2012-10-17"}
	for _, a := range statements {
		document.Statement = append(document.Statement, statement{"Allow", a.Actions, a.Resources, json.RawMessage(a.Condition)})
	}
	text, err := json.Marshal(document)
	if err != nil {
		panic("iam: the table of AWS policies: " + err.Error())
	}
	return string(text)
}
