package problem

// Code is one of the codes of problems.yaml. A test holds the constants and the file to the same list.
type Code = string

// The codes, in the order of their HTTP status.
const (
	MalformedRequest               Code = "malformed-request"
	InvalidCursor                  Code = "invalid-cursor"
	CursorMismatch                 Code = "cursor-mismatch"
	InvalidToken                   Code = "invalid-token"
	MissingScope                   Code = "missing-scope"
	NotFound                       Code = "not-found"
	UnknownEntity                  Code = "unknown-entity"
	MethodNotAllowed               Code = "method-not-allowed"
	CursorExpired                  Code = "cursor-expired"
	ConnectionNeedsReauthorization Code = "connection-needs-reauthorization"
	ConnectionPaused               Code = "connection-paused"
	ConnectionPending              Code = "connection-pending"
	ConnectionDisconnected         Code = "connection-disconnected"
	EntityNotEnabled               Code = "entity-not-enabled"
	OperationInProgress            Code = "operation-in-progress"
	Conflict                       Code = "conflict"
	VersionMismatch                Code = "version-mismatch"
	PayloadTooLarge                Code = "payload-too-large"
	UnsupportedMediaType           Code = "unsupported-media-type"
	ValidationFailed               Code = "validation-failed"
	InvalidParameter               Code = "invalid-parameter"
	FieldNotWritable               Code = "field-not-writable"
	StateForbids                   Code = "state-forbids"
	ReferenceUnknown               Code = "reference-unknown"
	NotSortable                    Code = "not-sortable"
	NotFilterable                  Code = "not-filterable"
	IdempotencyKeyReused           Code = "idempotency-key-reused"
	RateLimited                    Code = "rate-limited"
	SystemRateLimited              Code = "system-rate-limited"
	Internal                       Code = "internal"
	NotSupportedBySystem           Code = "not-supported-by-system"
	SystemError                    Code = "system-error"
	SystemUnreachable              Code = "system-unreachable"
	Overloaded                     Code = "overloaded"
	WriteOutcomeUnknown            Code = "write-outcome-unknown"
	StorageFull                    Code = "storage-full"
)

// Fault is one of the fault codes of problems.yaml: what is wrong with a single Item.
type Fault = string

// The fault codes.
const (
	Required           Fault = "required"
	Unknown            Fault = "unknown"
	Invalid            Fault = "invalid"
	OutOfRange         Fault = "out-of-range"
	Duplicate          Fault = "duplicate"
	NotSupported       Fault = "not-supported"
	CredentialsRefused Fault = "credentials-refused"
	PermissionMissing  Fault = "permission-missing"
	Unreachable        Fault = "unreachable"
	NotThisSystem      Fault = "not-this-system"
	SystemFailed       Fault = "system-failed"
)
