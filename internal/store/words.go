package store

// Trigger is what asked for a run.
type Trigger string

// The triggers.
const (
	TriggerSchedule Trigger = "schedule" // nobody is waiting for it
	TriggerManual   Trigger = "manual"   // a person or a program asked
	TriggerConnect  Trigger = "connect"  // the connection was made, or its login renewed
	TriggerWebhook  Trigger = "webhook"  // the system told that something changed
)

// Settings of a stream that are words.
const (
	ManualSchedule = "manual" // it syncs only when asked
	AllHistory     = "all"    // everything that the source has
)

// ConnectionStates lists the states of a connection.
func ConnectionStates() []ConnectionState {
	return []ConnectionState{
		ConnectionPending, ConnectionSyncing, ConnectionActive, ConnectionDegraded, ConnectionUnreachable, ConnectionNeedsReauth, ConnectionPaused,
		ConnectionDisconnected,
	}
}

// RunStates lists the states of a run.
func RunStates() []RunState {
	return []RunState{RunQueued, RunRunning, RunComplete, RunIncomplete, RunFailed, RunCancelled}
}

// Modes lists the modes of a run, weakest first.
func Modes() []Mode { return []Mode{Incremental, Full, Reset} }

// Triggers lists what may ask for a run.
func Triggers() []Trigger {
	return []Trigger{TriggerSchedule, TriggerManual, TriggerConnect, TriggerWebhook}
}

// OperationStates lists the states of an operation that anybody sees.
func OperationStates() []OperationState {
	return []OperationState{OperationQueued, OperationRunning, OperationCompleted, OperationCancelled}
}

// ItemStatuses lists the states of an item.
func ItemStatuses() []ItemStatus {
	return []ItemStatus{ItemPending, ItemSending, ItemApplied, ItemRejected, ItemUnknown, ItemReconciling, ItemNeedsHuman, ItemCancelled}
}
