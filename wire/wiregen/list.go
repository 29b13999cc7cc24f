package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// list is a parsed operations.txt. Each line is one of
//
//	# comment
//	model NAME                        the model's file, without .json
//	package NAME                      the Go package
//	protocol NAME                     a further protocol: json, query, rest-json, rest-xml, rpc-v2-cbor
//	xmlns URI                         the XML namespace, where the model lacks it
//	typens NAME                       written before the error's name in JSON: NAME#Error
//	validation CODE                   the code of validation errors (default by protocol)
//	missing CODE TEXT                 code and text for absent required members; {member} is its name
//	error SHAPE CODE STATUS [Receiver]  the query code and status of an error, where the model lacks them
//	common NAME CODE STATUS           an error of all operations that the model does not have, and its query code
//	urlmember NAME                    the member that a query request may leave to its URL
//	query SHAPE NAME [KEY VALUE]      names of a list's elements or a map's entries in the query protocol
//	unchecked SHAPE                   a shape whose constraints the service checks itself, with errors of its own
//	optional SHAPE.MEMBER             a number or boolean of an answer that may be absent
//	document SHAPE                    a shape that is kept as the JSON it came as, for the service to read
//	Operation                         implemented
//	!Shape.Member reason              a member that is refused when a request carries it
type list struct {
	model, pkg       string
	protocols        []string
	xmlns, typens    string
	urlMember        string
	validation       string
	missing, missTxt string
	operations       []string
	refused          map[string]string
	errors           map[string]errorOverride
	common           []commonError
	query            map[string]queryNames
	optional         map[string]bool
	unchecked        map[string]bool
	documents        map[string]bool
}

// commonError is an error that the model lacks.
type commonError struct {
	name, code string
	status     int
}

type errorOverride struct {
	code     string
	status   int
	receiver bool
}

// queryNames are the names that a list or map shape has in the query protocol
// where the model lacks them.
type queryNames struct{ name, key, value string }

func parseList(text []byte) (*list, error) {
	l := &list{refused: map[string]string{}, errors: map[string]errorOverride{}, query: map[string]queryNames{}, optional: map[string]bool{}, unchecked: map[string]bool{}, documents: map[string]bool{}}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if i := strings.Index(line, "#"); i == 0 || i > 0 && line[i-1] == ' ' {
			line = line[:i]
		}
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if err := l.add(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if l.model == "" || l.pkg == "" {
		return nil, errors.New("it names no model or no package")
	}
	return l, nil
}

func (l *list) add(line string) error {
	f := strings.Fields(line)
	word := f[0]
	switch {
	case word[0] == '!':
		shape, member, ok := strings.Cut(word[1:], ".")
		if !ok || shape == "" || member == "" {
			return fmt.Errorf("%s: want !Shape.Member", word)
		}
		l.refused[word[1:]] = strings.Join(f[1:], " ")
		return nil
	case word[0] >= 'A' && word[0] <= 'Z':
		if len(f) != 1 {
			return fmt.Errorf("%q: one operation a line", line)
		}
		l.operations = append(l.operations, word)
		return nil
	}
	return l.directive(word, f[1:])
}

func (l *list) directive(word string, args []string) error {
	least := map[string]int{"model": 1, "package": 1, "protocol": 1, "xmlns": 1, "typens": 1, "validation": 1, "missing": 2, "error": 3, "common": 3, "query": 2, "optional": 1, "urlmember": 1, "unchecked": 1, "document": 1}
	if n, ok := least[word]; !ok {
		return fmt.Errorf("unknown word %q", word)
	} else if len(args) < n {
		return fmt.Errorf("%s needs at least %d words", word, n)
	}
	switch word {
	case "model":
		l.model = args[0]
	case "package":
		l.pkg = args[0]
	case "protocol":
		l.protocols = append(l.protocols, args[0])
	case "xmlns":
		l.xmlns = args[0]
	case "typens":
		l.typens = args[0]
	case "validation":
		l.validation = args[0]
	case "missing":
		l.missing, l.missTxt = args[0], strings.Join(args[1:], " ")
	case "urlmember":
		l.urlMember = args[0]
	case "optional":
		l.optional[args[0]] = true
	case "unchecked":
		l.unchecked[args[0]] = true
	case "document":
		l.documents[args[0]] = true
	case "error":
		status, err := strconv.Atoi(args[2])
		if err != nil {
			return fmt.Errorf("error %s: status: %w", args[0], err)
		}
		l.errors[args[0]] = errorOverride{args[1], status, len(args) > 3 && args[3] == "Receiver"}
	case "common":
		status, err := strconv.Atoi(args[2])
		if err != nil {
			return fmt.Errorf("common %s: status: %w", args[0], err)
		}
		l.common = append(l.common, commonError{args[0], args[1], status})
	case "query":
		q := queryNames{name: args[1]}
		if len(args) == 4 {
			q.key, q.value = args[2], args[3]
		}
		l.query[args[0]] = q
	}
	return nil
}
