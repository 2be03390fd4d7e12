package lang

import (
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/strictyaml"
)

// DecodeYAML keeps the order of the keys.
func (t *table[T]) DecodeYAML(d *strictyaml.Decoder, n *yaml.Node, path string) {
	*t = table[T]{}
	d.Members(n, path, func(key, value *yaml.Node) {
		e := entry[T]{name: key.Value}
		d.Value(value, reflect.ValueOf(&e.value).Elem(), strictyaml.Join(path, key.Value))
		*t = append(*t, e)
	})
}

func members(t table[Value]) []Member {
	var all []Member
	for i := range t {
		all = append(all, Member{t[i].name, &t[i].value})
	}
	return all
}

const (
	spanPattern  = `^([0-9]{1,6}(w|d|h|m|s|ms))+$`
	sharePattern = `^[0-9]{1,2}(\.[0-9]+)?%$|^100%$`
)

var (
	spanText  = regexp.MustCompile(spanPattern)
	spanPart  = regexp.MustCompile(`([0-9]+)(w|d|h|ms|m|s)`)
	shareText = regexp.MustCompile(sharePattern)
)

// spanUnits are the letters of time spans. A day is 24 hours.
func spanUnits() map[string]time.Duration {
	return map[string]time.Duration{"w": 7 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second, "ms": time.Millisecond}
}

func parseSpan(text string) (time.Duration, bool) {
	if !spanText.MatchString(text) {
		return 0, false
	}
	var all time.Duration
	for _, part := range spanPart.FindAllStringSubmatch(text, -1) {
		count, _ := strconv.Atoi(part[1]) // at most six digits
		one := time.Duration(count) * spanUnits()[part[2]]
		if one/spanUnits()[part[2]] != time.Duration(count) || all > math.MaxInt64-one {
			return 0, false
		}
		all += one
	}
	return all, true
}

// DecodeYAML reads 15m.
func (s *span) DecodeYAML(d *strictyaml.Decoder, n *yaml.Node, path string) {
	length, ok := parseSpan(n.Value)
	if n.Kind != yaml.ScalarNode || !ok {
		d.Report(n, path, "wants a time span, this is "+strictyaml.Describe(n), "write a number with s, m, h, d or w behind it, such as 15m")
		return
	}
	*s = span(length)
}

// DecodeYAML reads 20 and 20%.
func (l *limit) DecodeYAML(d *strictyaml.Decoder, n *yaml.Node, path string) {
	count, err := strconv.ParseInt(n.Value, 10, 64)
	switch {
	case n.Kind == yaml.ScalarNode && shareText.MatchString(n.Value):
		percent, _ := strconv.ParseFloat(strings.TrimSuffix(n.Value, "%"), 64)
		l.Share = percent / 100
	case n.Kind == yaml.ScalarNode && err == nil && count > 0:
		l.Count = count
	default:
		d.Report(n, path, "wants a count or a share, this is "+strictyaml.Describe(n), "write a whole number from 1 on, or a share such as 20%")
		return
	}
	if *l == (limit{}) {
		d.Report(n, path, "none at all is not a limit", "write on_error: stop when the first failure is to end it")
	}
}

// DecodeYAML keeps the text until the steps are known.
func (s *source) DecodeYAML(d *strictyaml.Decoder, n *yaml.Node, path string) {
	if n.Kind != yaml.ScalarNode || n.Value == "" {
		d.Report(n, path, "wants the id of a list step, or an expression that gives a list, this is "+strictyaml.Describe(n), "")
		return
	}
	*s = source{strings.TrimSpace(n.Value), path, n.Line}
}

// DecodeYAML compiles an expression that stands alone, without ${ }.
func (e *Expr) DecodeYAML(d *strictyaml.Decoder, n *yaml.Node, path string) {
	text := strings.TrimSpace(n.Value)
	if n.Kind != yaml.ScalarNode || text == "" || n.Tag == "!!null" {
		d.Report(n, path, "wants an expression, this is "+strictyaml.Describe(n), seeExpressions)
		return
	}
	if strings.HasPrefix(text, "${") {
		d.Report(n, path, "an expression stands here without ${ }", "write "+strings.TrimSpace(strings.TrimSuffix(text[2:], "}")))
		return
	}
	made, err := compile(text, path, n.Line)
	if err != nil {
		d.Report(n, path, text+": "+err.Error(), seeExpressions)
		return
	}
	*e = *made
}

func isName(text string) bool { return slices.Contains(names(), text) }
