package write

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A wait that is over while the operation is being stored ends with what comes of that, or when the client goes: before, nobody can be told of the operation, or that there is none.
func TestWaitIsOverWhileTheOperationIsStored(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]error{"another one has the key": errKeyTaken, "the client goes": context.Canceled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &single{request: Request{Wait: time.Second}, made: make(chan struct{}), done: make(chan error, 1)}
				if !w.turn.pass() {
					t.Fatal("a write that nobody holds up does not pass")
				}
				ctx, leave := context.WithCancel(t.Context())
				told := make(chan error, 1)
				go func() {
					_, err := w.wait(ctx)
					told <- err
				}()
				<-time.After(2 * time.Second)
				synctest.Wait()
				select {
				case err := <-told:
					t.Fatalf("it is told %v before anybody knows", err)
				default:
				}
				if want == context.Canceled {
					leave()
				} else {
					w.done <- want
				}
				if err := <-told; !errors.Is(err, want) {
					t.Errorf("it is told %v, not %v", err, want)
				}
				leave()
			})
		})
	}
}
