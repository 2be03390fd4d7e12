// Package egress is the only way out of the process: HTTP clients whose every dial is judged by the resolved address
// (SSRF guard), whose responses are limited in size, depth of compression and time, whose reads are retried, whose writes go out
// once and tell whether a byte of them did, and which keep to a budget. It knows no system, no protocol above HTTP and no credential.
package egress
