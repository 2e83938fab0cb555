package orchestrator_test

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
)

// operatorEngine is what operators need of the fake engine; nil functions
// answer with success.
type operatorEngine struct {
	command func(string, orchestrator.Command) (bool, error)
	replay  func(string) error
	fits    func(string, orchestrator.Rehearsal) error
}

func (f *fakeEngine) Command(_ context.Context, enrollment string, c orchestrator.Command) (bool, error) {
	if f.operator.command != nil {
		if done, err := f.operator.command(enrollment, c); !done || err != nil {
			return done, err
		}
	}
	f.note(c.Action + " " + enrollment)
	return true, nil
}

func (f *fakeEngine) Replay(_ context.Context, enrollment string) error {
	if f.operator.replay != nil {
		return f.operator.replay(enrollment)
	}
	return nil
}

func (f *fakeEngine) Rehearse(_ context.Context, enrollment string, r orchestrator.Rehearsal) error {
	if f.operator.fits != nil {
		return f.operator.fits(enrollment, r)
	}
	return nil
}

func (f *fakeEngine) Attempts(context.Context, string) ([]orchestrator.Attempt, error) {
	return []orchestrator.Attempt{{Work: "call", Number: 2}}, nil
}
