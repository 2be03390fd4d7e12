package mapping

import (
	"net/url"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// envelope makes the writers of what every record has.
func (k *compiler) envelope(e *manifest.Entity) {
	add := func(w writer) { k.mapper.fields = append(k.mapper.fields, w) }
	plain := func(name string, p manifest.Path, to convert) {
		if p != nil {
			add(named(member(name), single(newPath(p), to, false)))
		}
	}
	plain("display_id", e.DisplayID, writeText)
	plain("display_name", e.DisplayName, writeText)
	plain("remote_created_at", e.CreatedAt, writeInstant)
	if e.UpdatedAt != nil {
		add(named(`"remote_updated_at":`, (*call).writeUpdatedAt))
	}
	if e.URL != "" {
		add(named(`"url":`, k.link(e.URL)))
	}
}

// writeUpdatedAt writes the first of the times that is there.
func (c *call) writeUpdatedAt() error {
	for _, p := range c.mapper.updatedAt {
		t, err := c.timeAt(p)
		if err != nil {
			return err
		}
		if !t.IsZero() {
			c.updatedAt = t
			c.out = appendInstant(append(c.out, '"'), t)
			c.out = append(c.out, '"')
			return nil
		}
	}
	c.add("null")
	return nil
}

// timeAt gives the time at a path, zero when there is none.
func (c *call) timeAt(p path) (time.Time, error) {
	text, err := c.textAt(p)
	if err != nil || text == nil {
		return time.Time{}, err
	}
	t, err := parseInstant(text, c.env.Zone)
	if err != nil {
		return t, c.bad(p, err)
	}
	return t, nil
}

// textAt gives the scalar at a path as text, nil when there is none.
func (c *call) textAt(p path) ([]byte, error) {
	v, err := c.find(p)
	if err != nil {
		return nil, err
	}
	s, err := c.scalarOf(v)
	if err == nil && c.empty(s) {
		return nil, nil
	}
	var text []byte
	if err == nil {
		text, err = c.textOf(s)
	}
	if err != nil {
		return nil, c.bad(p, err)
	}
	return text, nil
}

func historyPath(e *manifest.Entity) path {
	if e.History == "" {
		return path{}
	}
	return newPath(strings.Split(e.History, "/"))
}

// rangeAt gives the value of the history field; a date is its midnight in UTC.
func (c *call) rangeAt() (time.Time, error) {
	p := c.mapper.history
	if len(p.names) == 0 {
		return time.Time{}, nil
	}
	text, err := c.textAt(p)
	if err != nil || text == nil {
		return time.Time{}, err
	}
	if t, err := time.Parse(time.DateOnly, string(text)); err == nil {
		return t, nil
	}
	return c.timeAt(p)
}

// link writes the template with its placeholders filled in: credential fields as they are, values of the record escaped. It is null when
// one is missing, or when the result is not the address of a page.
func (k *compiler) link(template string) writer {
	parts := k.template(template)
	return func(c *call) error {
		var room [256]byte
		address := room[:0]
		for _, p := range parts {
			text, err := p(c)
			if err != nil {
				return err
			}
			if text == nil {
				c.add("null")
				return nil
			}
			address = append(address, text...)
		}
		if a := string(address); !strings.HasPrefix(a, "https://") && !strings.HasPrefix(a, "http://") {
			c.add("null")
			return nil
		}
		return c.quote(address)
	}
}

func (k *compiler) template(text string) []func(*call) ([]byte, error) {
	var parts []func(*call) ([]byte, error)
	for _, name := range manifest.Placeholders(text) {
		before, after, _ := strings.Cut(text, "{"+name+"}")
		parts = append(parts, literal(before), k.placeholder(name))
		text = after
	}
	return append(parts, literal(text))
}

func literal(text string) func(*call) ([]byte, error) {
	return func(*call) ([]byte, error) { return []byte(text), nil }
}

func (k *compiler) placeholder(name string) func(*call) ([]byte, error) {
	for _, a := range k.system.Auth {
		for _, f := range a.Fields {
			if f.Name == name {
				return func(c *call) ([]byte, error) { return public(c, name), nil }
			}
		}
	}
	p := newPath(strings.Split(name, "/"))
	return func(c *call) ([]byte, error) {
		text, err := c.textAt(p)
		if err != nil || text == nil {
			return nil, err
		}
		return []byte(url.PathEscape(string(text))), nil
	}
}

func public(c *call, name string) []byte {
	if v := strings.TrimRight(c.env.Public[name], "/"); v != "" {
		return []byte(v)
	}
	return nil
}
