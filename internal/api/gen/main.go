// Command gen writes the OpenAPI document to openapi.yaml at the root of the repository:
//
//	go run ./internal/api/gen
package main

import (
	"fmt"
	"os"

	"github.com/busbar-dev/busbar/internal/api"
	"github.com/busbar-dev/busbar/model"
)

func main() {
	if err := write("openapi.yaml"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(path string) error {
	m, err := model.Load()
	if err != nil {
		return err
	}
	text, err := api.YAML(m)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
