package s4

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// refusal is an error as the system reports it.
type refusal struct {
	status  int
	code    string
	message string
	target  string
}

func refuse(status int, code, message string, args ...any) *refusal {
	return &refusal{status: status, code: code, message: fmt.Sprintf(message, args...)}
}

// bad is a request that the service does not understand.
func bad(message string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, "005056A509B11EE1B9A8FEA8DE87F78E", message, args...)
}

// business is a rule of the application that says no.
func business(code, message string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, code, message, args...)
}

// body writes the error as a version does.
func (r *refusal) body(version string) []byte {
	detail := map[string]any{"code": r.code, "message": r.message, "propertyref": "", "severity": "error", "target": r.target}
	inner := map[string]any{"transactionid": "5F3A9C0000000000E006000000000001", "timestamp": "20261129010203.0000000", "errordetails": []any{detail}}
	out := map[string]any{"code": r.code, "message": map[string]any{"lang": "en", "value": r.message}, "innererror": inner}
	if version == v4 {
		out = map[string]any{"code": r.code, "message": r.message, "target": r.target, "details": []any{}}
	}
	raw, _ := json.Marshal(map[string]any{"error": out})
	return raw
}
