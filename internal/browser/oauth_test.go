package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/browser"
)

// newCloudVendor starts a vendor whose customers log in at SimERP Cloud.
func newCloudVendor(t *testing.T) (*vendor, map[string]any) {
	t.Helper()
	var p *browser.Provided
	v := newVendorOf(t, map[string]any{"name": "Fennworks"}, func(settings map[string]any) *browser.Stand {
		p = browser.NewProvided(t, settings)
		return p.Stand
	})
	v.preset["system"] = browser.Cloud
	var set struct{ Detail string }
	if status := v.call("PUT", "/v1/project/apps/"+browser.Cloud, v.stand.Key, map[string]any{"fields": p.App()}, &set); status != http.StatusOK {
		t.Fatalf("registering answers %d: %s", status, set.Detail)
	}
	return v, v.args(map[string]any{"login": p.Login.Issuer, "person": browser.Ann()})
}

// TestByALoginElsewhere connects by logging in at the system's own login server: after a login that is denied, with a choice of what is read.
func TestByALoginElsewhere(t *testing.T) {
	t.Parallel()
	v, args := newCloudVendor(t)
	browser.Run(t, "oauth.mjs", args, nil)
	v.read(t)
}

// TestByALoginElsewhereFromAFrame does so from a frame, with the login in a window of its own, by which nobody else can go on.
func TestByALoginElsewhereFromAFrame(t *testing.T) {
	t.Parallel()
	v, args := newCloudVendor(t)
	var got struct{ Code, State string }
	browser.Run(t, "oauth_frame.mjs", args, &got)
	if !strings.HasPrefix(got.Code, "bb_cod_") || got.State != "st-4711" {
		t.Fatalf("the page around the frame was told %+v", got)
	}
	v.exchange(got.Code)
	v.read(t)
}

// read fails the test unless the vendors are read, which were chosen, and nothing else.
func (v *vendor) read(t *testing.T) {
	t.Helper()
	if v.token == "" {
		t.Fatal("the vendor got no token")
	}
	if n := v.records("vendors"); n < 20 {
		t.Errorf("%d vendors were read, want 20", n)
	}
	if n := v.records("items"); n != -http.StatusConflict && n != -http.StatusNotFound {
		t.Errorf("items, which were left out, answer %d", n)
	}
}
