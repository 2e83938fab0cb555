package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// task is a person's work, and what somebody will have given for it.
type task struct {
	orchestrator.Task
}

// OpenTask is workflows.People: somebody does the task as the behavior says.
func (p *passage) OpenTask(ctx context.Context, t orchestrator.Task, progress orchestrator.Progress) (orchestrator.Task, error) {
	if err := p.Record(ctx, progress); err != nil {
		return orchestrator.Task{}, err
	}
	if known := p.tasks[t.ID]; known != nil {
		return known.Task, nil
	}
	t.State = orchestrator.TaskOpen
	p.tasks[t.ID] = &task{Task: t}
	if p.script != nil {
		p.script.taskOpened(p, t)
		return t, nil
	}
	p.doTask(t)
	return t, nil
}

// doTask draws what happens to a task.
func (p *passage) doTask(t orchestrator.Task) {
	r := p.random.of("task", t.Step, strconv.Itoa(t.Visit))
	choices := p.behavior.Tasks[t.Step]
	if i := pick(r, len(choices), func(i int) *float64 { return choices[i].Weight }); i >= 0 {
		c := choices[i]
		if c.Silent {
			return
		}
		p.env.After(p.delay(c.Delay).draw(r), func() {
			result, err := c.Result.Object(p.scope(t.Enrollment))
			if err != nil {
				p.note(fmt.Sprintf("The result of the task of step %s could not be made: %v.", t.Step, err))
				return
			}
			if why := p.completeTask(t.ID, result, c.By); why != "" {
				p.note(fmt.Sprintf("The task of step %s was not done as the behavior says: %s.", t.Step, why))
			}
		})
		return
	}
	if r.Float64() < p.silence() {
		return
	}
	var schema map[string]any
	result := map[string]any{}
	if len(t.Form) > 0 && json.Unmarshal(t.Form, &schema) == nil {
		result, _ = sample(r, schema, 0).(map[string]any)
	}
	within := time.Duration(r.Float64() * float64(t.DueAt.Sub(p.env.Now()))).Truncate(time.Millisecond)
	p.env.After(within, func() {
		if why := p.completeTask(t.ID, result, ""); why != "" {
			p.note(fmt.Sprintf("No result could be guessed that the form of step %s takes: give it in the behavior file under tasks.", t.Step))
		}
	})
}

// completeTask gives a task its result; the answer says why it cannot.
func (p *passage) completeTask(id string, result map[string]any, by string) string {
	t := p.tasks[id]
	if t.State != orchestrator.TaskOpen {
		return "it is " + string(t.State)
	}
	if result == nil {
		result = map[string]any{}
	}
	raw, err := json.Marshal(result)
	if err != nil {
		return err.Error()
	}
	if len(t.Form) > 0 {
		form, err := journey.NewForm(t.Form)
		if err != nil {
			return err.Error()
		}
		bad, err := form.Check(raw)
		if err != nil {
			return err.Error()
		}
		if bad != nil {
			return bad.Error()
		}
	}
	if by == "" {
		by = t.Assignee
	}
	t.State, t.Result, t.By, t.ClosedAt = orchestrator.TaskDone, raw, by, p.env.Now()
	p.tell(t.Enrollment, orchestrator.EventTaskDone, id+"/done", map[string]any{
		"task": id, "enrollment": t.Enrollment, "step": t.Step, "visit": t.Visit, "result": result, "by": by,
	})
	return ""
}

// EscalateTask is workflows.People.
func (p *passage) EscalateTask(ctx context.Context, _, id string, n int, progress orchestrator.Progress) (orchestrator.Task, error) {
	t := p.tasks[id]
	if t == nil {
		return orchestrator.Task{}, fmt.Errorf("%w: task %s", orchestrator.ErrNotFound, id)
	}
	if err := p.Record(ctx, progress); err != nil || t.State != orchestrator.TaskOpen || t.Escalated >= n || n > len(t.Escalations) {
		return t.Task, err
	}
	from := t.Assignee
	t.Assignee, t.Escalated = t.Escalations[n-1].Assignee, n
	p.later(p.event(orchestrator.EventTaskEscalated, map[string]any{
		"task": id, "enrollment": t.Enrollment, "step": t.Step, "visit": t.Visit, "from": from, "to": t.Assignee,
	}))
	return t.Task, nil
}

