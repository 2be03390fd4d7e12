package lang

import (
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
)

// workName is the name by which a compiled expression finds its work; nobody can write it.
const workName = "_work"

// guard makes an expression count its work: every turn of a loop, every value that it makes and every function that it calls. Sums and comparisons become calls of functions that
// notice when a number no longer fits.
type guard struct{}

func operators() map[string]string {
	return map[string]string{"+": "_add", "-": "_subtract", "*": "_multiply", "/": "_divide", "==": "_equal", "!=": "_unequal", "in": "_in", "..": "_range", "matches": "_matches"}
}

// loops are the functions with a condition or a calculation for each element.
func loops() []string {
	return []string{"all", "none", "any", "one", "filter", "map", "count", "find", "findIndex", "findLast", "findLastIndex", "groupBy", "sortBy", "reduce"}
}

// Visit comes to inner nodes first.
func (guard) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.BinaryNode:
		if f := operators()[n.Operator]; f != "" {
			replace(node, f, n.Left, n.Right)
		}
	case *ast.PredicateNode:
		n.Node = call("_turn", n.Node)
	case *ast.ArrayNode, *ast.MapNode:
		replace(node, "_made", n)
	case *ast.BuiltinNode:
		guardFunction(node, n)
	}
}

func guardFunction(node *ast.Node, n *ast.BuiltinNode) {
	switch _, known := builtin.Index[n.Name]; {
	case n.Name == "sum":
		list := n.Arguments[0]
		if len(n.Arguments) > 1 {
			list = &ast.BuiltinNode{Name: "map", Arguments: n.Arguments}
			list.SetLocation((*node).Location())
		}
		replace(node, "_sum", list)
	case slices.Contains(loops(), n.Name):
		replace(node, "_made", n)
	case known:
		replace(node, "_call", append([]ast.Node{&ast.StringNode{Value: n.Name}}, n.Arguments...)...)
	}
}

func call(name string, args ...ast.Node) ast.Node {
	made := &ast.CallNode{Callee: &ast.IdentifierNode{Value: name}, Arguments: append([]ast.Node{&ast.IdentifierNode{Value: workName}}, args...)}
	made.SetLocation(args[len(args)-1].Location())
	return made
}

func replace(node *ast.Node, name string, args ...ast.Node) { ast.Patch(node, call(name, args...)) }
