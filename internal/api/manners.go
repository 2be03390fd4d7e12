package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// info is what is known of a request while it is served.
type info struct {
	id, path           string
	credential, scoped string // ids of the credential and of the connection, for the log
}

type infoKey struct{}

func infoOf(ctx context.Context) *info {
	if i, ok := ctx.Value(infoKey{}).(*info); ok {
		return i
	}
	return &info{}
}

// noteCaller keeps for the log who called.
func noteCaller(ctx context.Context, who caller) {
	i := infoOf(ctx)
	i.credential = who.id()
	if who.connection != nil {
		i.scoped = who.connection.ID
	}
}

// manners does for every request what every answer needs: an id, safe headers, a log line, and an answer even after a panic.
func (s *server) manners(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := s.Now()
		i := &info{id: requestID(r.Header.Get("Request-Id")), path: safePath(r.URL)}
		r = r.WithContext(context.WithValue(r.Context(), infoKey{}, i))
		out := &recorder{ResponseWriter: w, within: s.Limits.Answer}
		safeHeaders(out.Header(), r, i.id)
		defer func() {
			out.end()
			defer func() { s.logRequest(r, i, out, s.Now().Sub(began)) }()
			if p := recover(); p != nil {
				s.afterPanic(out, r, p)
			}
		}()
		next.ServeHTTP(out, r)
	})
}

// afterPanic answers 500 when nothing was sent yet, and breaks the connection when something was.
func (s *server) afterPanic(out *recorder, r *http.Request, p any) {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	s.Log.ErrorContext(r.Context(), "panic", "request_id", infoOf(r.Context()).id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	if out.status != 0 {
		panic(http.ErrAbortHandler)
	}
	s.fail(out, r, fmt.Errorf("panic: %v", p))
}

func (s *server) logRequest(r *http.Request, i *info, out *recorder, took time.Duration) {
	attrs := []slog.Attr{
		slog.String("request_id", i.id), slog.String("method", r.Method), slog.String("path", i.path),
		slog.Int("status", out.status), slog.Int64("bytes", out.bytes), slog.Duration("took", took),
	}
	if i.credential != "" {
		attrs = append(attrs, slog.String("credential", i.credential))
	}
	if i.scoped != "" {
		attrs = append(attrs, slog.String("connection", i.scoped))
	}
	if t := trace(r.Header.Get("Traceparent")); t != "" {
		attrs = append(attrs, slog.String("trace_id", t))
	}
	s.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", attrs...)
}

// safeHeaders sets what every answer carries; pages replace the policy by their own, and what never changes says that it may be kept.
func safeHeaders(h http.Header, r *http.Request, id string) {
	h.Set("Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("Cache-Control", "no-store")
	if byTLS(r) {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

var (
	saneID    = regexp.MustCompile(`^[A-Za-z0-9._:/+=@-]{1,128}$`)
	ownSecret = regexp.MustCompile(`(bb(?:_|%(?:25)*5[Ff])[a-z]{3}(?:_|%(?:25)*5[Ff]))[0-9A-Za-z%]+`) // in an address its line below may be escaped, more than once too
	escaped   = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	saneTrace = regexp.MustCompile(`^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}`)
)

// withoutSecrets takes Busbar's own secrets out of a text, such as a path.
func withoutSecrets(text string) string { return ownSecret.ReplaceAllString(text, "${1}[redacted]") }

// safePath gives a path for the log and for answers: without Busbar's own secrets, however they are escaped.
func safePath(u *url.URL) string {
	plain := u.Path
	for deep := 0; ; deep++ {
		next := escaped.ReplaceAllStringFunc(plain, func(one string) string {
			b, _ := strconv.ParseUint(one[1:], 16, 8)
			return string([]byte{byte(b)})
		})
		if next == plain {
			break
		}
		if plain = next; deep == maxEscapes {
			return "/[redacted]"
		}
	}
	if ownSecret.MatchString(plain) {
		return withoutSecrets((&url.URL{Path: plain}).EscapedPath())
	}
	return u.EscapedPath()
}

// maxEscapes is how often a path may be escaped that is still looked into.
const maxEscapes = 8

// requestID keeps the caller's id when it is sane and no secret of ours, and makes one otherwise.
func requestID(given string) string {
	if saneID.MatchString(given) && !ownSecret.MatchString(given) {
		return given
	}
	id := uuid.Must(uuid.NewV7())
	return fmt.Sprintf("req_%x", id[:])
}

// trace gives the trace id of a traceparent header, or "".
func trace(header string) string {
	m := saneTrace.FindStringSubmatch(header)
	if m == nil {
		return ""
	}
	return m[1]
}

// recorder notes status and size of an answer, and gives the client a bounded time to take it.
type recorder struct {
	http.ResponseWriter
	within  time.Duration
	slow    *time.Timer
	endless bool // its writer sees to that itself, piece by piece
	status  int
	bytes   int64
}

func (r *recorder) WriteHeader(status int) {
	r.begin(status)
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.begin(http.StatusOK)
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// begin starts the time of a client that may read slowly or not at all; when it is over, writing to that client fails.
func (r *recorder) begin(status int) {
	if r.status != 0 {
		return
	}
	r.status = status
	if r.endless {
		return
	}
	control := http.NewResponseController(r.ResponseWriter)
	r.slow = time.AfterFunc(r.within, func() { _ = control.SetWriteDeadline(time.Unix(1, 0)) })
}

// end stops what begin started.
func (r *recorder) end() {
	if r.slow != nil {
		r.slow.Stop()
	}
}

// Unwrap gives http.ResponseController the writer underneath.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
