package problem

import "fmt"

// DecideOnDeletions tells a person what to do about the deletions that a run holds.
func DecideOnDeletions(runID string) string {
	return fmt.Sprintf("Check the login's permissions. If the records are really gone, approve: POST /v1/sync-runs/%s/pending-deletions/approve, or busbar sync approve %s. "+
		"If they must stay, reject: the same with reject.", runID, runID)
}
