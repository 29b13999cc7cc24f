// Package completion writes the scripts with which shells complete the command
// line: its verbs, their flags, and the values that these may have. All is read
// from the grammar; nothing needs to be kept up to date.
package completion

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// Script is the script for bash, zsh or fish; empty for any other shell.
func Script(shell string, grammar *kong.Application) string {
	verbs := wordsOf(grammar)
	switch shell {
	case "bash":
		return bash(verbs)
	case "zsh":
		return zsh(verbs)
	case "fish":
		return fish(verbs)
	}
	return ""
}

// verbWords is what can be completed of a verb.
type verbWords struct {
	name, help string
	flags      []flagWords
	args       []string // that its argument may be; none: files
}

type flagWords struct {
	name, help string
	short      rune
	value      bool     // it takes one
	values     []string // that it may be; none: files
}

// wordsOf reads the grammar.
func wordsOf(m *kong.Application) []verbWords {
	var verbs []verbWords
	for _, n := range m.Children {
		v := verbWords{name: n.Name, help: n.Help}
		for _, f := range n.Flags {
			if !f.Hidden {
				v.flags = append(v.flags, flagWords{name: f.Name, help: f.Help, short: f.Short, value: !f.IsBool(), values: choices(f.Value)})
			}
		}
		v.flags = append(v.flags, flagWords{name: "help", help: "Show how it is used.", short: 'h'})
		for _, p := range n.Positional {
			v.args = append(v.args, choices(p)...)
		}
		verbs = append(verbs, v)
	}
	return verbs
}

// choices are what a value may be, none where it may be anything.
func choices(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return v.EnumSlice()
}

func (v verbWords) flagNames() string {
	names := make([]string, len(v.flags))
	for i, f := range v.flags {
		names[i] = "--" + f.name
	}
	return strings.Join(names, " ")
}

func bash(verbs []verbWords) string {
	var names []string
	var cases, values strings.Builder
	for _, v := range verbs {
		names = append(names, v.name)
		fmt.Fprintf(&cases, "    %s) flags=%q words=%q ;;\n", v.name, v.flagNames(), strings.Join(v.args, " "))
		for _, f := range v.flags {
			if len(f.values) > 0 {
				name := "--" + f.name
				if f.short != 0 {
					name += "|" + v.name + ":-" + string(f.short)
				}
				fmt.Fprintf(&values, "    %s:%s) COMPREPLY=($(compgen -W %q -- \"$cur\")); return ;;\n", v.name, name, strings.Join(f.values, " "))
			}
		}
	}
	return `_signalbox() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]} flags= words=
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "` + strings.Join(names, " ") + ` --help" -- "$cur"))
    return
  fi
  case $verb:$prev in
` + values.String() + `  esac
  case $verb in
` + cases.String() + `  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  elif [[ $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  else
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _signalbox signalbox
`
}

func zsh(verbs []verbWords) string {
	var list, cases strings.Builder
	for _, v := range verbs {
		fmt.Fprintf(&list, "    %s\n", quote(v.name+":"+v.help))
		fmt.Fprintf(&cases, "    %s) _arguments", v.name)
		for _, f := range v.flags {
			spec := "--" + f.name + "[" + zshText(f.help) + "]"
			switch {
			case len(f.values) > 0:
				spec += ":" + f.name + ":(" + strings.Join(f.values, " ") + ")"
			case f.value:
				spec += ":" + f.name + ":_files"
			}
			cases.WriteString(" \\\n      " + quote(spec))
		}
		if len(v.args) > 0 {
			cases.WriteString(" \\\n      " + quote("1:argument:("+strings.Join(v.args, " ")+")"))
		} else {
			cases.WriteString(" \\\n      '*:file:_files'")
		}
		cases.WriteString(" ;;\n")
	}
	return `#compdef signalbox
_signalbox() {
  local -a verbs=(
` + list.String() + `  )
  if ((CURRENT == 2)); then
    _describe verb verbs
    return
  fi
  local verb=$words[2]
  shift words
  ((CURRENT--))
  case $verb in
` + cases.String() + `  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _signalbox "$@"
else
  compdef _signalbox signalbox
fi
`
}

func fish(verbs []verbWords) string {
	var b strings.Builder
	b.WriteString("complete -c signalbox -f\n")
	for _, v := range verbs {
		fmt.Fprintf(&b, "complete -c signalbox -n __fish_use_subcommand -a %s -d %s\n", v.name, quote(v.help))
	}
	for _, v := range verbs {
		on := "complete -c signalbox -n " + quote("__fish_seen_subcommand_from "+v.name)
		for _, f := range v.flags {
			line := on + " -l " + f.name
			if f.short != 0 {
				line += " -s " + string(f.short)
			}
			switch {
			case len(f.values) > 0:
				line += " -x -a " + quote(strings.Join(f.values, " "))
			case f.value:
				line += " -r -F"
			}
			b.WriteString(line + " -d " + quote(f.help) + "\n")
		}
		if len(v.args) > 0 {
			b.WriteString(on + " -a " + quote(strings.Join(v.args, " ")) + "\n")
		} else {
			b.WriteString(on + " -F\n")
		}
	}
	return b.String()
}

// quote makes one word of a text for any of the shells.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// zshText escapes what means something in a specification of _arguments.
func zshText(text string) string {
	return strings.NewReplacer("[", "(", "]", ")", ":", `\:`).Replace(text)
}
