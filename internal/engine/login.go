package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

// refusedAgain is how long a run whose login was refused rests at least; nothing is asked before the login is renewed.
const refusedAgain = 30 * time.Second

// errOtherLogin says that the connection has other credentials than the slice: everything fetched so far is stored, and the run goes on with those.
var errOtherLogin = errors.New("the connection has another login")

// sameLogin is errOtherLogin when the credentials were renewed since the slice began.
func (s *runSlice) sameLogin(ctx context.Context) error {
	now, err := s.worker.Store.ConnectionForWork(ctx, s.conn.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil // its data are being deleted; the fence tells
	}
	if err != nil {
		return fmt.Errorf("read connection %s: %w", s.conn.ID, err)
	}
	if !bytes.Equal(now.Credentials, s.conn.Credentials) {
		return errOtherLogin
	}
	return nil
}

// overtaken makes errOtherLogin of what a call met with a login that is not the connection's any more.
func (s *runSlice) overtaken(ctx context.Context, err error) error {
	if driver.KindOf(err) == "" {
		return err
	}
	if other := s.sameLogin(ctx); errors.Is(other, errOtherLogin) {
		return other
	}
	return err
}

// awaitLogin lets a run whose login is refused wait for a new one: it goes on from its checkpoint then, however often that happens.
func (s *runSlice) awaitLogin(e *driver.Error) store.Finish {
	return store.Finish{State: store.RunFailed, ReasonCode: e.Kind.Verdict().Reason, ReasonDetail: e.Detail, RetryAt: s.worker.Now().Add(refusedAgain)}
}

// noteLogin notes with which login the run reads. One that goes on with another may see other records: what is missing from what both saw in turns is no evidence.
func (s *runSlice) noteLogin() {
	with := strconv.FormatUint(xxh3.Hash(s.conn.Credentials), 36)
	began := s.cp.Token != nil || s.cp.Fetched > 0 || s.cp.Phase != reading
	s.cp.Skipping = s.cp.Skipping || began && s.cp.Login != "" && s.cp.Login != with
	s.cp.Login = with
}
