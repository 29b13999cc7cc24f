package pattern

import (
	"sync"

	"github.com/signalbox/signalbox/pattern/internal/rule"
)

// Pattern is a parsed event pattern. It does not change and may be used by
// many goroutines.
type Pattern struct {
	src      string
	branches []rule.Branch
	compile  sync.Once
	alone    *Matcher[struct{}] // with this pattern alone; made when it is needed
}

// Parse reads an event pattern, a JSON object as the page "Creating Amazon
// EventBridge event patterns" describes it, of at most MaxSize bytes. An error
// is an *Error in the words of the service.
//
// Where event-ruler, the engine behind EventBridge, lets a member inside a $or
// silently replace the same member outside of it, Parse refuses the pattern.
func Parse(src []byte) (*Pattern, error) {
	branches, err := parse(src)
	if err != nil {
		return nil, err
	}
	return &Pattern{src: string(src), branches: branches}, nil
}

// String returns the text that the pattern was parsed from.
func (p *Pattern) String() string { return p.src }

// Match reports whether the pattern matches the event. It fails only if event
// is no JSON object, and reads no more of it than it needs to tell.
func (p *Pattern) Match(event []byte) (bool, error) {
	p.compile.Do(func() {
		p.alone = NewMatcher[struct{}]()
		p.alone.put(struct{}{}, p)
	})
	var room [1]struct{}
	found, err := p.alone.Match(room[:0], event)
	return len(found) > 0, err
}
