package link

import (
	"context"
	"errors"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/store"
)

var errNotYet = errors.New("links do not do this yet")

// Create makes a link, and gives its address, which exists only in this answer. Errors: *problem.Error.
func (s *Service) Create(ctx context.Context, projectID string, n New) (*store.LinkSession, string, error) {
	return nil, "", errNotYet
}

// Revoke ends an open link; again is fine. Errors: *problem.Error.
func (s *Service) Revoke(ctx context.Context, projectID, id string) (*store.LinkSession, error) {
	return nil, errNotYet
}

// Open shows a link to a browser; cookie is the value that Continue gave, empty: none. It changes nothing. Errors: *problem.Error not-found.
func (s *Service) Open(ctx context.Context, secret, cookie string) (*Visit, error) {
	return nil, errNotYet
}

// Continue binds a fresh link to the browser, and gives the cookie that it shows from now on. Errors: as Open's.
func (s *Service) Continue(ctx context.Context, secret, cookie string) (v *Visit, now string, err error) {
	return nil, "", errNotYet
}

// Systems gives the systems that can be chosen whose name, maker or kind fit the words; all for none.
func (s *Service) Systems(ctx context.Context, v *Visit, words string) ([]Choice, error) {
	return nil, errNotYet
}

// Check tries a login and stores nothing. Errors: *problem.Error validation-failed with pointers for a form that is not complete, conflict when the link does not stand so.
func (s *Service) Check(ctx context.Context, v *Visit, l Login) ([]connection.Finding, error) {
	return nil, errNotYet
}

// Connect checks a login, stores it and ends the link. Errors: as those of connection.Service.Create; conflict when the link does not stand so any more.
func (s *Service) Connect(ctx context.Context, v *Visit, l Login) (*Done, error) {
	return nil, errNotYet
}

// Begin gives the address of the login server to which the browser goes on. Values are those of the form but for what the login server asks itself. Errors: as Check's.
func (s *Service) Begin(ctx context.Context, v *Visit, l Login) (address string, err error) {
	return "", errNotYet
}

// Finish takes what the login server gave back, and connects. Returned has the Path of the link also with an error, when the state names one. Errors: *problem.Error.
func (s *Service) Finish(ctx context.Context, cookie string, c Callback) (*Returned, error) {
	return &Returned{}, errNotYet
}

// Cancel ends the link for the customer. Errors: conflict when the link does not stand so.
func (s *Service) Cancel(ctx context.Context, v *Visit) (*Done, error) { return nil, errNotYet }

// Result gives the end of a link that has connected, to its browser: with a fresh code while nobody has used one.
func (s *Service) Result(ctx context.Context, v *Visit) (*Done, error) { return nil, errNotYet }
