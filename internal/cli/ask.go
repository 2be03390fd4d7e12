package cli

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
)

// sure is the flag of commands that ask before they act.
type sure struct {
	Yes bool `short:"y" help:"Do not ask."`
}

// ask wants a yes of the person at the terminal; without a terminal it wants --yes.
func (y sure) ask(s *Streams, question string) error {
	if y.Yes {
		return nil
	}
	if !s.Terminal.In {
		return usage{errors.New("this asks first: add --yes when no person is there to ask")}
	}
	fmt.Fprintf(s.Err, "%s. Type yes to go on: ", question)
	line, _ := bufio.NewReader(s.In).ReadString('\n')
	if strings.TrimSpace(line) != "yes" {
		return errors.New("nothing was done")
	}
	return nil
}
