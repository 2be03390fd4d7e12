package secret

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// mostText is the longest text of master keys.
const mostText = 64 << 10

// Source is where master keys come from: Text when it is set, else what Command prints, else File.
type Source struct {
	Text    string
	Command string // for the shell
	File    string // made when there are no data yet
}

// Open makes a keeper. check is the stored value of Check, "" when there is none yet.
func (s Source) Open(ctx context.Context, check string, random io.Reader) (*Keeper, error) {
	if s.InFile() {
		return FromFile(s.File, check, random)
	}
	text, err := s.Read(ctx)
	if err != nil {
		return nil, err
	}
	return FromText(text, check, random)
}

// InFile says that the keys are in a file.
func (s Source) InFile() bool { return s.Text == "" && s.Command == "" }

// Read gives the keys as they are there now.
func (s Source) Read(ctx context.Context) (text string, err error) {
	switch {
	case s.Text != "":
		return s.Text, nil
	case s.Command != "":
		return printed(ctx, s.Command)
	default:
		return readMaster(s.File)
	}
}

// printed runs a command. Nothing that it prints becomes part of the error.
func printed(ctx context.Context, command string) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	cmd.Stdout = &limited{&out}
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("the command that prints the master key failed: %w; run it by hand as this user to see why", err)
	}
	return out.String(), nil
}

type limited struct{ *bytes.Buffer }

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > mostText {
		return 0, errors.New("it prints too much for a master key")
	}
	return l.Buffer.Write(p)
}

// Names gives the names of the keys in a text, in their order.
func Names(text string) ([]string, error) {
	masters, err := parseMasters(text)
	if err != nil {
		return nil, err
	}
	r, err := newRing(masters)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, b := range r.now.Load().all {
		names = append(names, b.name())
	}
	return names, nil
}

// Add writes a new master key behind those in the file, which is then there as before or with it, and gives the text.
func (s Source) Add(random io.Reader) (text string, err error) {
	if text, err = readMaster(s.File); err != nil {
		return "", err
	}
	key := make([]byte, keySize)
	if _, err := io.ReadFull(random, key); err != nil {
		return "", fmt.Errorf("make a master key: %w", err)
	}
	text = strings.TrimRight(text, "\n") + "\n" + base64.StdEncoding.EncodeToString(key) + "\n"
	return text, replaceFile(s.File, text)
}

const retiredFile = `# A retired master key (%s) of a Busbar. Nothing of the present data needs it; backups made before it was retired do:
# to start on one of them, add the key to the master key file as a line of its own.
`

// Archive is the file that a retired key is kept in.
func (s Source) Archive(name string) string { return s.File + "." + name + ".old" }

// Retire takes a key out of the file, after it has been written to a file of its own. done says that it was there.
func (s Source) Retire(name string) (done bool, err error) {
	text, err := readMaster(s.File)
	if err != nil {
		return false, err
	}
	var kept, gone []string
	for line := range strings.Lines(text) {
		if names, err := Names(line); err == nil && names[0] == name {
			gone = append(gone, strings.TrimSpace(line))
			continue
		}
		kept = append(kept, line)
	}
	rest := strings.Join(kept, "")
	if _, err := parseMasters(rest); err != nil || len(gone) == 0 {
		return false, nil // it is not there, or all there is
	}
	if err := replaceFile(s.Archive(name), fmt.Sprintf(retiredFile, name)+gone[0]+"\n"); err != nil {
		return false, err
	}
	return true, replaceFile(s.File, rest)
}

// replaceFile puts a file with this text in the place of what is there, whole or not at all; only its owner reads it, or whom the one before let.
func replaceFile(path, text string) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	mode := os.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm() &^ 0o007
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".master-*") // 0600
	if err != nil {
		return fmt.Errorf("write the master key: %w", err)
	}
	defer os.Remove(tmp.Name())
	if err = fill(tmp, text); err == nil {
		err = errors.Join(os.Chmod(tmp.Name(), mode), os.Rename(tmp.Name(), path))
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("write the master key: %w", err)
	}
	return nil
}
