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
)

// How a server stops: others have leaveFor to notice that it takes no more requests, which matters where a balancer sends them elsewhere; all of
// it takes stopWithin at most.
const (
	leaveFor   = 2 * time.Second
	stopWithin = 29 * time.Second
)

// outlive gives a context that ends d after ctx does.
func outlive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		t := time.AfterFunc(d, cancel)
		context.AfterFunc(longer, func() { t.Stop() })
	})
	return longer, cancel
}

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

// serveHTTP answers on l until ctx ends, then lets running requests finish, not beyond limit; those that wait answer at once.
func serveHTTP(ctx, limit context.Context, l net.Listener, a *App, log *slog.Logger) error {
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
	a.Leave()
	if a.Store.Shared() != nil {
		wait(limit, leaveFor)
	}
	a.StopWaiting()
	if err := server.Shutdown(limit); err != nil {
		return errors.Join(fmt.Errorf("finish running requests: %w", err), server.Close())
	}
	return nil
}
