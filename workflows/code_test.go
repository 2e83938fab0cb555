package workflows

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// inGo is a test environment with one journey written in Go.
func inGo(t *testing.T, c Code) *bench {
	t.Helper()
	b := newBenchOf(t, &journey.Definition{
		Language: "v1", Journey: "coded", Worker: &journey.Worker{Queue: "q", Events: []string{"door.opened", "door.forced"}}, Deadline: journey.Duration(30 * 24 * time.Hour),
		Exit:  []journey.Exit{{ID: "left", Event: "customer.left", Outcome: "left", Undo: true}},
		Goals: []journey.Goal{{ID: "bought", Event: "customer.bought"}},
		Actions: map[string]journey.Action{
			"cinema.quote": {Plugin: "cinema", Name: "quote", Effect: "none", Timeout: time.Second},
			"cinema.hold":  {Plugin: "cinema", Name: "hold", Effect: "write", Timeout: time.Second},
			"cinema.free":  {Plugin: "cinema", Name: "free", Effect: "write", Timeout: time.Second},
		},
	})
	program, err := b.definitions.Program("")
	require.NoError(t, err)
	b.in.Definition = program.Definition()
	RegisterCode(b, "coded", c)
	return b
}

// pass runs it to its end.
func (b *bench) pass(t *testing.T) Result {
	t.Helper()
	b.ExecuteWorkflow(codeType("coded"), b.in)
	require.True(t, b.IsWorkflowCompleted())
	require.NoError(t, b.GetWorkflowError())
	var out Result
	require.NoError(t, b.GetWorkflowResult(&out))
	return out
}

type seats struct {
	Row   string `json:"row"`
	Count int    `json:"count"`
}

func TestCode_CallsSendsAsksAndWaits(t *testing.T) {
	t.Parallel()
	greeting := journey.Send{
		Category: "service", Text: journey.Text{"en": "Hello ${customer.name}, row ${vars.row}?"},
		Suggestions: []journey.Suggestion{{Text: journey.Text{"en": "Yes"}, Reply: "yes"}},
	}
	b := inGo(t, func(e *Enrollment) (string, error) {
		quote, err := Call[seats](e, "quote", "cinema.quote", seats{Row: `F"1`, Count: 2})
		if err != nil {
			return "", err
		}
		for range 2 { // the same step again is another visit
			if err := e.Wait("pause", 24*time.Hour); err != nil {
				return "", err
			}
		}
		reply, answered, err := e.Ask("ask", greeting, map[string]any{"row": quote.Row}, time.Hour)
		if err != nil || !answered {
			return "silent", err
		}
		event, came, err := e.WaitFor("door", time.Hour, "door.opened", "door.forced")
		if err != nil || !came {
			return "absent", err
		}
		return reply.Reply + "_" + event.Type[5:], nil
	})
	b.world.answers["cinema.quote"] = func(in CallInput) (map[string]any, error) {
		require.Equal(t, map[string]any{"row": `F"1`, "count": 2.0}, in.Input)
		return map[string]any{"row": "G", "count": 2}, nil
	}
	b.event(48*time.Hour+time.Minute, "1", orchestrator.EventReply, map[string]any{"step": "ask", "reply": "yes"})
	b.event(48*time.Hour+2*time.Minute, "2", "door.opened", nil)

	require.Equal(t, "yes_opened", b.pass(t).Outcome)
	require.Equal(t, orchestrator.EnrollmentEnded, b.world.last.Status)
	require.JSONEq(t, `"Hello Lin, row G?"`, string(b.world.messages["ask"].Parts[0].Body))
	var entered []string
	for _, l := range b.world.kinds(orchestrator.LogEntered) {
		entered = append(entered, l.Step)
	}
	require.Equal(t, []string{"quote", "pause", "pause", "ask", "ask_reply", "door"}, entered)
}

func TestCode_AnEventBeforeTheWaitCountsOnce(t *testing.T) {
	t.Parallel()
	b := inGo(t, func(e *Enrollment) (string, error) {
		if err := e.Wait("busy", 2*time.Hour); err != nil {
			return "", err
		}
		_, first, err := e.WaitFor("door", time.Hour, "door.opened")
		if err != nil {
			return "", err
		}
		_, second, err := e.WaitFor("door", time.Hour, "door.opened")
		return fmt.Sprint(first, second), err
	})
	b.event(time.Hour, "1", "door.opened", nil)
	require.Equal(t, "true false", b.pass(t).Outcome)
}

