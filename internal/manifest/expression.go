package manifest

import (
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
)

// Reading is what an expression sees when it calculates a value of the model.
type Reading struct {
	Src    any `expr:"src"`    // the source's record, or the list element at hand
	Record any `expr:"record"` // the source's whole record
}

// Writing is what an inverse sees when it calculates members for the source, as an object.
type Writing struct {
	Value  any `expr:"value"`  // the field's unified value
	Record any `expr:"record"` // the whole unified record
}

// ReadExpression compiles an expression over Reading.
func ReadExpression(text string) (*vm.Program, error) { return compile(text, Reading{}) }

// WriteExpression compiles an inverse over Writing.
func WriteExpression(text string) (*vm.Program, error) { return compile(text, Writing{}) }

// compile leaves out what would make the same record give another value tomorrow.
func compile(text string, env any) (*vm.Program, error) {
	return expr.Compile(text, expr.Env(env), expr.DisableBuiltin("now"))
}

func (b *entityBuilder) expressions(m *FieldMap, s scope) {
	if m.Inverse != "" && m.Expr == "" {
		b.problem("only an expression has an inverse", "paths, values and constants know theirs", s.in("inverse").path...)
	}
	check := func(key, text string, compile func(string) (*vm.Program, error)) {
		if text == "" {
			return
		}
		if _, err := compile(text); err != nil {
			message, _, _ := strings.Cut(err.Error(), "\n")
			b.problem(message, "see https://expr-lang.org/docs/language-definition", s.in(key).path...)
		}
	}
	check("expr", m.Expr, ReadExpression)
	check("inverse", m.Inverse, WriteExpression)
}
