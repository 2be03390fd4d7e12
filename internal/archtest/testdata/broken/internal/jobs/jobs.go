// Package jobs may know River.
package jobs

import _ "github.com/riverqueue/river"