func TestCode_AFailureIsHeldOrReturned(t *testing.T) {
	t.Parallel()
	refuse := func(CallInput) (map[string]any, error) {
		return nil, &CallError{Code: "sold_out", Message: "No seat is left.", Final: true}
	}
	t.Run("the code asked for it", func(t *testing.T) {
		t.Parallel()
		b := inGo(t, func(e *Enrollment) (string, error) {
			_, err := Call[seats](e, "hold", "cinema.hold", seats{}, ReturnFailure())
			var failed *StepError
			if errors.As(err, &failed) {
				return failed.Code, nil
			}
			return "", err
		})
		b.world.answers["cinema.hold"] = refuse
		require.Equal(t, "sold_out", b.pass(t).Outcome)
	})
	t.Run("else an operator is asked", func(t *testing.T) {
		t.Parallel()
		b := inGo(t, func(e *Enrollment) (string, error) {
			held, err := Call[seats](e, "hold", "cinema.hold", seats{})
			return held.Row, err
		})
		b.world.answers["cinema.hold"] = refuse
		b.later(time.Hour, func() { b.resolve(t, orchestrator.Resolution{Action: "supply", Result: map[string]any{"row": "h"}}) })
		require.Equal(t, "h", b.pass(t).Outcome)
		require.Len(t, b.world.incident, 1)
	})
	t.Run("an error of the code undoes what was done", func(t *testing.T) {
		t.Parallel()
		b := inGo(t, func(e *Enrollment) (string, error) {
			if _, err := Call[seats](e, "hold", "cinema.hold", seats{}, UndoBy("cinema.free", map[string]any{"key": "${call.key}"})); err != nil {
				return "", err
			}
			return "", errors.New("I do not like these seats")
		})
		require.Equal(t, "failed", b.pass(t).Outcome)
		require.Equal(t, []string{"cinema.hold", "cinema.free"}, b.world.actions())
		require.Equal(t, b.world.calls[0].Key, b.world.calls[1].Input["key"])
	})
}

func TestCode_AnExitStopsItAndUndoes(t *testing.T) {
	t.Parallel()
	b := inGo(t, func(e *Enrollment) (string, error) {
		if _, err := Call[seats](e, "hold", "cinema.hold", seats{}, UndoBy("cinema.free", nil)); err != nil {
			return "", err
		}
		err := e.Wait("long", 20*24*time.Hour)
		if !Stopped(err) {
			return "", errors.New("the wait was not stopped")
		}
		return "", err
	})
	b.event(time.Hour, "1", "customer.bought", nil)
	b.event(2*time.Hour, "2", "customer.left", nil)
	require.Equal(t, "left", b.pass(t).Outcome)
	require.Equal(t, []string{"cinema.hold", "cinema.free"}, b.world.actions())
	require.Equal(t, "bought", b.world.last.Goal)
}

func TestCode_ArmsSideBySide(t *testing.T) {
	t.Parallel()
	arm := func(id string, d time.Duration) Arm {
		return Arm{ID: id, Do: func(e *Enrollment) error {
			if _, err := Call[seats](e, id+"_hold", "cinema.hold", seats{Row: id}, UndoBy("cinema.free", seats{Row: id})); err != nil {
				return err
			}
			return e.Wait(id+"_wait", d)
		}}
	}
	b := inGo(t, func(e *Enrollment) (string, error) {
		began := workflow.Now(e.Context())
		err := e.Parallel("both", 1, arm("slow", 2*time.Hour), arm("fast", time.Hour))
		if workflow.Now(e.Context()).Sub(began) > 90*time.Minute {
			return "late", err
		}
		return "", err
	})
	require.Equal(t, "completed", b.pass(t).Outcome)
	require.Equal(t, []string{"cinema.hold", "cinema.hold", "cinema.free"}, b.world.actions())
	require.Equal(t, "slow", b.world.calls[2].Input["row"], "what the arm that lost did is undone")
}

func TestCode_SaysWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code Code
		want string
	}{
		"an action that the definition does not name": {func(e *Enrollment) (string, error) {
			_, err := Call[seats](e, "x", "bank.charge", nil)
			return "", err
		}, "does not name the action bank.charge"},
		"an event that the definition does not name": {func(e *Enrollment) (string, error) {
			_, _, err := e.WaitFor("x", time.Hour, "door.opened", "door.painted")
			return "", err
		}, "does not name the event door.painted; add it to worker.events"},
		"one id for two steps": {func(e *Enrollment) (string, error) {
			if err := e.Wait("x", time.Hour); err != nil {
				return "", err
			}
			return "", e.Wait("x", 2*time.Hour)
		}, "used for two different steps"},
		"a block": {func(e *Enrollment) (string, error) {
			_, err := e.Do(journey.Step{ID: "x", Choose: &journey.Choose{}}, nil)
			return "", err
		}, "is Go here"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := inGo(t, c.code)
			require.Equal(t, "failed", b.pass(t).Outcome)
			require.Contains(t, b.world.kinds(orchestrator.LogExit)[0].Detail["message"], c.want)
		})
	}
}
