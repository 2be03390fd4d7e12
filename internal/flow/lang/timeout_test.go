package lang_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/jobs"
)

// What came of a request that takes as long as it may can be stored while a worker holds the flow.
func TestRequestsEndBeforeATurnIsBroken(t *testing.T) {
	t.Parallel()
	if lang.MaxTimeout > jobs.LastStep*9/10 || lang.DefaultTimeout > lang.MaxTimeout {
		t.Errorf("a request may take %s, by itself %s; a turn outlasts its end by %s", lang.MaxTimeout, lang.DefaultTimeout, jobs.LastStep)
	}
}