// EndTask is workflows.People.
func (p *passage) EndTask(ctx context.Context, _, id string, state orchestrator.TaskState, progress orchestrator.Progress) (orchestrator.Task, error) {
	t := p.tasks[id]
	if t == nil {
		return orchestrator.Task{}, fmt.Errorf("%w: task %s", orchestrator.ErrNotFound, id)
	}
	if t.State == orchestrator.TaskOpen {
		t.State, t.ClosedAt = state, p.env.Now()
	}
	return t.Task, p.Record(ctx, progress)
}

// RecordAnswer is workflows.People. The journey log has what reports need.
func (p *passage) RecordAnswer(ctx context.Context, _ orchestrator.Answer, progress orchestrator.Progress) error {
	return p.Record(ctx, progress)
}

// ChangeCustomer is workflows.People: the change of the real code, to the
// customer in memory.
func (p *passage) ChangeCustomer(ctx context.Context, c orchestrator.Change, progress orchestrator.Progress) (orchestrator.Customer, error) {
	if err := p.Record(ctx, progress); err != nil {
		return orchestrator.Customer{}, err
	}
	if p.applied[c.Key] {
		return p.customer, nil
	}
	next, changed, err := c.Apply(p.customer)
	if err != nil {
		return orchestrator.Customer{}, err
	}
	events, err := c.Events(next, changed)
	if err != nil {
		return orchestrator.Customer{}, err
	}
	p.applied[c.Key], p.customer = true, next
	for _, ev := range events {
		p.later(ev)
	}
	return next, nil
}

// change changes the customer as another system would.
func (p *passage) change(key string, c CustomerChange) error {
	change := orchestrator.Change{
		Key: key, Workspace: workspace, Customer: p.customer.ID, Traits: c.Traits, AddTags: c.Add, RemoveTags: c.Remove, At: p.env.Now(),
	}
	next, changed, err := change.Apply(p.customer)
	if err != nil {
		return err
	}
	events, err := change.Events(next, changed)
	if err != nil {
		return err
	}
	p.customer = next
	for _, ev := range events {
		p.happen(ev)
	}
	return nil
}

// StartChild is workflows.People: another journey, if its definition was given.
func (p *passage) StartChild(ctx context.Context, r orchestrator.ChildRequest, progress orchestrator.Progress) (orchestrator.Child, error) {
	if err := p.Record(ctx, progress); err != nil {
		return orchestrator.Child{}, err
	}
	for _, e := range p.enrollments {
		if e.parent != nil && e.parent.Enrollment == r.Parent && e.parent.Step == r.Step && e.parent.Visit == r.Visit {
			return orchestrator.Child{Enrollment: e.id, Deadline: e.def.Deadline}, nil
		}
	}
	c := p.named(r.Journey)
	if c == nil {
		return orchestrator.Child{}, fmt.Errorf("%w: the simulation was not given the journey %s", orchestrator.ErrNotFound, r.Journey)
	}
	depth := 1
	if up := p.byID[r.Parent]; up != nil && up.parent != nil {
		depth = up.parent.Depth + 1
	}
	if depth > orchestrator.MaxDepth || r.Hops > orchestrator.MaxHops {
		return orchestrator.Child{}, fmt.Errorf("%w: journey %s would be nested or handed over too often; the limits are %d and %d", orchestrator.ErrLimit, r.Journey, orchestrator.MaxDepth, orchestrator.MaxHops)
	}
	hops := r.Hops
	if r.Mode == orchestrator.ModeHandover {
		depth, hops = depth-1, hops+1
	}
	key := r.Key
	if key == "" {
		key = fmt.Sprintf("%s/%s/%d", r.Parent, r.Step, r.Visit)
	}
	entry := map[string]any{
		"journey": r.Journey, "key": key, "vars": r.Vars, orchestrator.HopsField: hops,
		"parent": map[string]any{"enrollment": r.Parent, "step": r.Step, "visit": r.Visit},
	}
	number, why := p.nextNumber(c, key)
	if why != "" {
		return orchestrator.Child{}, fmt.Errorf("%w: journey %s takes the customer under the key %.80q not now. %s", orchestrator.ErrConflict, r.Journey, key, why)
	}
	added, err := p.enroll(c, key, number, entry, r.Vars)
	if err != nil {
		return orchestrator.Child{}, fmt.Errorf("%w: %w", orchestrator.ErrInvalid, err)
	}
	if !added {
		return orchestrator.Child{}, fmt.Errorf("%w: the customer has entered journey %s under the key %.80q already", orchestrator.ErrConflict, r.Journey, key)
	}
	e := p.enrollments[len(p.enrollments)-1]
	e.parent = &orchestrator.Parent{Enrollment: r.Parent, Step: r.Step, Visit: r.Visit, Mode: r.Mode, Depth: depth}
	return orchestrator.Child{Enrollment: e.id, Deadline: c.def.Deadline}, nil
}

