package api

import (
	"net/http"
	"os"
	"testing"
	"time"
)

func TestTestsMayDoMore(t *testing.T) {
	http.Get(os.Getenv("URL"))
	_ = time.Now()
	if testing.Short() {
		t.Skip()
	}
	t.Skip("")
	t.SkipNow()
	t.Skip("needs Tryton; runs in `make live`")
}
