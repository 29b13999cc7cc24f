// Package modelpattern compiles the regular expressions of the API models,
// which are written for Java, with Go's regexp. A few of them use what RE2 has
// not (look-around, repeat counts over 1,000); Compile says so and the caller
// goes without.
package modelpattern

import (
	"regexp"
	"strings"
)

// Compile returns an expression that matches whole values only, as Java's
// Matcher.matches and AWS do.
func Compile(pattern string) (*regexp.Regexp, error) {
	return regexp.Compile(`\A(?:` + translate(pattern) + `)\z`)
}

// translate rewrites Java's \uXXXX, and \p{Print} and its like, as RE2 spells
// them.
func translate(p string) string {
	for java, re2 := range map[string]string{
		`\p{Print}`: `[:print:]`, `\p{Alnum}`: `[:alnum:]`, `\p{Graph}`: `[:graph:]`, `\p{ASCII}`: `\x00-\x7F`,
	} {
		p = strings.ReplaceAll(p, java, re2)
	}
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		if p[i] != '\\' || i+1 == len(p) {
			b.WriteByte(p[i])
			continue
		}
		if p[i+1] == 'u' && i+6 <= len(p) && isHex(p[i+2:i+6]) {
			b.WriteString(`\x{` + p[i+2:i+6] + `}`)
			i += 5
			continue
		}
		b.WriteString(p[i : i+2])
		i++
	}
	return b.String()
}

func isHex(s string) bool {
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}
