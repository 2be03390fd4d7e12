package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/netip"
	"os"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/keys"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/postgres"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
)

// openStore opens the PostgreSQL database at o.Database, or else the file in the data directory.
func openStore(ctx context.Context, o Options) (*store.Store, error) {
	if o.Database == "" {
		return sqlite.Open(ctx, o.Data)
	}
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory %s: %w: choose a directory that this user may write", o.Data, err)
	}
	return postgres.Open(ctx, o.Database)
}

// databaseAddresses tells the addresses of the database's servers, which no connection may reach; nil where the database is a file.
func databaseAddresses(st *store.Store) func(netip.AddrPort) bool {
	if shared := st.Shared(); shared != nil {
		return shared.Serves
	}
	return nil
}

// openKeeper opens the master key and refuses one that did not seal this database. Of processes that start at once the first one's key counts.
func openKeeper(ctx context.Context, st *store.Store, o Options) (keeper *secret.Keeper, err error) {
	err = st.Alone(ctx, func(ctx context.Context) error {
		keeper, err = firstKeeper(ctx, st, o)
		return err
	})
	return keeper, err
}

func firstKeeper(ctx context.Context, st *store.Store, o Options) (*secret.Keeper, error) {
	check, err := st.Meta(ctx, secret.CheckName)
	if err != nil {
		return nil, fmt.Errorf("read the key check: %w", err)
	}
	keeper, err := o.keys().Open(ctx, check, rand.Reader)
	if err != nil || check != "" {
		return keeper, err
	}
	if err := st.SetMeta(ctx, secret.CheckName, keeper.Check()); err != nil {
		return nil, fmt.Errorf("store the key check: %w", err)
	}
	return keeper, nil
}

// keys is where the master keys come from.
func (o Options) keys() secret.Source {
	if o.Keys == (secret.Source{}) {
		return secret.Source{File: o.MasterKey}
	}
	return o.Keys
}

// newKeys makes the service that rotates them. A process by itself has always the same name, so that nobody waits for the one before it.
func newKeys(a *App, keeper *secret.Keeper) *keys.Service {
	c := keys.Config{
		Store: a.Store, Keeper: keeper, Source: a.opts.keys(), Alone: a.Store.Shared() == nil, ID: "alone", Now: a.opts.Now, Rand: rand.Reader, Log: a.opts.Log, Step: a.opts.KeyStep,
	}
	if !c.Alone {
		c.ID = uuid.NewString()
	}
	c.Host, _ = os.Hostname() // which only people read
	return keys.New(c)
}
