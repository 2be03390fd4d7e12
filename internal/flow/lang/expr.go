package lang

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"
)

// Bounds of an expression, so that none can hang the program or eat its memory.
const (
	maxText   = 10_000 // bytes of an expression
	maxNodes  = 1_000
	maxMemory = 1_000_000 // elements that a calculation may hold
)

// Env are the names that an expression sees. Their values are of the kinds that Decode gives.
type Env map[string]any

// names are what an expression may see, wherever it stands.
func names() []string {
	return []string{"trigger", "params", "run", "item", "index", "steps", "record", "change"}
}

// Expr is a compiled expression.
type Expr struct {
	Text, Path string
	Line       int
	node       ast.Node
	program    *vm.Program
}

// EvalError says which expression failed, and why.
type EvalError struct {
	Path, Text, Detail string
	Line               int
}

func (e *EvalError) Error() string {
	return fmt.Sprintf("%s (line %d): %s: %s", e.Path, e.Line, e.Text, e.Detail)
}

// compile gives the expression of a text; the error is a sentence.
func compile(text, path string, line int) (*Expr, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("the expression is longer than %d letters", maxText)
	}
	tree, err := parser.Parse(text)
	if err != nil {
		return nil, sentence(err)
	}
	if err := sameEverywhere(tree.Node); err != nil {
		return nil, err
	}
	seen := types.Map{}
	for _, name := range names() {
		seen[name] = types.Any
	}
	options := append(functions(), expr.Env(seen), expr.MaxNodes(maxNodes), expr.DisableBuiltin("now"))
	if _, err := expr.Compile(text, options...); err != nil {
		return nil, sentence(err)
	}
	guarded := maps.Clone(seen)
	guarded[workName] = types.Any
	program, err := expr.Compile(text, slices.Concat(options, guards(), []expr.Option{expr.Env(guarded), expr.Patch(guard{})})...)
	if err != nil {
		return nil, sentence(err)
	}
	return &Expr{Text: text, Path: path, Line: line, node: tree.Node, program: program}, nil
}

// sameEverywhere refuses what gives another value on another machine.
func sameEverywhere(node ast.Node) (err error) {
	walk(node, func(n ast.Node) {
		if c, ok := n.(*ast.CallNode); ok {
			if m, ok := c.Callee.(*ast.MemberNode); ok && memberName(m) == "Local" {
				err = errors.New("the zone Local is another one on another machine: write .In(timezone(\"Europe/Berlin\"))")
			}
		}
	})
	return err
}

// sentence takes the excerpt away that errors of the library show.
func sentence(err error) error {
	var at *file.Error
	if errors.As(err, &at) {
		hint := ""
		if strings.Contains(at.Message, `Operator(":")`) {
			hint = " (an object that map gives stands in braces of its own: map(list, {{name: #.name}}))"
		}
		return fmt.Errorf("%s, at letter %d%s", inWords(at.Message), at.From+1, hint)
	}
	return errors.New(inWords(err.Error()))
}

// Eval calculates; the error is an *EvalError. The value is of the kinds that Decode gives.
func (e *Expr) Eval(env Env) (value any, err error) {
	defer func() {
		if r := recover(); r != nil {
			value, err = nil, e.fails(fmt.Sprint(r))
		}
	}()
	v, err := e.run(env)
	if err != nil {
		return nil, e.fails(e.explain(err))
	}
	if value, err = plain(v); err != nil {
		return nil, e.fails(err.Error())
	}
	return value, nil
}

func (e *Expr) run(env Env) (any, error) {
	seen := make(map[string]any, len(env)+1)
	maps.Copy(seen, env)
	seen[workName] = new(work)
	machine := vm.VM{MemoryBudget: maxMemory}
	return machine.Run(e.program, seen)
}

// True calculates a condition; anything but true and false is an *EvalError.
func (e *Expr) True(env Env) (bool, error) {
	v, err := e.Eval(env)
	if err != nil {
		return false, err
	}
	yes, ok := v.(bool)
	if !ok {
		return false, e.fails("a condition is true or false, this is " + Describe(v))
	}
	return yes, nil
}

func (e *Expr) fails(detail string) error {
	return &EvalError{Path: e.Path, Text: e.Text, Detail: detail, Line: e.Line}
}
