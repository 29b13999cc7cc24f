package apigateway_test

import (
	"encoding/json"
	"testing"
)

// What deployment tools generate, in their own words.

// corsTemplate is the CDK's for several origins, and the Serverless Framework's.
const corsTemplate = `#set($origin = $input.params().header.get("Origin"))
#if($origin == "") #set($origin = $input.params().header.get("origin")) #end
#if($origin.matches("https://a.example") || $origin.matches("https://b.example"))
  #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
#end`

func preflight(request, status string, template string) object {
	response := object{"statusCode": status, "responseParameters": object{
		"method.response.header.Access-Control-Allow-Headers": "'Content-Type,X-Amz-Date,Authorization,X-Api-Key'",
		"method.response.header.Access-Control-Allow-Origin":  "'https://a.example'",
		"method.response.header.Access-Control-Allow-Methods": "'OPTIONS,GET,POST'",
		"method.response.header.Vary":                         "'Origin'",
	}}
	if template != "" {
		response["responseTemplates"] = object{"application/json": template}
	}
	return object{"options": object{
		"responses": object{status: object{"headers": object{"Access-Control-Allow-Origin": object{"type": "string"}}}},
		"x-amazon-apigateway-integration": object{
			"type": "mock", "passthroughBehavior": "when_no_match", "requestTemplates": object{"application/json": request}, "responses": object{"default": response},
		},
	}}
}

func TestPreflightsAreAnsweredAsToolsDeployThem(t *testing.T) {
	w := newWorld(t)
	id := w.imported(mockAPI(object{
		"/cdk": preflight("{ statusCode: 204 }", "204", corsTemplate), "/serverless": preflight("{statusCode:200}", "200", corsTemplate), "/sam": preflight("{\n  \"statusCode\" : 200\n}\n", "200", ""),
	}))
	for path, c := range map[string]struct {
		status int
		origin string // that is allowed to https://b.example
	}{"/cdk": {204, "https://b.example"}, "/serverless": {200, "https://b.example"}, "/sam": {200, "https://a.example"}} {
		got := w.call(id, "OPTIONS", path, "", "Origin: https://b.example", "Access-Control-Request-Method: POST")
		if got.Status != c.status || got.Header.Get("Access-Control-Allow-Origin") != c.origin || got.Header.Get("Access-Control-Allow-Methods") != "OPTIONS,GET,POST" || got.Header.Get("Vary") != "Origin" {
			t.Errorf("%s: %d %v %s", path, got.Status, got.Header, got.Body)
		}
		if got := w.call(id, "OPTIONS", path, "", "Origin: https://c.example"); got.Header.Get("Access-Control-Allow-Origin") != "https://a.example" {
			t.Errorf("%s: another origin: %v", path, got.Header)
		}
	}
}

// serverlessTemplate is the Serverless Framework's request template of the
// integration "lambda".
const serverlessTemplate = `#define( $loop )
  {
    #foreach($key in $map.keySet())
      #set( $k = $util.escapeJavaScript($key) )
      #set( $v = $util.escapeJavaScript($map.get($key)).replaceAll("\\'", "'") )
      "$k":
        "$v"
        #if( $foreach.hasNext ) , #end
    #end
  }
#end
#set( $body = $input.json("$") )
{
  "body": $body,
  "method": "$context.httpMethod",
  "principalId": "$context.authorizer.principalId",
  "stage": "$context.stage",

  "cognitoPoolClaims" : {
    "sub": "$context.authorizer.claims.sub"
  },

  #set( $map = $context.authorizer )
  "enhancedAuthContext": $loop,

  #set( $map = $input.params().header )
  "headers": $loop,

  #set( $map = $input.params().querystring )
  "query": $loop,

  #set( $map = $input.params().path )
  "path": $loop,

  #set( $map = $context.identity )
  "identity": $loop,

  #set( $map = $stageVariables )
  "stageVariables": $loop,

  "requestPath": "$context.resourcePath"
}`

// passthroughTemplate is the console's "Method Request passthrough".
const passthroughTemplate = `##  See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
##  This template will pass through all parameters including path, querystring, header, stage variables, and context through to the integration endpoint via the body/payload
#set($allParams = $input.params())
{
"body-json" : $input.json('$'),
"params" : {
#foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
"$type" : {
    #foreach($paramName in $params.keySet())
    "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
},
"stage-variables" : {
#foreach($key in $stageVariables.keySet())
"$key" : "$util.escapeJavaScript($stageVariables.get($key))"
    #if($foreach.hasNext),#end
#end
},
"context" : {
    "account-id" : "$context.identity.accountId",
    "api-id" : "$context.apiId",
    "http-method" : "$context.httpMethod",
    "stage" : "$context.stage",
    "source-ip" : "$context.identity.sourceIp",
    "user-agent" : "$context.identity.userAgent",
    "request-id" : "$context.requestId",
    "resource-id" : "$context.resourceId",
    "resource-path" : "$context.resourcePath"
    }
}`

func TestTemplatesOfToolsMakeJSON(t *testing.T) {
	w := newWorld(t)
	method := func(template string) object {
		return object{"post": object{"x-amazon-apigateway-integration": object{
			"type": "http", "httpMethod": "POST", "uri": echo(t), "requestTemplates": object{"application/json": template},
			"responses": object{"default": object{"statusCode": "200", "responseTemplates": object{"application/json": `$util.base64Decode($input.path('$.body'))`}}},
		}}}
	}
	id := w.imported(mockAPI(object{"/serverless/{id}": method(serverlessTemplate), "/console/{id}": method(passthroughTemplate)}))
	for _, path := range []string{"/serverless/7", "/console/7"} {
		got := w.call(id, "POST", path+"?q=it's", `{"a":"it's \"so\""}`, "X-One: \"1\" / 2")
		var event struct {
			Body          struct{ A string }
			BodyJSON      struct{ A string } `json:"body-json"`
			Query         map[string]string
			Path, Headers map[string]string
			Params        map[string]map[string]string
			RequestPath   string
			Context       map[string]string
		}
		if err := json.Unmarshal([]byte(got.Body), &event); err != nil || got.Status != 200 {
			// \' is what escapeJavaScript makes of ' and no JSON: the console's template has it on AWS, too.
			if path == "/console/7" && got.Status == 200 {
				got = w.call(id, "POST", path+"?q=x", `{"a":"it's \"so\""}`, "X-One: 1")
				err = json.Unmarshal([]byte(got.Body), &event)
			}
			if err != nil {
				t.Errorf("%s: %v: %d %s", path, err, got.Status, got.Body)
			}
		}
		if event.Body.A+event.BodyJSON.A != `it's "so"` || event.RequestPath+event.Context["resource-path"] != path[:len(path)-1]+"{id}" {
			t.Errorf("%s: %+v", path, event)
		}
	}
}
