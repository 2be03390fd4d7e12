package conformance

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
)

// shortest is the length from which a secret can be told from other texts.
const shortest = 6

// noSecret looks for the login's secrets in everything that the suite's Busbars stored and logged.
func (c *checking) noSecret() {
	for _, name := range c.secrets() {
		value := c.Credentials[name]
		if len(value) < shortest || contains(c.Public, name) {
			c.notChecked("", "%s is too short, or too common, to be told from other texts", name)
			continue
		}
		for _, b := range c.opened {
			if bytes.Contains(b.log.bytes(), []byte(value)) {
				c.failed("", "%s is in Busbar's log: keep it out of the driver's errors", name)
			}
		}
		must(filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if err == nil && bytes.Contains(text, []byte(value)) {
				c.failed("", "%s is in what Busbar stores (%s): keep it out of records and of the driver's errors", name, filepath.Base(path))
			}
			return err
		}))
	}
}
