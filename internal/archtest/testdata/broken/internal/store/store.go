// Package store may hold SQL, but not know the API.
package store

import (
	"database/sql"

	"github.com/busbar-dev/busbar/internal/api"
)

const query = "select id from records"

var _ = api.Name

func pool() *sql.DB { return nil }
