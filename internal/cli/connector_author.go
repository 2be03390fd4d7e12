package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/busbar-dev/busbar/internal/manifest"
)

type connectorNewCmd struct {
	Dir    string `arg:"" help:"Folder to make; its name is the system's, in lower-case words joined with -."`
	Driver string `required:"" placeholder:"DRIVER" help:"The protocol that the system speaks, such as rest, odata or sql."`
}

// Help ends the command's help with an example.
func (connectorNewCmd) Help() string {
	return "Writes a manifest and a guide to fill in, and beside the folder the JSON Schema by which editors complete the manifest.\n\n" +
		"Example:\n\n  busbar connector new ./connectors/acme --driver rest\n  busbar connector check ./connectors/acme"
}

var systemName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// Run makes the folder; what is there already is left alone.
func (cmd *connectorNewCmd) Run(s *Streams, p *Programs) error {
	name := filepath.Base(filepath.Clean(cmd.Dir))
	if !systemName.MatchString(name) {
		return usage{fmt.Errorf("%q is no name of a system: write lower-case words joined with -, such as acme-erp", name)}
	}
	files, err := p.Starter(name, cmd.Driver)
	if err != nil {
		return usage{err}
	}
	schema, err := p.Schema()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(cmd.Dir, "manifest.yaml")); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is a connector in %s already", cmd.Dir)
	}
	if err := os.MkdirAll(cmd.Dir, 0o755); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	if err := writeFiles(cmd.Dir, files); err != nil {
		return err
	}
	if err := writeFiles(filepath.Dir(filepath.Clean(cmd.Dir)), map[string][]byte{manifest.SchemaFile: schema}); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "Fill in %s and %s. Then:\n  busbar connector check %s\n  busbar connector test %s --credentials-file login.json\n  busbar serve --connectors %s\n",
		filepath.Join(cmd.Dir, "manifest.yaml"), filepath.Join(cmd.Dir, "guide.md"), cmd.Dir, cmd.Dir, filepath.Dir(filepath.Clean(cmd.Dir)))
	return nil
}

func writeFiles(dir string, files map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(dir, name), files[name], 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

type connectorSchemaCmd struct{}

// Help ends the command's help with an example.
func (connectorSchemaCmd) Help() string {
	return "Example:\n\n  busbar connector schema > connectors/" + manifest.SchemaFile
}

// Run prints the schema.
func (connectorSchemaCmd) Run(s *Streams, p *Programs) error {
	text, err := p.Schema()
	if err == nil {
		_, err = s.Out.Write(text)
	}
	return err
}

type connectorDocsCmd struct {
	Dir string `arg:"" help:"The connector's folder."`
}

// Help ends the command's help with an example.
func (connectorDocsCmd) Help() string {
	return "Example:\n\n  busbar connector docs ./connectors/acme > acme.md"
}

// Run prints the page.
func (cmd *connectorDocsCmd) Run(s *Streams, p *Programs) error {
	folder, err := oneConnector(cmd.Dir)
	if err != nil {
		return err
	}
	text, err := p.Page(folder)
	if err == nil {
		_, err = fmt.Fprint(s.Out, text)
	}
	return err
}

// oneConnector gives the view of a connector's own folder.
func oneConnector(dir string) (fs.FS, error) {
	if _, err := os.Stat(filepath.Join(dir, "manifest.yaml")); err != nil {
		return nil, usage{fmt.Errorf("there is no manifest.yaml in %s: name the folder of one connector", dir)}
	}
	_, folder := connectorsOf(dir)
	return folder, nil
}

type connectorRecordCmd struct {
	Dir        string `arg:"" help:"The connector's folder."`
	Records    int    `default:"20" help:"How many records of each entity."`
	loginFlags `embed:""`
}

// Help ends the command's help with an example.
func (connectorRecordCmd) Help() string {
	return "Reads from a real system and writes what it answers to testdata/ in the connector's folder, without the secrets of the login. `busbar connector check` then maps these records. " +
		"They are somebody's data: look at them before you pass them on.\n\nExample:\n\n  busbar connector record ./connectors/acme --credentials-file login.json"
}

// Run writes a file for each entity.
func (cmd *connectorRecordCmd) Run(ctx context.Context, s *Streams, p *Programs) error {
	folder, err := oneConnector(cmd.Dir)
	if err != nil {
		return err
	}
	login, err := cmd.values(s.In)
	if err != nil {
		return err
	}
	recorded, err := p.Record(ctx, folder, login, cmd.Records)
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	for entity, text := range recorded {
		files[entity+".json"] = append(text, '\n')
	}
	to := filepath.Join(cmd.Dir, "testdata")
	if err := os.MkdirAll(to, 0o755); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	if err := writeFiles(to, files); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "Recorded %d entities in %s.\n", len(files), to)
	return nil
}
