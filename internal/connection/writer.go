package connection

import (
	"context"
	"errors"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// leasedWriter is one caller's use of a shared client that can write.
type leasedWriter struct {
	*leased
	writer driver.Writer
}

// asWriter gives the client with the methods of a driver.Writer, where the shared one has them.
func (l *leased) asWriter() driver.Client {
	if w, ok := l.Client.(driver.Writer); ok {
		return &leasedWriter{leased: l, writer: w}
	}
	return l
}

// Write implements driver.Writer.
func (l *leasedWriter) Write(ctx context.Context, c driver.Command) (driver.Written, error) {
	if err := l.refusal.known(); err != nil {
		return driver.Written{}, err
	}
	written, err := l.writer.Write(ctx, c)
	return written, l.notDone(ctx, err)
}

// WriteMany implements driver.Writer.
func (l *leasedWriter) WriteMany(ctx context.Context, cs []driver.Command, atomic bool) ([]driver.Result, error) {
	if err := l.refusal.known(); err != nil {
		return nil, err
	}
	results, err := l.writer.WriteMany(ctx, cs, atomic)
	return results, l.notDone(ctx, err)
}

// ReadOne implements driver.Writer.
func (l *leasedWriter) ReadOne(ctx context.Context, e *manifest.Entity, remoteID string) ([]byte, error) {
	if err := l.refusal.known(); err != nil {
		return nil, err
	}
	record, err := l.writer.ReadOne(ctx, e, remoteID)
	return record, l.confirmed(ctx, err)
}

// Job implements driver.Writer.
func (l *leasedWriter) Job(ctx context.Context, c driver.Command, id string) (driver.Job, error) {
	if err := l.refusal.known(); err != nil {
		return driver.Job{}, err
	}
	job, err := l.writer.Job(ctx, c, id)
	return job, l.confirmed(ctx, err)
}

// Search implements driver.Writer.
func (l *leasedWriter) Search(ctx context.Context, s driver.Search) ([][]byte, error) {
	if err := l.refusal.known(); err != nil {
		return nil, err
	}
	found, err := l.writer.Search(ctx, s)
	return found, l.confirmed(ctx, err)
}

// notDone is confirmed for a write: whatever the login comes to, a system that refused it has not looked at what was to be written.
func (l *leasedWriter) notDone(ctx context.Context, err error) error {
	var refused, now *driver.Error
	if !errors.As(err, &refused) || refused.Kind != driver.Credentials {
		return err
	}
	settled := driver.Error{Kind: driver.Fault, Detail: "The system refused the login, and what that means could not be found out."}
	if err = l.confirmed(ctx, err); errors.As(err, &now) {
		settled = *now
	}
	settled.Unsent, settled.Answer, settled.Err = true, refused.Answer, err
	return &settled
}
