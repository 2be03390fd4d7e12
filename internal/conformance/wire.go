package conformance

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"

	"github.com/busbar-dev/busbar/internal/manifest"
)

type system = manifest.System

func silent() *log.Logger { return log.New(io.Discard, "", 0) }

// rewriteBody changes a body that is text.
func rewriteBody(r *http.Response, change func([]byte) []byte) error {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("read an answer: %w", err)
	}
	_ = r.Body.Close()
	text = change(text)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	r.Header.Set("Content-Length", strconv.Itoa(len(text)))
	return nil
}
