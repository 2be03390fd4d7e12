package manifest

// Refusals cite the rule that says no, by its name. These functions make the names, and nothing else does. Fields are named as in the model.

// OperationRule names what an entity offers at all: purchase-orders.create.
func OperationRule(entity string, op Op) string { return entity + "." + string(op) }

// RequiredRule names the fields without which nothing is created: purchase-orders.create.required.
func RequiredRule(entity string) string { return entity + ".create.required" }

// WhenRule names the states in which an operation may be done: purchase-orders.update.when.
func WhenRule(entity string, op Op) string { return entity + "." + string(op) + ".when" }

// ExceptRule names a field's own condition: purchase-orders.update.except.vendor.
func ExceptRule(entity, field string) string { return entity + ".update.except." + field }

// ReadOnlyRule names the fields that the source alone sets: purchase-orders.read_only.
func ReadOnlyRule(entity string) string { return entity + ".read_only" }

// MovesRule names the changes of status that a record may go through: purchase-orders.moves.
func MovesRule(entity string) string { return entity + ".moves" }

// PicklistRule names the closed list of a field's values: purchase-orders.picklists.currency.
func PicklistRule(entity, field string) string { return entity + ".picklists." + field }

// BulkRule names what the system's own call for many writes takes: purchase-orders.create.bulk.
func BulkRule(entity string, op Op) string { return entity + "." + string(op) + ".bulk" }

// ScopeRule is that a token without the scope write writes nothing.
const ScopeRule = "token.scopes"

// LoginRule is that the system does not let the connection's login do this.
const LoginRule = "login"

// The rules of the connection's own.

// ConnectionForbidsRule names an operation that the connection forbids: connection.purchase-orders.forbidden.delete.
func ConnectionForbidsRule(entity string, op Op) string {
	return "connection." + entity + ".forbidden." + string(op)
}

// ConnectionRequiredRule names the fields without which this connection creates nothing: connection.purchase-orders.required.
func ConnectionRequiredRule(entity string) string { return "connection." + entity + ".required" }

// ConnectionReadOnlyRule names the fields that this connection does not write: connection.purchase-orders.read_only.
func ConnectionReadOnlyRule(entity string) string { return "connection." + entity + ".read_only" }

// ConnectionValuesRule names the values that this connection writes into a field: connection.purchase-orders.values.currency.
func ConnectionValuesRule(entity, field string) string {
	return "connection." + entity + ".values." + field
}
