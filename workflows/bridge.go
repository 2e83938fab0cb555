package workflows

import "github.com/qidong/qidong/orchestrator/journey"

// program is a definition made ready to run.
type program struct{ *journey.Program }
