package secret

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

const masterFile = `# The master key of a Busbar. With it the stored logins can be read; without it they are lost.
# Keep a copy in a safe place, apart from the backups of the data. Keys in further lines only open.
`

// FromText makes a keeper from master keys given as text, one a line, each 32 bytes in base64; lines that begin with # are left out. All open; see newKeeper for the one that seals.
// check is the stored value of Check, "" when there is none yet. A master key of other data is an error.
func FromText(text, check string, random io.Reader) (*Keeper, error) {
	masters, err := parseMasters(text)
	if err != nil {
		return nil, err
	}
	return newKeeper(masters, check, random)
}

// FromFile makes a keeper from the master key in a file. When the file does not exist and check is "" (new data), it makes one, readable by its owner only.
func FromFile(path, check string, random io.Reader) (*Keeper, error) {
	text, err := readMaster(path)
	if errors.Is(err, fs.ErrNotExist) {
		if check != "" {
			return nil, fmt.Errorf("the master key (%s) of these data is missing: put it back at %s, or copy it there from a Busbar that uses the same database", checkID(check), path)
		}
		text, err = writeMaster(path, random)
	}
	if err != nil {
		return nil, err
	}
	k, err := FromText(text, check, random)
	if err != nil {
		return nil, fmt.Errorf("master key in %s: %w", path, err)
	}
	return k, nil
}

func readMaster(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("look for the master key: %w", err)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return "", fmt.Errorf("everybody on this machine may use the master key in %s; run: chmod 600 %s", path, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the master key: %w", err)
	}
	return string(text), nil
}

// writeMaster makes a master key file that is there whole or not at all.
func writeMaster(path string, random io.Reader) (string, error) {
	key := make([]byte, keySize)
	if _, err := io.ReadFull(random, key); err != nil {
		return "", fmt.Errorf("make a master key: %w", err)
	}
	text := masterFile + base64.StdEncoding.EncodeToString(key) + "\n"
	if err := replaceFile(path, text); err != nil {
		return "", err
	}
	return text, nil
}

func fill(f *os.File, text string) error {
	_, err := f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// parseMasters reads one key a line.
func parseMasters(text string) (masters [][]byte, err error) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(key) != keySize {
			return nil, errNoMaster
		}
		masters = append(masters, key)
	}
	if len(masters) == 0 {
		return nil, errNoMaster
	}
	return masters, nil
}

var errNoMaster = errors.New("a master key is 32 random bytes in base64 on a line of its own; make one with: openssl rand -base64 32")
