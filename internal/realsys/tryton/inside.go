package tryton

import (
	_ "embed"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed inside.py
var insideScript []byte

// Inside is one open transaction of Tryton's own code in a process beside the server's, as a batch job or another worker of the same
// installation has it. Its methods end the test on errors. What is not committed is rolled back at the end of the test.
type Inside struct {
	s   *Server
	in  io.WriteCloser
	out *json.Decoder
	cmd *exec.Cmd
	say strings.Builder // what it complains of
}

// Begin opens a transaction as the administrator.
func (s *Server) Begin() *Inside {
	s.t.Helper()
	dir := s.process.dir
	path := filepath.Join(dir, "inside.py")
	if err := os.WriteFile(path, insideScript, 0o600); err != nil {
		s.t.Fatal(err)
	}
	x := &Inside{s: s, cmd: exec.Command("/usr/bin/python3", "-W", "ignore", path, filepath.Join(dir, "trytond.conf"), s.Database)}
	in, err := x.cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := x.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	x.in, x.out, x.cmd.Stderr = in, json.NewDecoder(out), &x.say
	if err := x.cmd.Start(); err != nil {
		s.t.Fatalf("start Python: %v", err)
	}
	s.t.Cleanup(x.end)
	return x
}

// SQL runs a statement, with ? for each value, and gives its rows.
func (x *Inside) SQL(statement string, values ...any) [][]any {
	x.s.t.Helper()
	return x.do(map[string]any{"sql": statement, "values": values})
}

// Write changes one record through its model.
func (x *Inside) Write(model string, id int, values map[string]any) {
	x.s.t.Helper()
	x.do(map[string]any{"model": model, "method": "write", "ids": []int{id}, "args": []any{values}})
}

// Commit ends the transaction, and the process.
func (x *Inside) Commit() {
	x.s.t.Helper()
	x.do(map[string]any{"commit": true})
	x.end()
}

// SQL runs a statement on the server's database, in a transaction of its own.
func (s *Server) SQL(statement string, values ...any) [][]any {
	s.t.Helper()
	x := s.Begin()
	rows := x.SQL(statement, values...)
	x.Commit()
	return rows
}

func (x *Inside) do(command map[string]any) [][]any {
	x.s.t.Helper()
	if err := json.NewEncoder(x.in).Encode(command); err != nil {
		x.s.t.Fatalf("tell Tryton %v: %v", command, err)
	}
	var answer struct {
		Rows  [][]any
		Error string
	}
	if err := x.out.Decode(&answer); err != nil {
		x.end()
		x.s.t.Fatalf("%v: no answer from inside Tryton: %v\n%s", command, err, x.say.String())
	}
	if answer.Error != "" {
		x.s.t.Fatalf("%v: %s", command, answer.Error)
	}
	return answer.Rows
}

func (x *Inside) end() {
	_ = x.in.Close()
	_ = x.cmd.Wait() // again after the first time: an error without meaning
}
