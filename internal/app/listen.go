package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

// Bounds on what a client may keep open.
const (
	headerTimeout  = 10 * time.Second
	readTimeout    = time.Minute     // for a whole request; a body has 1 MiB at most
	writeTimeout   = 3 * time.Minute // from the request to the end of the answer; the API has shorter times of its own
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 32 << 10
	drainWithin    = 25 * time.Second
)

// listen opens the address, or says in one sentence why not and what to do.
func listen(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use by another program: choose another address with --listen, such as 127.0.0.1:0 for any free port", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return l, nil
}

// serveHTTP answers on l until ctx ends, then lets running requests finish; those that wait answer at once.
func serveHTTP(ctx context.Context, l net.Listener, a *App, log *slog.Logger) error {
	server := &http.Server{
		Handler: a.Handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("answer on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	a.StopWaiting()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainWithin)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return errors.Join(fmt.Errorf("finish running requests: %w", err), server.Close())
	}
	return nil
}
