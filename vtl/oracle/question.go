package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// variables and request are what random templates speak of.
const (
	variables = `{"s":"str","e":"","u":"Zoë \"x\"/y","n":5,"z":0,"l":["a","b","c"],"m":{"k":"v","n":2},"d":1.5,"t":true,"rows":[{"id":1,"name":"pen"},{"id":2,"name":"ink"}]}`
	body      = `{"a": 1, "s": "x\"y/z'\u00e9", "n": null, "f": 1.5, "b": true, "l": [1, "two", {"k": "v"}], "o": {"p": {"q": "deep"}}, "empty": {}, "detail-type": "d", "items": [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}]}`
	request   = `{"body":%q,"path":{"id":"42"},"querystring":{"page":"2","q":"hello world"},"header":{"X-Id":"h"},"context":{"requestId":"r1","stage":"prod","identity":{"sourceIp":"1.2.3.4"}},"stageVariables":{"env":"dev"}}`
)

// questions writes random templates: of the language alone, or with $input and
// $util as well.
type questions struct {
	*rand.Rand
	mapped bool
	depth  int
	loops  int
}

func (q *questions) oneOf(words ...string) string { return words[q.IntN(len(words))] }

// template is a random one.
func (q *questions) template() string {
	q.depth, q.loops = 0, 0
	return q.block(1 + q.IntN(4))
}

func (q *questions) block(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(q.piece())
	}
	return b.String()
}

func (q *questions) piece() string {
	if q.depth > 3 {
		return q.reference()
	}
	q.depth++
	defer func() { q.depth-- }()
	switch q.IntN(20) {
	case 0, 1, 2, 3:
		return q.text()
	case 4, 5, 6, 7, 8:
		return q.reference()
	case 9, 10, 11:
		return q.gap() + "#set(" + q.oneOf("$x", "$y", " $x", "$!x") + q.oneOf(" = ", "=", " =") + q.expression() + ")" + q.gap()
	case 12, 13, 14:
		return q.gap() + q.condition() + q.gap()
	case 15, 16:
		q.loops++
		defer func() { q.loops-- }()
		end := q.oneOf("#end", "#end", "#{end}", "#else none#end")
		return q.gap() + "#foreach(" + q.oneOf("$i", "$x") + " in " + q.iterable() + ")" + q.block(1+q.IntN(3)) + end + q.gap()
	case 17:
		return q.oneOf("## comment\n", "#* many *#", "#[[ $s #if ]]#", "#**\n doc *#\n")
	case 18:
		if q.loops > 0 {
			return q.oneOf("$foreach.index", "$foreach.count", "#if($foreach.hasNext),#end", "$foreach.first", "#if($foreach.last).#end", "#if($foreach.index == 1)#break#end")
		}
		return "#macro(mac $p)<$p>#end" + "#mac(" + q.operand() + ")"
	}
	return q.oneOf("#define($def)<$s $x>#end$def", "#if($x)#stop#end", `#set($json = "{")$json`, "#evaluate", "#{if}($t)y#{end}")
}

func (q *questions) gap() string { return q.oneOf("", "", "", " ", "\n", "\n  ", "\t") }

func (q *questions) text() string {
	return q.oneOf("text ", " ", "\n", "{\"a\": ", ", ", "}", "\"", "'", "\\", "100% ", "a#b ", "$5 ", "#1 ", "x@y.z ", "\\#if ", "\\\\ ", "##\n", "[", "](", "é ☃ ", "\r\n", "  \n  ", "#end_", "#fff ")
}

func (q *questions) name() string {
	return q.oneOf("s", "e", "u", "n", "z", "l", "m", "d", "t", "rows", "x", "y", "i", "none")
}

// reference is $something in text.
func (q *questions) reference() string {
	path := q.name() + q.path()
	if q.mapped && q.IntN(2) == 0 {
		path = q.host()
	}
	switch q.IntN(8) {
	case 0:
		return "$!" + path
	case 1:
		return "${" + path + "}"
	case 2:
		return "$!{" + path + "}"
	case 3:
		return `\$` + path
	case 4:
		return `\\$` + path
	case 5:
		return "$" + path + q.oneOf(".", ",", "-", " .x", "}", "\"")
	}
	return "$" + path
}

// path is what follows a variable: members, methods, indexes.
func (q *questions) path() string {
	var b strings.Builder
	for range []int{0, 0, 1, 1, 1, 2}[q.IntN(6)] {
		b.WriteString(q.oneOf(".k", ".id", ".name", ".size()", ".length()", "[0]", "[1]", "[-1]", "[$z]", `["k"]`, ".none", ".none()", ".isEmpty()",
			".toString()", ".get(0)", ".get('k')", ".k.x", ".empty", ".contains('a')", ".equals($s)",
			".toUpperCase()", ".substring(1)", ".substring(0,2)", ".replace('t','T')", ".replaceAll('[a-s]','<$0>')", ".split('t').size()", ".indexOf('r')", ".trim()",
			".add('d')", ".remove(0)", ".containsKey('k')", ".startsWith('s')", ".matches('s.*')", ".intValue()", ".concat('!')",
			".lastIndexOf('a')", ".subList(0,1)", ".getOrDefault('x', 'y')", ".addAll([1,2])"))
	}
	return b.String()
}

