package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// convert appends one scalar, which is not empty, as the JSON of a kind.
type convert func(c *call, s scalar) error

// converter gives the conversion to a plain kind.
func converter(k model.Kind) convert {
	switch k {
	case model.Boolean:
		return writeBoolean
	case model.Integer:
		return writeInteger
	case model.Decimal:
		return writeDecimal
	case model.Instant:
		return writeInstant
	case model.Date:
		return writeDate
	case model.Duration:
		return writeDuration
	}
	return writeText
}

func writeText(c *call, s scalar) error {
	switch s.kind {
	case rawjson.True, rawjson.False:
		return errors.New("a text is wanted, this is true or false")
	case rawjson.Number:
		c.out = append(append(append(c.out, '"'), s.raw...), '"')
		return nil
	}
	if !s.escaped {
		c.out = append(c.out, s.raw...)
		return nil
	}
	text, err := c.textOf(s)
	if err != nil {
		return err
	}
	return c.quote(text)
}

func writeBoolean(c *call, s scalar) error {
	text, err := c.textOf(s)
	if err != nil {
		return err
	}
	switch string(text) {
	case "true", "1", "Y":
		c.add("true")
	case "false", "0", "N":
		c.add("false")
	default:
		return fmt.Errorf("true or false is wanted, this is %s", excerpt(text))
	}
	return nil
}

func writeInteger(c *call, s scalar) error {
	start := len(c.out)
	if err := writeDecimal(c, s); err != nil {
		return err
	}
	digits := c.out[start+1 : len(c.out)-1]
	if whole, fraction, ok := bytes.Cut(digits, []byte{'.'}); ok {
		if len(bytes.Trim(fraction, "0")) > 0 {
			return fmt.Errorf("a whole number is wanted, this is %s", excerpt(digits))
		}
		digits = whole
	}
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return fmt.Errorf("%s is beyond 64 bits", excerpt(digits))
	}
	c.out = strconv.AppendInt(c.out[:start], n, 10)
	return nil
}

func writeDecimal(c *call, s scalar) error {
	if s.kind == rawjson.True || s.kind == rawjson.False {
		return errors.New("a number is wanted, this is true or false")
	}
	text, err := c.textOf(s)
	if err != nil {
		return err
	}
	c.out = append(c.out, '"')
	if c.out, err = appendDecimal(c.out, text); err != nil {
		return err
	}
	c.out = append(c.out, '"')
	return nil
}

func writeInstant(c *call, s scalar) error {
	text, err := c.textOf(s)
	if err != nil {
		return err
	}
	t, err := parseInstant(text, c.env.Zone)
	if err != nil {
		return err
	}
	c.out = appendInstant(append(c.out, '"'), t)
	c.out = append(c.out, '"')
	return nil
}

func writeDate(c *call, s scalar) error {
	text, err := c.textOf(s)
	if err != nil {
		return err
	}
	day, err := datePart(text)
	if err != nil {
		return err
	}
	c.out = append(append(append(c.out, '"'), day...), '"')
	return nil
}

func writeDuration(c *call, s scalar) error {
	text, err := c.textOf(s)
	if err != nil {
		return err
	}
	if !isDuration(text) {
		return fmt.Errorf("an ISO 8601 duration is wanted, this is %s; a plain number needs a unit in the manifest", excerpt(text))
	}
	return c.quote(text)
}

// excerpt shows the beginning of a value.
func excerpt[T ~string | ~[]byte](text T) string {
	const most = 40
	if len(text) > most {
		return strconv.Quote(string(text[:most])) + "..."
	}
	return strconv.Quote(string(text))
}
