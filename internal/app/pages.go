package app

import (
	"errors"
	"io/fs"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/model"
)

// Schema gives the JSON Schema of a manifest with every driver of this binary.
func Schema() ([]byte, error) {
	m, err := model.Load()
	if err != nil {
		return nil, err
	}
	forms := map[string]manifest.Forms{}
	for _, d := range drivers() {
		forms[d.Name()] = d.Forms()
	}
	return manifest.Schema(m, forms)
}

// SystemPages gives the documentation of the built-in connectors: Markdown by file name.
func SystemPages() (map[string]string, error) {
	m, err := model.Load()
	if err != nil {
		return nil, err
	}
	systems, err := loadSystems(m, connectors.FS)
	if err != nil {
		return nil, err
	}
	pages := map[string]string{"README.md": systems.Index()}
	for _, s := range systems.Systems() {
		pages[s.System+".md"] = s.Page("..", "../../connectors/"+s.System+"/guide.md")
	}
	return pages, nil
}

// ConnectorPage gives the documentation of the one connector in a folder.
func ConnectorPage(folder fs.FS) (string, error) {
	s, err := oneSystem(folder)
	if err != nil {
		return "", err
	}
	return s.Page("", "guide.md"), nil
}

// oneSystem loads a folder that holds one connector.
func oneSystem(folder fs.FS) (*manifest.System, error) {
	m, err := model.Load()
	if err != nil {
		return nil, err
	}
	systems, err := loadSystems(m, folder)
	if err != nil {
		return nil, err
	}
	if all := systems.Systems(); len(all) == 1 {
		return all[0], nil
	}
	return nil, errors.New("name the folder of one connector, which holds its manifest.yaml")
}
