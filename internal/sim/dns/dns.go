// Package dns is a name server for tests, on loopback, whose answers change from question to question: what a name that is bound anew does to whoever looks it up. It knows only the names
// it was told of.
package dns

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/miekg/dns"
)

// Server answers until Close. Its methods may be called concurrently.
type Server struct {
	server *dns.Server
	at     string

	mu      sync.Mutex
	rounds  map[string][][]netip.Addr
	aliases map[string]string
	asked   map[question]int
}

type question struct {
	name string
	kind uint16
}

// Start starts one that knows no name.
func Start() (*Server, error) {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for questions: %w", err)
	}
	s := &Server{at: conn.LocalAddr().String(), rounds: map[string][][]netip.Addr{}, aliases: map[string]string{}, asked: map[question]int{}}
	s.server = &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(s.answer)}
	go func() { _ = s.server.ActivateAndServe() }()
	return s, nil
}

// Close ends it.
func (s *Server) Close() error { return s.server.PacketConn.Close() }

// Set says where a name leads: each question gets the next round of addresses, the last round stays. It begins anew for a name that was set before.
func (s *Server) Set(name string, rounds ...[]netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name = dns.CanonicalName(name)
	s.rounds[name] = rounds
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		delete(s.asked, question{name, kind})
	}
}

// Alias makes a name another name for target.
func (s *Server) Alias(name, target string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aliases[dns.CanonicalName(name)] = dns.CanonicalName(target)
}

// Resolver asks this server and nobody else.
func (s *Server) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp4", s.at)
	}}
}

func (s *Server) answer(w dns.ResponseWriter, r *dns.Msg) {
	m := new(dns.Msg)
	m.SetReply(r)
	if len(r.Question) != 1 {
		m.Rcode = dns.RcodeFormatError
	} else {
		s.fill(m, question{dns.CanonicalName(r.Question[0].Name), r.Question[0].Qtype})
	}
	_ = w.WriteMsg(m)
}

// fill answers one question, along aliases.
func (s *Server) fill(m *dns.Msg, q question) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range 8 {
		target, ok := s.aliases[q.name]
		if !ok {
			break
		}
		m.Answer = append(m.Answer, &dns.CNAME{Hdr: dns.RR_Header{Name: q.name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET}, Target: target})
		q.name = target
	}
	rounds := s.rounds[q.name]
	if len(rounds) == 0 {
		m.Rcode = dns.RcodeNameError
		return
	}
	round := rounds[min(s.asked[q], len(rounds)-1)]
	s.asked[q]++
	for _, a := range round {
		switch head := (dns.RR_Header{Name: q.name, Rrtype: q.kind, Class: dns.ClassINET}); {
		case q.kind == dns.TypeA && a.Is4():
			m.Answer = append(m.Answer, &dns.A{Hdr: head, A: a.AsSlice()})
		case q.kind == dns.TypeAAAA && a.Is6():
			m.Answer = append(m.Answer, &dns.AAAA{Hdr: head, AAAA: a.AsSlice()})
		}
	}
}

// Addresses reads addresses that are written with spaces between them.
func Addresses(text string) []netip.Addr {
	var all []netip.Addr
	for _, one := range strings.Fields(text) {
		all = append(all, netip.MustParseAddr(one))
	}
	return all
}