// host is something of $input, $util, $context and $stageVariables.
func (q *questions) host() string {
	path := q.oneOf("$", "$.a", "$.s", "$.n", "$.f", "$.b", "$.l", "$.l[1]", "$.l[2].k", "$.l[9]", "$.o.p", "$.o.p.q", "$.empty", "$['detail-type']", "$.detail-type",
		"$.items[*].id", "$..id", "$.items[0]", "$.items[-1]", "$.items[0,1]", "$.items[0:1]", "$.items[?(@.id == 2)]", "$.none", "$.none.more", "a", "s", "$.items.length()")
	switch q.IntN(9) {
	case 0, 1:
		return "input.json('" + path + "')"
	case 2, 3:
		return "input.path('" + path + "')" + q.path()
	case 4:
		return q.oneOf("input.params('id')", "input.params('q')", "input.params('X-Id')", "input.params('none')", "input.params().path.id", "input.params().querystring", "input.params().header.get('X-Id')", "input.body", "input.params().keySet()", "input.params()")
	case 5:
		return q.oneOf("context.requestId", "context.identity.sourceIp", "context.none", "stageVariables.env", "stageVariables.get('env')", "context.identity", "stageVariables")
	case 6:
		if q.IntN(3) == 0 {
			return q.oneOf("util.parseJson($input.body)", "util.parseJson('{\"a\":[1,null,{}]}')", "util.base64Decode('eyJhIjpbMSwyXX0=')", "util.urlDecode('a+b%20%41')") + q.oneOf("", "", ".a", ".l[2]", ".o.p", ".length()")
		}
		return "util." + q.oneOf("escapeJavaScript", "urlEncode", "urlDecode", "base64Encode", "escapeJavaScript") + "(" + q.oneOf("$s", "$u", "$input.body", "$input.json('$.s')", "'eyJhIjpbMSwyXX0='", "'{\"a\":[1,null]}'", "$n") + ")" + q.oneOf("", "", ".a", ".length()")
	}
	return "util.escapeJavaScript($input.json('" + path + "'))"
}

func (q *questions) operand() string {
	switch q.IntN(12) {
	case 0, 1, 2:
		return "$" + q.name() + q.path()
	case 3:
		return q.oneOf("1", "0", "-3", "2147483647", "9223372036854775807", "1.5", "-0.25", "1e3", "100000000.0", "0.0001", "7")
	case 4:
		return q.oneOf("true", "false")
	case 5:
		return "'" + q.oneOf("", "a", "$s", "it", "5", "a b", "#if(") + "'"
	case 6:
		return `"` + q.oneOf("", "a", "$s", "${n}x", "$none", "$!none", "5", "#if($t)y#end", "a\nb", "''", "$rows[0].name!", `""`, "$m.k.", "\\$s") + `"`
	case 7:
		return q.oneOf("[]", "[1,2]", "['a', $n]", "[1..3]", "[$n..1]", "[ [1], {} ]")
	case 8:
		return q.oneOf("{}", `{"k":1}`, `{"k": $s, "j": [1]}`, `{'a' : 'b'}`)
	case 9:
		return "(" + q.expression() + ")"
	}
	if q.mapped {
		return "$" + q.host()
	}
	return "$" + q.name()
}

func (q *questions) expression() string {
	if q.depth > 3 {
		return q.operand()
	}
	q.depth++
	defer func() { q.depth-- }()
	switch q.IntN(6) {
	case 0, 1, 2:
		return q.operand()
	case 3:
		return q.oneOf("!", "! ", "not ", "-") + q.operand()
	}
	return q.operand() + q.oneOf(" + ", "+", " - ", " * ", " / ", " % ", " == ", "==", " != ", " < ", " > ", " <= ", " >= ", " && ", " || ", " and ", " or ", " eq ", " ne ", " lt ", " ge ") + q.expression()
}

func (q *questions) condition() string {
	b := "#if(" + q.expression() + ")" + q.block(1+q.IntN(2))
	if q.IntN(4) == 0 {
		b += "#elseif(" + q.expression() + ")" + q.block(1)
	}
	if q.IntN(2) == 0 {
		b += q.oneOf("#else", "#{else}", "#else\n", "#else ") + q.block(1)
	}
	return b + q.oneOf("#end", "#end", "#{end}", "#end\n", " #end ")
}

func (q *questions) iterable() string {
	if q.IntN(3) == 0 {
		return q.operand()
	}
	return q.oneOf("$l", "$m", "$rows", "[1..3]", "['a','b']", "$m.entrySet()", "$m.keySet()", "$none", "$s", "[]", "$rows.get(0)")
}

// ask is a question with its inputs.
func (q *questions) row() row {
	r := row{Template: q.template(), Vars: []byte(variables)}
	if q.mapped {
		r.Request = fmt.Appendf(nil, request, body)
	}
	return r
}
