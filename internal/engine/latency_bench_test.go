package engine

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/model"
)

// The slow source: numbered pages, each of which takes its time, sixteen at once.
const (
	slowPages   = 240
	slowRecords = 50
	slowAnswer  = 100 * time.Millisecond
	slowAtOnce  = 16
)

func slowPage(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(slowAnswer):
	case <-r.Context().Done():
	}
	n, _ := strconv.Atoi(r.FormValue("page"))
	var list []string
	for _, o := range orders((n-1)*slowRecords, min(n*slowRecords, slowPages*slowRecords)) {
		list = append(list, string(o.raw()))
	}
	_, _ = fmt.Fprintf(w, `{"total":%d,"data":[%s]}`, slowPages*slowRecords, strings.Join(list, ","))
}

const slowManifest = `
system: scripted
name: Slow source
summary: A source that takes its time.
categories: [erp]
driver: rest
simulated: true
versions: ["1"]
limits: {concurrency: 16}
auth:
  - method: api_key
    fields: [{name: url, label: Address, type: url}, {name: api_key, label: Key, type: password, secret: true}]
connect: {url: "{url}", auth: {style: bearer, token: "{api_key}"}, probe: {path: ping}}
entities:
  purchase-orders:
    read: {path: orders, records: data, total: total, paging: {style: page, param: page, concurrent: 16}}
    id: id
    display_id: num
    fields: {number: num, order_date: date, notes: note}
    evidence: {read: simulated}
`

// slowClient is a client of the slow source, made from its manifest.
func slowClient(b *testing.B, url string) (driver.Client, *manifest.System) {
	m, err := model.Load()
	if err != nil {
		b.Fatal(err)
	}
	s, err := manifest.LoadSystem(fstest.MapFS{"scripted/manifest.yaml": {Data: []byte(slowManifest)}, "scripted/guide.md": {Data: []byte("# x\n")}}, "scripted", m, map[string]manifest.Checker{"rest": rest.New()})
	if err != nil {
		b.Fatal(err)
	}
	c, err := rest.New().Open(s, driver.Config{HTTP: &http.Client{Transport: &http.Transport{MaxConnsPerHost: slowAtOnce, MaxIdleConnsPerHost: slowAtOnce}},
		Credentials: secret.NewCredentials(map[string]string{"url": url, "api_key": "k"}), Now: time.Now, TimeZone: time.UTC})
	if err != nil {
		b.Fatal(err)
	}
	return c, s
}

// plainly reads all pages with as many at once, and throws them away.
func plainly(b *testing.B, url string) time.Duration {
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: slowAtOnce, MaxIdleConnsPerHost: slowAtOnce}}
	begin, numbers := time.Now(), make(chan int)
	var readers sync.WaitGroup
	for range slowAtOnce {
		readers.Go(func() {
			for n := range numbers {
				resp, err := client.Get(fmt.Sprintf("%s/orders?page=%d", url, n))
				if err != nil {
					b.Error(err)
					continue
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		})
	}
	for n := range slowPages {
		numbers <- n + 1
	}
	close(numbers)
	readers.Wait()
	return time.Since(begin)
}

type slowConnections struct {
	*world
	client driver.Client
	system *manifest.System
}

func (c slowConnections) Open(context.Context, *store.Connection) (driver.Client, *manifest.System, error) {
	return c.client, c.system, nil
}

// BenchmarkSourceThatIsSlowToAnswer compares a first sync with a plain client that reads the same pages with as many at once.
func BenchmarkSourceThatIsSlowToAnswer(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(slowPage))
	defer server.Close()
	var ratios []float64
	for b.Loop() {
		plain := plainly(b, server.URL)
		w := newWorld(b)
		client, system := slowClient(b, server.URL)
		w.system = system
		w.worker = w.newWorker("slow")
		w.worker.Connections = slowConnections{w, client, system}
		begin := time.Now()
		run := w.sync(store.Full)
		took := time.Since(begin)
		if run.State != store.RunComplete || run.Counts.Created != slowPages*slowRecords {
			b.Fatalf("%s %s: %+v", run.State, run.ReasonDetail, run.Counts)
		}
		ratios = append(ratios, plain.Seconds()/took.Seconds())
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "of-plain")
}