// nextNumber is which passage under a key comes next, or why there is none now.
func (p *passage) nextNumber(c *compiled, key string) (number int, why string) {
	for {
		last := p.byID[orchestrator.PassageID(workspace, c.name, p.customer.ID, key, number)]
		if last == nil {
			return number, why
		}
		why = orchestrator.Reentry(&c.def.Entry, orchestrator.Enrollment{ID: last.id, Status: last.status, StartedAt: last.began}, p.env.Now())
		number++
	}
}

// CancelChild is workflows.People.
func (p *passage) CancelChild(ctx context.Context, _, parent, step string, visit int, progress orchestrator.Progress) (json.RawMessage, error) {
	var left json.RawMessage
	for _, e := range p.enrollments {
		if e.parent != nil && e.parent.Enrollment == parent && e.parent.Step == step && e.parent.Visit == visit {
			p.cancel(e)
			left = e.undo
		}
	}
	return left, p.Record(ctx, progress)
}

// cancel ends a child whose parent has left it.
func (p *passage) cancel(e *enrollment) {
	if e.status == orchestrator.EnrollmentEnded || e.parent.Mode != orchestrator.ModeChild {
		return
	}
	e.left = true
	p.tell(e.id, orchestrator.EventCancel, e.id+orchestrator.CancelSuffix, map[string]any{"enrollment": e.id, "parent": e.parent.Enrollment})
}

// ended tells a parent of the end of its child and what that leaves to undo, and
// an ended one's children that they are left.
func (p *passage) ended(e *enrollment) {
	for _, child := range p.enrollments {
		if child.parent != nil && child.parent.Enrollment == e.id {
			p.cancel(child)
		}
	}
	if e.parent == nil || e.parent.Mode != orchestrator.ModeChild {
		return
	}
	word := map[string]any{
		"enrollment": e.parent.Enrollment, "step": e.parent.Step, "visit": e.parent.Visit, "child": e.id, "outcome": e.outcome,
		"at": p.env.Now().UTC().Format(time.RFC3339Nano),
	}
	if len(e.undo) > 0 {
		word["undo"] = e.undo
	}
	p.tell(e.parent.Enrollment, orchestrator.EventEnrollmentEnded, e.id+orchestrator.EndedSuffix, word)
}

// tell hands an event of Qidong's own to one enrollment, soon.
func (p *passage) tell(id, kind, eventID string, data map[string]any) {
	ev := p.event(kind, data)
	ev.Source, ev.ID = orchestrator.SourceJourney, eventID
	p.env.After(0, func() {
		if e := p.byID[id]; e != nil {
			p.signal(e, ev)
		}
	})
}

// later lets an event of Qidong's own happen, soon.
func (p *passage) later(ev orchestrator.Event) { p.env.After(0, func() { p.happen(ev) }) }
