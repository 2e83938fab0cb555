package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
)

// maxObeyed is how many commands are remembered, so that one told twice counts once.
const maxObeyed = 32

// outcomeRemoved is how an enrollment ends that an operator has removed.
const outcomeRemoved = "removed"

// What an enrollment answers to a command.
const (
	commandDone = "done" // it was carried out before, or changes nothing
	commandTold = "told" // it is carried out when the steps under way let go
)

// handleCommands sets the handler for operators' commands. A command waits in
// the state until all branches are between two steps, or in a wait or an
// incident; what a call has begun ends first.
func (r *run) handleCommands(ctx workflow.Context) error {
	take := func(ctx workflow.Context, c orchestrator.Command) (string, error) {
		if slices.Contains(r.s.Obeyed, c.ID) {
			return commandDone, nil
		}
		if r.pending(c.ID) {
			return commandTold, nil
		}
		if r.code != nil && c.Action == orchestrator.CommandRemove {
			r.remove(ctx, c.Actor, c.Undo)
			r.s.Carried, r.s.Obeyed = append(r.s.Carried, c.ID), append(r.s.Obeyed, c.ID)
			return commandDone, nil
		}
		r.s.Commands = append(r.s.Commands, c)
		r.s.Stuck = "" // what waits is looked at again
		return commandTold, nil
	}
	err := workflow.SetUpdateHandlerWithOptions(ctx, updateCommand, take, workflow.UpdateHandlerOptions{
		Validator: func(_ workflow.Context, c orchestrator.Command) error {
			if err := r.ready(); err != nil {
				return err
			}
			if slices.Contains(r.s.Obeyed, c.ID) || r.pending(c.ID) {
				return nil
			}
			return r.validateCommand(c)
		},
	})
	if err != nil {
		return fmt.Errorf("setting the handler for commands: %w", err)
	}
	return nil
}

// refusedForNow is the type of a refusal after which asking again soon helps.
const refusedForNow = "RETRY"

// ready refuses operators while the state is on its way from run to run.
func (r *run) ready() error {
	if r.s == nil || r.closing {
		return refuse(refusedForNow, "the enrollment is being handed over to its next run; try again")
	}
	return nil
}

func (r *run) pending(id string) bool {
	return slices.ContainsFunc(r.s.Commands, func(c orchestrator.Command) bool { return c.ID == id })
}

// maxCommands bounds the commands that wait.
const maxCommands = 16

// validateCommand refuses, in a sentence, what cannot be carried out.
func (r *run) validateCommand(c orchestrator.Command) error {
	switch {
	case c.ID == "":
		return refuse("INVALID", "a command needs an id")
	case len(r.s.Commands) >= maxCommands:
		return refuse("PRECONDITION", "%d commands wait until the step under way has ended; try again later", maxCommands)
	case r.s.Phase == phaseEnd:
		return refuse("PRECONDITION", "the enrollment has ended")
	}
	if r.code != nil && (c.Action == orchestrator.CommandMove || c.Action == orchestrator.CommandMigrate) {
		return refuse("PRECONDITION", "the journey is written in Go: only its own code knows where it can go on; pause, resume or remove the enrollment")
	}
	switch c.Action {
	case orchestrator.CommandPause:
		return nil
	case orchestrator.CommandResume:
		return validOverdue(c.Overdue)
	case orchestrator.CommandRemove:
		if r.leaving() {
			return refuse("PRECONDITION", "the enrollment is ending already")
		}
		return nil
	case orchestrator.CommandMove:
		return r.validateMove(c.Step)
	case orchestrator.CommandMigrate:
		return r.validateMigrate(c)
	}
	return refuse("INVALID", "%.40q is no command; use move, remove, pause, resume or migrate", c.Action)
}

func refuse(kind, format string, args ...any) error {
	return temporal.NewApplicationError(fmt.Sprintf(format, args...), kind)
}

// ending tells whether the enrollment is on its way out: nobody can send it
// elsewhere.
func (r *run) ending() bool { return r.leaving() || r.s.Exit >= 0 || r.s.Outcome != "" }

