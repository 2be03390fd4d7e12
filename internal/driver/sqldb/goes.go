package sqldb

import "github.com/busbar-dev/busbar/internal/manifest"

// GoesTo implements driver.Addresser: the password goes to the server of the database, over a line that is protected as tls says.
func (Driver) GoesTo(s *manifest.System, method, _ string) (fields []string, ok bool) {
	return s.FieldsOf(method, fieldKind, fieldHost, fieldPort, fieldTLS), true
}
