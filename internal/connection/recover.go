package connection

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/blackout"
	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// A system that does not answer is probed again after 30 s, 1, 2, 4, 8 and then every 15 minutes, each time up to a half earlier, so that
// connections which went down together do not come back together.
const (
	firstProbe   = 30 * time.Second
	longestProbe = 15 * time.Minute
	probesListed = 200 // of those that are due
	probesAtOnce = 16
	probeWithin  = 10 * time.Second
)

// Recover looks once whether systems that did not answer are back, those whose time has come. Of many processes that call it one takes each
// connection. It returns when all looks are done.
func (s *Service) Recover(ctx context.Context) error {
	due, err := s.Store.ProbesDue(ctx, s.instant(), probesListed)
	if err != nil || len(due) == 0 {
		return err
	}
	var all sync.WaitGroup
	places, errs := make(chan struct{}, probesAtOnce), make([]error, len(due))
	for i, c := range due {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			if err := s.recover(ctx, c); err != nil && ctx.Err() == nil {
				errs[i] = fmt.Errorf("look whether connection %s is back: %w", c.ID, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func (s *Service) recover(ctx context.Context, c *store.Connection) error {
	now := s.instant()
	next := now.Add(s.probeGap(c.Probes + 1))
	end, leave := blackout.Stored(c.Blackouts, c.TimeZone).Until(now)
	if leave {
		next = end.Add(s.probeGap(0))
	}
	if mine, err := s.Store.ClaimProbe(ctx, c, next); err != nil || !mine || leave {
		return err
	}
	err := s.look(budget.WithPriority(ctx, budget.Check), c)
	if ctx.Err() != nil {
		return nil // stopped meanwhile: the next look tells
	}
	return s.looked(ctx, c, err)
}

// look logs in anew with the stored credentials, once. A login with tokens is tried with those that are stored, for they are the newest.
func (s *Service) look(ctx context.Context, c *store.Connection) error {
	sys := s.Systems.System(c.System)
	if sys == nil {
		return noConnector(c)
	}
	values, err := s.Keeper.OpenCredentials(c.DataKey, c.ID, c.Credentials)
	if err != nil {
		return fmt.Errorf("connection %s: %w", c.ID, err)
	}
	return s.tryOut(ctx, c, values)
}

func (s *Service) tryOut(ctx context.Context, c *store.Connection, values secret.Credentials) error {
	sys := s.Systems.System(c.System)
	client, err := s.dial(c, sys, c.AuthMethod, values, s.ProbeClient, s.grantsOf(c))
	if err != nil {
		return err
	}
	defer func() { s.logEnd(c.ID, client.Close()) }()
	within, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	_, err = client.Probe(within)
	if err != nil && within.Err() != nil && ctx.Err() == nil && driver.KindOf(err) == "" {
		return &driver.Error{Kind: driver.Unreachable, Detail: "no answer in time", Err: err}
	}
	return err
}

// looked says what a look found out: a system that fails or asks to wait is not back yet; one that refuses the login is asked again at the next
// look before that is believed, because systems that are starting do so.
func (s *Service) looked(ctx context.Context, c *store.Connection, err error) error {
	kind := driver.KindOf(err)
	switch {
	case err != nil && kind == "", kind == driver.Fault, kind == driver.Torn:
		return nil
	case kind == driver.RateLimited:
		return s.askedToWait(ctx, c, err)
	case kind == driver.Credentials && c.StateCode != problem.ReasonCredentialsRefused:
		why := fmt.Sprintf("%s is back but refuses the stored login. Busbar asks once more; then the login must be renewed.", s.systemName(c.System))
		_, err = s.happened(ctx, c, doubted, reason{problem.ReasonCredentialsRefused, why})
		return err
	case kind == driver.Permission, kind == driver.Invalid, kind == driver.TooLarge:
		err = nil // it answers; what is wrong, the runs will say
	}
	_, err = s.Report(ctx, c, err)
	return err
}

func (s *Service) askedToWait(ctx context.Context, c *store.Connection, err error) error {
	var e *driver.Error
	if !errors.As(err, &e) || e.RetryAfter < firstProbe {
		return nil
	}
	at := s.instant().Add(min(e.RetryAfter, longestProbe))
	return s.Store.Write(ctx, func(tx *store.Tx) error { return tx.PlanProbe(ctx, c.Scope(), at) })
}

// probeGap is how long to wait after n looks in vain.
func (s *Service) probeGap(n int) time.Duration {
	gap := min(firstProbe<<min(n, 10), longestProbe)
	var b [8]byte
	if _, err := io.ReadFull(s.Rand, b[:]); err != nil {
		return gap
	}
	return gap - time.Duration(binary.BigEndian.Uint64(b[:])%uint64(gap/2))
}

// goOn lets the runs that waited for the system go on, and asks again for those that ended because of it.
func (s *Service) goOn(ctx context.Context, tx *store.Tx, c *store.Connection) error {
	for _, v := range driver.Verdicts() {
		if v.Effect != driver.Unanswered && v.Effect != driver.LoginRefused {
			continue
		}
		if err := tx.FreeRuns(ctx, c.Scope(), v.Reason); err != nil {
			return fmt.Errorf("let waiting runs go on: %w", err)
		}
	}
	streams, err := tx.Streams(ctx, c.Scope())
	if err != nil {
		return fmt.Errorf("list streams: %w", err)
	}
	for mode, entities := range ended(streams) {
		if _, err := s.Syncs.RequestTx(ctx, tx, c, entities, mode, store.TriggerSchedule); err != nil {
			return err
		}
	}
	return nil
}

// ended gives, by mode, the streams whose last run ended because of what concerned the whole connection.
func ended(streams []store.Stream) map[store.Mode][]string {
	out := map[store.Mode][]string{}
	for _, st := range streams {
		if !st.Paused && st.ActiveRun == nil && st.LastRun != nil && wholeFailure(st) {
			out[st.LastRun.Mode] = append(out[st.LastRun.Mode], st.Entity)
		}
	}
	return out
}
