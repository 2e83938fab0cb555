package workflows

// What Temporal calls things. These names are in histories: never change one,
// add another.
const (
	// TaskQueue is where enrollments and their activities run.
	TaskQueue = "qidong"

	workflowEnrollment = "Enrollment"

	signalEvent   = "event"
	updateResolve = "resolve"
	updateCommand = "command"
	queryState    = "state"

	activityCall   = "Call"
	activityRecord = "Record"
	activityPut    = "PutValue"
	activityGet    = "GetValue"
)
