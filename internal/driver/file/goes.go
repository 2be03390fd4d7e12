package file

import "github.com/busbar-dev/busbar/internal/manifest"

// GoesTo implements driver.Addresser: what proves who logs in goes to the SFTP server that shows the host key.
func (Driver) GoesTo(s *manifest.System, method, _ string) (fields []string, ok bool) {
	return s.FieldsOf(method, fieldHost, fieldPort, fieldHostKey), true
}