// validateMove refuses a step at which no branch can go on.
func (r *run) validateMove(step string) error {
	switch {
	case r.ending():
		return refuse("PRECONDITION", "the enrollment is ending already; it can only be removed")
	case !r.program.Enabled(step):
		return refuse("INVALID", "the enrollment's version has no step %.80q that is not disabled", step)
	case r.program.OfExit(step):
		return refuse("INVALID", "step %s is of an exit criterion; nobody comes there without it", step)
	case r.branchOf(step) == nil:
		return refuse("PRECONDITION", "step %s is in the arm %s of a parallel, and the enrollment is not in that arm; move it to a step before the parallel, or after it",
			step, strings.Join(r.program.Branch(step), " → "))
	}
	return nil
}

// branchOf is the branch that step belongs to, nil when it is not under way.
func (r *run) branchOf(step string) *branch {
	id := strings.Join(r.program.Branch(step), "/")
	for _, b := range r.s.Branches {
		if b.ID == id && b.Ended == 0 && !r.lost(b) {
			return b
		}
	}
	return nil
}

// halting tells whether the branches must let go for an operator.
func (r *run) halting() bool {
	if r.code != nil && len(r.s.Branches) > 1 {
		return false // only where one line of Go code stands can it be kept standing
	}
	return r.s.Pause != nil || r.commanded()
}

// commanded tells whether a command can be tried.
func (r *run) commanded() bool {
	return len(r.s.Commands) > 0 && (r.s.Stuck == "" || r.s.Stuck != r.standing())
}

// standing is where the branches stand.
func (r *run) standing() string {
	var at strings.Builder
	for _, b := range r.s.Branches {
		at.WriteString(fmt.Sprintf("%s=%s/%d ", b.ID, b.Cursor, r.s.Visits[b.Cursor])) //nolint:staticcheck // workflowcheck takes Fprintf for random
	}
	return at.String()
}

// halt carries out the commands that wait and, while the enrollment is paused,
// keeps it where it is. No branch runs meanwhile.
func (r *run) halt(ctx workflow.Context) error {
	for {
		told := len(r.s.Commands) // what comes during the commit is for the next round
		if r.commanded() {
			if err := r.commit(ctx); err != nil {
				return err
			}
		}
		if err := r.obeyAll(ctx, told); err != nil {
			return err
		}
		if err := r.flush(ctx); err != nil {
			return err
		}
		switch {
		case r.long(ctx):
			return nil
		case r.commanded():
			continue
		case r.s.Pause == nil:
			return nil
		}
		if err := workflow.Await(ctx, func() bool { return r.commanded() || r.long(ctx) }); err != nil {
			return nil //nolint:nilerr // cancelled: walk decides
		}
	}
}

// commit sees to it that what an operator has just told is in the history
// before it has any effect: by an ordinary activity, for which the workflow task
// ends. A worker that dies within a task takes with it the updates that came in
// it; what local activities had told the store by then would be a lie.
func (r *run) commit(ctx workflow.Context) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	p := r.progress()
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: TaskQueue, StartToCloseTimeout: 5 * time.Second, // the queue is not that of an engineer's worker
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second},
	})
	if err := workflow.ExecuteActivity(ctx, activityRecord, p).Get(ctx, nil); err != nil {
		return err
	}
	r.recorded(p)
	return nil
}

// obeyAll carries out what can be of the first n commands, in the order of coming. A migrate stays while
// a branch is at a step that the new version does not know, and nobody has said
// where to go on: it is tried again as soon as that step has ended.
func (r *run) obeyAll(ctx workflow.Context, n int) error {
	now := r.s.Commands[:n:n]
	var left []orchestrator.Command
	for i, c := range now {
		if r.renew { // the rest is for the next run
			left = append(left, now[i:]...)
			break
		}
		done, err := r.obey(ctx, c)
		if err != nil {
			return err
		}
		if !done {
			left = append(left, c)
			continue
		}
		r.s.Carried = append(r.s.Carried, c.ID)
		r.s.Obeyed = append(r.s.Obeyed, c.ID)
		if over := len(r.s.Obeyed) - maxObeyed; over > 0 {
			r.s.Obeyed = r.s.Obeyed[over:]
		}
	}
	came := r.s.Commands[n:]
	left = append(left, came...)
	r.s.Commands, r.s.Stuck = left, ""
	if len(left) > 0 && len(came) == 0 && !r.renew {
		r.s.Stuck = r.standing()
	}
	return nil
}

