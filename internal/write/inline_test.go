package write

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A wait that is over while the operation is being stored ends with what comes of that: before it is known, nobody can be told of the operation, or that there is none.
func TestWaitIsOverWhileTheOperationIsStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &single{request: Request{Wait: time.Second}, made: make(chan struct{}), done: make(chan error, 1)}
		if !w.turn.pass() {
			t.Fatal("a write that nobody holds up does not pass")
		}
		told := make(chan error, 1)
		go func() {
			_, err := w.wait(context.Background())
			told <- err
		}()
		<-time.After(2 * time.Second)
		synctest.Wait()
		select {
		case err := <-told:
			t.Fatalf("it is told %v before anybody knows", err)
		default:
		}
		w.done <- errKeyTaken
		if err := <-told; !errors.Is(err, errKeyTaken) {
			t.Errorf("it is told %v, not that another one has the key", err)
		}
	})
}
