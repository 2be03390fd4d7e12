package mapping

import (
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// enum writes the normalised word and the source's own.
func (k *compiler) enum(f *manifest.FieldMap) (writer, error) {
	name, source := member(f.Field.Name), member(f.Field.Name+"_source")
	if f.Const != "" {
		text := name + f.Const + "," + source + "null,"
		return func(c *call) error {
			c.add(text)
			return nil
		}, nil
	}
	rows := table(f, func(word string) string { return name + word + "," + source })
	empty, other := name+"null,"+source+"null", name+`"other",`+source
	write := func(c *call, s scalar) error {
		text, err := c.textOf(s)
		if err != nil {
			return err
		}
		switch row, ok := rows[string(text)]; {
		case ok:
			c.add(row)
		case c.mapper.isNull(s.raw):
			c.add(empty)
			return nil
		default:
			c.add(other)
		}
		return c.quote(text)
	}
	w, err := k.listed(f, write)
	return func(c *call) error {
		start := len(c.out)
		err := w(c)
		if string(c.out[start:]) == "null" {
			c.out = append(c.out[:start], empty...)
		}
		c.out = append(c.out, ',')
		return err
	}, err
}

// listed makes the writer of a value that a table is asked for first: even a text that stands for nothing may have a row.
func (k *compiler) listed(f *manifest.FieldMap, to convert) (writer, error) {
	if f.Expr != "" {
		return expression(f, to)
	}
	return single(newPath(f.From[0]), to, true), nil
}

// words converts by a table of the model's closed list of words; a word that is not in it is null.
func words(f *manifest.FieldMap) convert {
	rows := table(f, func(word string) string { return word })
	return func(c *call, s scalar) error {
		text, err := c.textOf(s)
		if row, ok := rows[string(text)]; err == nil && ok {
			c.add(row)
			return nil
		}
		c.add("null")
		return err
	}
}

// table gives the output of each source word.
func table(f *manifest.FieldMap, output func(word string) string) map[string]string {
	rows := map[string]string{}
	for _, r := range f.Values {
		rows[r.Source] = output(`"` + r.Name + `"`)
	}
	return rows
}

// unquoted gives the word of a constant.
func unquoted(constant string) string { return strings.Trim(constant, `"`) }