// obey carries out one command and reports whether it is done with.
func (r *run) obey(ctx workflow.Context, c orchestrator.Command) (done bool, err error) {
	switch c.Action {
	case orchestrator.CommandPause:
		r.pause(ctx, c)
	case orchestrator.CommandResume:
		r.resume(ctx, c)
	case orchestrator.CommandRemove:
		r.remove(ctx, c.Actor, c.Undo)
	case orchestrator.CommandMove:
		return true, r.move(ctx, c.Actor, c.Step)
	case orchestrator.CommandMigrate:
		return r.migrate(ctx, c)
	}
	return true, nil
}

// remove ends the enrollment.
func (r *run) remove(ctx workflow.Context, by string, undo bool) {
	if r.s.Phase != phaseRun {
		return
	}
	for _, b := range r.s.Branches {
		if b.held() {
			r.resolved(ctx, b, orchestrator.CommandRemove, by)
		}
	}
	r.log(ctx, r.root(), orchestrator.LogExit, "", map[string]any{"exit": outcomeRemoved, "by": by, "undo": undo})
	r.finish(outcomeRemoved, undo)
}

// move lets the branch that step belongs to go on there. What it has opened
// ends, and what that did stays done.
func (r *run) move(ctx workflow.Context, by, step string) error {
	b := r.branchOf(step)
	if r.ending() || b == nil || !r.program.Enabled(step) {
		return nil // the enrollment has gone on meanwhile; the log shows where
	}
	from := b.Cursor
	if err := r.leaveStep(ctx, b, by); err != nil {
		return err
	}
	r.place(b, step)
	r.log(ctx, b, orchestrator.LogMoved, step, map[string]any{"from": from, "by": by})
	return nil
}

// place puts a branch before a step of its own.
func (r *run) place(b *branch, step string) {
	rounds := map[string]int{}
	for _, block := range r.program.Repeats(step) {
		rounds[block] = max(b.Rounds[block], 1)
		if _, ok := r.s.Bindings[block]; !ok {
			r.s.Bindings[block] = map[string]any{"round": float64(rounds[block])}
			r.bound[block] = r.s.Bindings[block]
		}
	}
	b.Cursor, b.Begun, b.Rounds = step, false, rounds
}

// leaveStep ends what a branch has begun at its cursor: its incident, its wait,
// its task, the journey it waits for, and the branches it has opened.
func (r *run) leaveStep(ctx workflow.Context, b *branch, by string) error {
	for _, c := range r.below(b) {
		step := r.program.Step(c.Cursor)
		if c.held() {
			r.resolved(ctx, c, orchestrator.CommandMove, by)
		}
		wait := c.Wait
		r.closeWait(ctx, c)
		switch {
		case step == nil || wait == nil:
		case wait.Arm == armDelayed:
			if err := r.dropSend(ctx, messageID(r.key(step.ID))); err != nil {
				return err
			}
		case step.Task != nil:
			if _, err := r.endTask(ctx, step, orchestrator.TaskCancelled); err != nil {
				return err
			}
		case step.Journey != nil:
			if err := r.cancelChild(ctx, c, step); err != nil {
				return err
			}
		}
		switch {
		case c == b:
		case r.lost(c):
			r.s.Owed = append(r.s.Owed, c.Undo...)
		default:
			b.Undo = append(b.Undo, c.Undo...)
			b.Shift = max(b.Shift, c.Shift)
		}
	}
	bySeq(b.Undo)
	bySeq(r.s.Owed)
	r.s.Branches = slices.DeleteFunc(r.s.Branches, func(c *branch) bool {
		return c != b && strings.HasPrefix(c.ID, b.prefix())
	})
	return nil
}
