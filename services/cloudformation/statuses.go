package cloudformation

// Values of ResourceStatus.
const (
	statusCreateInProgress = "CREATE_IN_PROGRESS"
	statusCreateFailed     = "CREATE_FAILED"
	statusCreateComplete   = "CREATE_COMPLETE"
	statusDeleteInProgress = "DELETE_IN_PROGRESS"
	statusDeleteFailed     = "DELETE_FAILED"
	statusDeleteComplete   = "DELETE_COMPLETE"
	statusDeleteSkipped    = "DELETE_SKIPPED"
	statusUpdateInProgress = "UPDATE_IN_PROGRESS"
	statusUpdateFailed     = "UPDATE_FAILED"
	statusUpdateComplete   = "UPDATE_COMPLETE"
)
