package e2e

import (
	"regexp"
	"testing"
)

// The first flow of the guide is checked, tried, applied and done: all vendors of the CMMS are in the ERP once.
func TestGuideToFlows(t *testing.T) {
	t.Parallel()
	f := follow(t, "docs/guides/flows.md", "Your first flow")
	f.failing()
	if !regexp.MustCompile(`vendors-to-erp +completed +change +40 +40 +0`).MatchString(f.out) {
		t.Errorf("the run did not do what the page says:\n%s", f.out)
	}
	codes := map[string]int{}
	for _, v := range f.list("/v1/vendors", f.token) {
		if code, _ := v["code"].(string); code != "" {
			codes[code]++
		}
	}
	if codes["V0100"] != 1 || codes["V0139"] != 1 || codes["V-TEST"] != 0 {
		t.Errorf("V0100 is there %d times, V0139 %d times, what was only tried %d times", codes["V0100"], codes["V0139"], codes["V-TEST"])
	}
}
