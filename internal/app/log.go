package app

import (
	"io"
	"log/slog"

	"github.com/busbar-dev/busbar/internal/config"
)

// newLog makes the server's log as the settings say, which have been checked.
func newLog(w io.Writer, c config.Log, terminal bool) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel))
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" || c.LogFormat == "auto" && !terminal {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
