package flow_test

import (
	"os"
	"testing"

	"github.com/busbar-dev/busbar/internal/flow"
)

func TestStatesPageIsCurrent(t *testing.T) {
	t.Parallel()
	const file = "../../docs/states/flow-run.md"
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != flow.StatesPage() {
		t.Errorf("%s differs from states.go; run `make generate`", file)
	}
}
