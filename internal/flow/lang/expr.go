package lang

// Env are the names that an expression sees.
type Env map[string]any

// Expr is a compiled expression.
type Expr struct {
	Text, Path string
	Line       int
	program    any
}

// Value is a value of the document with expressions in it, compiled.
type Value struct {
	Path string
	Line int
}

// EvalError says which expression failed, and why.
type EvalError struct {
	Path, Text, Detail string
	Line               int
}

func (e *EvalError) Error() string { return e.Path + ": " + e.Detail }

// Eval calculates; the error is an *EvalError.
func (e *Expr) Eval(env Env) (any, error) { return nil, nil }

// True calculates a condition; anything but true and false is an *EvalError.
func (e *Expr) True(env Env) (bool, error) { return false, nil }

// Eval calculates every expression of the value; the error is an *EvalError. A nil Value gives nil.
func (v *Value) Eval(env Env) (any, error) { return nil, nil }

// Decode reads JSON as expressions see it: whole numbers are int64, others float64 where that holds them exactly, else the number's text.
func Decode(text []byte) (any, error) { return nil, nil }

// Encode writes a value of an expression as JSON, in a canonical form.
func Encode(v any) ([]byte, error) { return nil, nil }

// Describe says in words what a value is.
func Describe(v any) string { return "" }
