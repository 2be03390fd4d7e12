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
	ReauthenticationRequired       Code = "reauthentication-required"
	CrossSiteRequest               Code = "cross-site-request"
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
	OperationCancelled             Code = "operation-cancelled"
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
	ExpressionFailed               Code = "expression-failed"
	NothingFound                   Code = "nothing-found"
	RequestRefused                 Code = "request-refused"
	RequestUnanswered              Code = "request-unanswered"
	RequestOutcomeUnknown          Code = "request-outcome-unknown"
	FlowStopped                    Code = "flow-stopped"
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
	Untrusted          Fault = "not-trusted"
	NotThisSystem      Fault = "not-this-system"
	NotChecked         Fault = "not-checked"
	SystemFailed       Fault = "system-failed"
	NotWritable        Fault = "not-writable"
	ForbiddenByState   Fault = "state-forbids"
	UnknownReference   Fault = "reference-unknown"
	NotTaken           Fault = "not-taken"
)

// Reason is one of the reason codes of problems.yaml: why a sync run did not succeed, or a connection is in its state.
type Reason = string

// The reason codes. Where a problem tells the same to a caller, both are the same word.
const (
	ReasonFirstSync           Reason = "first-sync"
	ReasonLinkUnused          Reason = "link-unused"
	ReasonPaused              Reason = "paused"
	ReasonEntitiesFailing     Reason = "entities-failing"
	ReasonBlackout            Reason = "blackout"
	ReasonCredentialsRefused  Reason = "credentials-refused"
	ReasonLoginLost           Reason = "login-lost"
	ReasonSystemUnreachable   Reason = "system-unreachable"
	ReasonNotThisSystem       Reason = "not-this-system"
	ReasonSystemRateLimited   Reason = "system-rate-limited"
	ReasonSystemError         Reason = "system-error"
	ReasonAnswerDamaged       Reason = "answer-damaged"
	ReasonPageTokenGone       Reason = "page-token-gone"
	ReasonRecordChanged       Reason = "record-changed"
	ReasonRecordGone          Reason = "record-gone"
	ReasonRecordExists        Reason = "record-exists"
	ReasonPermissionMissing   Reason = "permission-missing"
	ReasonRequestRefused      Reason = "request-refused"
	ReasonAnswerTooLarge      Reason = "answer-too-large"
	ReasonEntityNotEnabled    Reason = "entity-not-enabled"
	ReasonInvalidTimeZone     Reason = "invalid-time-zone"
	ReasonInvalidHistory      Reason = "invalid-history"
	ReasonTooManyBadRecords   Reason = "too-many-bad-records"
	ReasonRecordsMissing      Reason = "records-missing"
	ReasonPageTokenLoop       Reason = "page-token-loop"
	ReasonUnidentifiedRecords Reason = "unidentified-records"
	ReasonDeletionsHeld       Reason = "deletions-held"
	ReasonStorageFull         Reason = "storage-full"
	ReasonInternal            Reason = "internal"
)
