package records

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Host serves a simulated system on an address of its own. The zero value is ready.
type Host struct {
	mu       sync.Mutex
	listener net.Listener
	web      *http.Server
	served   chan struct{}
}

// Start serves on a loopback address ("" is any free port) until Stop.
func (h *Host) Start(name, address string, handler http.Handler) error {
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("start %s on %s: %w; choose another address", name, address, err)
	}
	h.Serve(l, handler)
	return nil
}

// Serve answers on l, which it takes over, in the background until Stop. It is called once.
func (h *Host) Serve(l net.Listener, handler http.Handler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	web, served := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}, make(chan struct{})
	h.listener, h.web, h.served = l, web, served
	go func() { defer close(served); _ = web.Serve(l) }()
}

// URL is the address of a started system, without a path.
func (h *Host) URL() string { return "http://" + h.Addr() }

// Addr is host:port of a started system, "" otherwise.
func (h *Host) Addr() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listener == nil {
		return ""
	}
	return h.listener.Addr().String()
}

// Stop ends serving; safe to call twice.
func (h *Host) Stop() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.web == nil {
		return nil
	}
	err := h.web.Close()
	<-h.served
	h.web = nil
	return err
}
