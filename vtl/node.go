package vtl

// node is a piece of a template that writes text.
type node interface {
	render(r *rendering) error
}

// expr is a piece of a template that has a value.
type expr interface {
	eval(r *rendering) (any, error)
}

type text string

// reference is $name.property.method(args)[index].
type reference struct {
	source  string // of the whole template
	pos     int
	literal string // as it is written
	slashes int    // backslashes before it
	quiet   bool
	name    string
	path    []access
	orElse  expr // ${name|orElse}
}

// access is one step along a reference.
type access struct {
	name  string
	call  bool
	args  []expr
	index expr
}

type set struct {
	target *reference
	value  expr
}

type branch struct {
	when expr // nil: #else
	then []node
}

type conditional []branch

type foreach struct {
	source string
	pos    int
	name   string
	in     expr
	body   []node
	orElse []node
}

type (
	stop      struct{}
	breakLoop struct{}
)

// macro is a #macro's definition.
type macro struct {
	params   []string
	defaults []expr
	body     []node
}

type macroCall struct {
	source  string
	pos     int
	name    string
	literal string
	args    []expr
}

type define struct {
	name string
	body []node
}

type literal struct{ value any }

type interpolated struct{ block []node }

type listLiteral []expr

type rangeLiteral struct{ from, to expr }

type mapLiteral struct{ keys, values []expr }

type unary struct {
	op      byte // '!' or '-'
	operand expr
}

type binary struct {
	source      string
	pos         int
	op          string // || && == != < > <= >= + - * / %
	left, right expr
}
