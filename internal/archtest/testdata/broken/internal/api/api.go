package api

import (
	"crypto/cipher"
	"crypto/tls"
	"database/sql"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/tink-crypto/tink-go/v2/aead"
)

// Name is a name.
const Name = "api"

const (
	fine  = "select one of these"
	also  = "Select a system from the list"
	query = `insert into records (id) values ($1)`
	ddl   = "create unique index records_id on records (id)"
)

var (
	count  int
	lock   sync.Mutex
	locked sync.Mutex = sync.Mutex{}
	table             = []string{"a", "b"}
)

type settings struct {
	Key string `name:"key" env:"KEY"`
}

func init() { count++ }

func all() {
	http.Get("http://example.com")
	net.Dial("tcp", "example.com:80")
	_ = &http.Client{}
	_ = new(http.Transport)
	_ = net.Dialer{}
	_ = http.DefaultClient
	os.Getenv("HOME")
	log.Fatalf("no")
	os.Exit(1)
	_ = time.Now()
	time.Sleep(time.Second)
	panic("contract")
}

func careless() { _ = tls.Config{InsecureSkipVerify: true} }

var _, _, _, _ = cipher.NewGCM, sql.Open, river.Client, aead.New
