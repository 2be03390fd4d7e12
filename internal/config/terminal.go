package config

import (
	"os"

	"golang.org/x/term"
)

// Terminal says which of the standard streams a person looks at.
type Terminal struct {
	In, Out, Err bool
	Colour       bool // Out may carry colour: a terminal, and neither NO_COLOR nor TERM=dumb is set
	Width        int  // columns of Out; 0 when it is no terminal
}

// LookAtTerminal looks at the three streams.
func LookAtTerminal(in, out, err *os.File) Terminal {
	t := Terminal{In: isTerminal(in), Out: isTerminal(out), Err: isTerminal(err)}
	t.Colour = t.Out && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if t.Out {
		t.Width, _, _ = term.GetSize(int(out.Fd()))
	}
	return t
}

func isTerminal(f *os.File) bool { return f != nil && term.IsTerminal(int(f.Fd())) }
