// Package rest knows too much.
package rest

import _ "github.com/busbar-dev/busbar/connectors"

const name = "tryton-rpc"

func special(system string) bool { return system == "tryton" }
