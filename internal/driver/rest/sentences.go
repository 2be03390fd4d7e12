package rest

import (
	"bytes"
	"encoding/json"
	"regexp"

	"github.com/busbar-dev/busbar/internal/driver"
)

// meansDone is what a sentence says of a change that was made.
const meansDone = "done"

// sentenceRule tells what a sentence means with which a system answers a write.
type sentenceRule struct {
	Like  string  `yaml:"like" manifest:"required"` // regular expression
	Means meaning `yaml:"means" manifest:"required"`
}

// meaning is done, or a kind of error.
type meaning string

// Words lists what a sentence can mean.
func (meaning) Words() []string { return append([]string{meansDone}, driver.Kind("").Words()...) }

// saying is a rule, compiled.
type saying struct {
	like  *regexp.Regexp
	means meaning
}

func compileSentences(rules []sentenceRule) ([]saying, error) {
	var all []saying
	for _, r := range rules {
		like, err := regexp.Compile(r.Like)
		if err != nil {
			return nil, err
		}
		all = append(all, saying{like, r.Means})
	}
	return all, nil
}

// speaks tells whether a good answer to a write is a list of sentences, which say what was done.
func (c *client) speaks(a *answer) bool {
	body := bytes.TrimSpace(a.body)
	return len(c.sentences) > 0 && a.status < 300 && len(body) > 0 && body[0] == '['
}

// heard tells what the sentences of an answer prove: that all was done, when each says so; that nothing was, when each is a refusal. Anything else leaves open what
// became of the write.
func (c *client) heard(a *answer) error {
	var said []*string
	if err := json.Unmarshal(a.body, &said); err != nil {
		return notJSON(err)
	}
	if len(said) == 0 {
		return &driver.Error{Kind: driver.Fault, Status: a.status, Detail: "The system does not say that it did anything."}
	}
	var done, refused, unknown []string
	kind := driver.Kind("")
	for _, s := range said {
		switch means := c.meaning(s); means {
		case meansDone:
			done = append(done, *s)
		case "":
			unknown = append(unknown, text(a.body))
			if s != nil {
				unknown[len(unknown)-1] = *s
			}
		default:
			if refused = append(refused, *s); kind == "" {
				kind = driver.Kind(means)
			}
		}
	}
	e := &driver.Error{Kind: driver.Fault, Status: a.status}
	switch {
	case len(unknown) > 0:
		e.Said, e.Detail = c.quote(unknown[0], 200), "The system answers with words that do not tell whether it did it: "
	case len(refused) == 0:
		return nil
	case len(done) > 0:
		e.Said, e.Detail = c.quote(refused[0], 200), "The system did only a part of it: "
	default:
		e.Kind, e.Said, e.Detail = kind, c.quote(refused[0], 200), "The system does not accept it: "
	}
	e.Detail += e.Said
	return e
}

// meaning gives what the first rule that fits says of a sentence; "" where none does.
func (c *client) meaning(said *string) meaning {
	if said == nil {
		return ""
	}
	for _, s := range c.sentences {
		if s.like.MatchString(*said) {
			return s.means
		}
	}
	return ""
}
