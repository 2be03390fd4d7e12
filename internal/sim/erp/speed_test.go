package erp_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// BenchmarkWrite tells what a write costs the simulator itself, among 30,000 orders.
func BenchmarkWrite(b *testing.B) {
	for _, c := range []struct{ name, dir, method, path, body string }{
		{"create an order", "", "POST", "purchase-orders", `{"vendorId":"000001","externalRef":"bb-%d","lines":[{"itemId":"000003","quantity":"2"},{"itemId":"000004","quantity":"2"}]}`},
		{"create an order, on disk", b.TempDir(), "POST", "purchase-orders", `{"vendorId":"000001","externalRef":"bb-%d","lines":[{"itemId":"000003","quantity":"2"},{"itemId":"000004","quantity":"2"}]}`},
		{"create a vendor", "", "POST", "vendors", `{"name":"N","vendorNumber":"bb-%d"}`},
		{"create an item", "", "POST", "items", `{"name":"N %d"}`},
		{"change a vendor", "", "PATCH", "vendors/000001", `{"phone":"%d"}`},
		{"refuse to delete an item", "", "DELETE", "items/000001", "%d"},
		{"find an order", "", "GET", "purchase-orders?externalRef=bb-%d", ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, err := erp.Open(erp.Options{Dir: c.dir, Counts: erp.Counts{Orders: 30000}})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			send := func(i int) {
				path, body := c.path, c.body
				if body == "" {
					path = fmt.Sprintf(path, i)
				} else {
					body = fmt.Sprintf(body, i)
				}
				serve(b, s, c.method, path, body)
			}
			send(0)
			b.ResetTimer()
			for i := range b.N {
				send(i + 1)
			}
		})
	}
}

func serve(b *testing.B, s *erp.Server, method, path, body string) {
	req, err := http.NewRequest(method, "/api/v1/"+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+erp.DefaultKey)
	s.Handler().ServeHTTP(nowhere{}, req)
}

type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}
