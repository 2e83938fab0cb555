package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// operateFake is what the pages of operators ask of the fake. A test reads what
// was asked for from asked.
type operateFake struct {
	asked    []string
	filter   orchestrator.CustomerFilter
	consents []orchestrator.Consent
	tasks    []orchestrator.Task
	results  []string
	segments []orchestrator.Segment
	groups   []orchestrator.IncidentGroup
	stalled  []orchestrator.Stall
	preview  orchestrator.ResolutionPreview
	job      orchestrator.BulkJob
	refuse   error // of a write
	attempts []orchestrator.Attempt
}

func (f *fake) ask(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.op.asked = append(f.op.asked, fmt.Sprintf(format, args...))
	if f.op.refuse != nil {
		return f.op.refuse
	}
	return f.fail
}

func (f *fake) FindCustomers(ctx context.Context, a actor, filter orchestrator.CustomerFilter, p orchestrator.Page) ([]orchestrator.Customer, string, error) {
	f.op.filter = filter
	return f.Customers(ctx, a, filter.Query, p)
}

func (f *fake) History(_ context.Context, _ actor, customer string, kinds []orchestrator.HistoryKind, _ orchestrator.Page) ([]orchestrator.HistoryItem, string, error) {
	at := testNow.Add(-time.Hour)
	e := f.views["e_run"].Enrollment
	all := []orchestrator.HistoryItem{
		{Kind: orchestrator.HistoryAnswer, Answer: &orchestrator.Answer{Journey: "movie-night", Step: "nps", Kind: "nps", Answered: true, Score: 9, Text: "Lovely <b>evening</b>"}},
		{Kind: orchestrator.HistoryTask, Task: &f.op.tasks[0]},
		{Kind: orchestrator.HistoryConsent, Consent: &orchestrator.Consent{Category: "marketing", State: "granted", How: "form", By: "operator", Note: "form 7"}},
		{Kind: orchestrator.HistoryEnrollment, Enrollment: &e},
		{Kind: orchestrator.HistoryEvent, Event: &orchestrator.Event{Type: "bank.payment.succeeded", Source: "urn:bank", Status: orchestrator.EventDone, Data: json.RawMessage(`{"amount":120}`)}},
	}
	for i := range f.messages[customer] {
		all = append(all, orchestrator.HistoryItem{Kind: orchestrator.HistoryMessage, Message: &f.messages[customer][i]})
	}
	var out []orchestrator.HistoryItem
	for i, h := range all {
		h.At = at.Add(-time.Duration(i) * 5 * time.Hour)
		if len(kinds) == 0 || slices.Contains(kinds, h.Kind) {
			out = append(out, h)
		}
	}
	return out, "more", f.err()
}

func (f *fake) Consents(context.Context, actor, string) ([]orchestrator.Standing, error) {
	var out []orchestrator.Standing
	for _, ch := range orchestrator.Channels() {
		for _, c := range orchestrator.Categories() {
			s := orchestrator.Standing{Channel: ch.Name, Category: c, State: orchestrator.ConsentGranted}
			if c == orchestrator.CategoryMarketing {
				s.State = orchestrator.ConsentStopped
				s.Decision = &orchestrator.Consent{State: s.State, How: orchestrator.ConsentByKeyword, At: testNow, Note: "STOP"}
			}
			out = append(out, s)
		}
	}
	return out, f.err()
}

func (f *fake) SetConsent(_ context.Context, _ actor, c orchestrator.Consent) (orchestrator.Consent, error) {
	f.op.consents = append(f.op.consents, c)
	return c, f.ask("consent %s", c.State)
}

func (f *fake) TagCustomer(_ context.Context, _ actor, id string, add, remove []string) (orchestrator.Customer, error) {
	return f.customers[id], f.ask("tag %s +%v -%v", id, add, remove)
}

func (f *fake) SegmentsOf(context.Context, actor, string) ([]orchestrator.Membership, error) {
	return []orchestrator.Membership{{Segment: "film-lovers", Since: testNow}}, f.err()
}

func (f *fake) EntryDecisions(_ context.Context, _ actor, _, name string, _ orchestrator.Page) (orchestrator.EntryAnswer, string, error) {
	if name != f.journey.Name {
		return orchestrator.EntryAnswer{}, "", orchestrator.ErrNotFound
	}
	return orchestrator.EntryAnswer{Sentence: "They entered by the event.", Decisions: []orchestrator.Decision{
		{At: testNow, Type: "film.promoted", Entered: true, Code: "ENTERED", Reason: "They entered by the event.", Enrollment: "e_run"},
		{At: testNow.Add(-time.Hour), Type: "film.promoted", Code: "NO_MATCH", Reason: "The event's match was false: <b>gold</b>."},
	}}, "", f.err()
}

func (f *fake) ExportCustomer(ctx context.Context, a actor, id string) (orchestrator.CustomerExport, error) {
	c, err := f.Customer(ctx, a, id)
	if err != nil {
		return orchestrator.CustomerExport{}, err
	}
	return orchestrator.CustomerExport{Workspace: "demo", Customer: id, Data: map[string][]map[string]any{"customers": {{"name": c.Name}}}}, f.ask("export %s", id)
}

func (f *fake) PreviewErase(ctx context.Context, a actor, id string) (orchestrator.ErasePreview, error) {
	c, err := f.Customer(ctx, a, id)
	return orchestrator.ErasePreview{
		Customer: c, Rows: map[string]int64{"messages": 4, "events": 7, "customers": 1, "facts": 2, "wishes": 1},
		Running: []orchestrator.Enrollment{f.views["e_run"].Enrollment},
	}, err
}

func (f *fake) EraseCustomer(_ context.Context, _ actor, id string) (map[string]int64, error) {
	return map[string]int64{"messages": 4}, f.ask("erase %s", id)
}

func (f *fake) Attempts(context.Context, actor, string) ([]orchestrator.Attempt, error) {
	return f.op.attempts, f.err()
}

func (f *fake) MoveEnrollment(_ context.Context, _ actor, id, step string) error {
	return f.ask("move %s %s", id, step)
}

func (f *fake) RemoveEnrollment(_ context.Context, _ actor, id string, undo bool) error {
	return f.ask("remove %s %t", id, undo)
}

func (f *fake) FindIncidents(_ context.Context, _ actor, filter orchestrator.IncidentFilter, _ orchestrator.Page) ([]orchestrator.Incident, string, error) {
	var out []orchestrator.Incident
	for _, i := range f.incidents {
		if (filter.Step == "" || filter.Step == i.Step) && (filter.Code == "" || filter.Code == i.Code) && (filter.Journey == "" || filter.Journey == i.Journey) {
			out = append(out, i)
		}
	}
	return out, "", f.err()
}

func (f *fake) IncidentGroups(context.Context, actor, orchestrator.IncidentFilter) ([]orchestrator.IncidentGroup, error) {
	return f.op.groups, f.err()
}

func (f *fake) PreviewResolution(_ context.Context, _ actor, filter orchestrator.IncidentFilter, r orchestrator.Resolution) (orchestrator.ResolutionPreview, error) {
	return f.op.preview, f.ask("preview %s %s%s", r.Action, filter.Cause, filter.Enrollment)
}

func (f *fake) ResolveIncidents(_ context.Context, _ actor, filter orchestrator.IncidentFilter, r orchestrator.Resolution, expect int64) (orchestrator.BulkJob, error) {
	return f.op.job, f.ask("bulk %s %s%s %d", r.Action, filter.Cause, filter.Journey, expect)
}

func (f *fake) BulkJob(_ context.Context, _ actor, id string) (orchestrator.BulkJob, error) {
	if id != f.op.job.ID {
		return orchestrator.BulkJob{}, orchestrator.ErrNotFound
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.op.job, f.fail
}

func (f *fake) BulkJobs(context.Context, actor, string, orchestrator.Page) ([]orchestrator.BulkJob, string, error) {
	return []orchestrator.BulkJob{f.op.job}, "", f.err()
}

func (f *fake) BulkItems(context.Context, actor, string, orchestrator.BulkItemState, orchestrator.Page) ([]orchestrator.BulkItem, string, error) {
	return []orchestrator.BulkItem{{Job: f.op.job.ID, Enrollment: "e_held", State: orchestrator.BulkItemFailed, Reason: "it <refused>"}}, "", f.err()
}

func (f *fake) StopBulkJob(_ context.Context, _ actor, id string) error { return f.ask("stop %s", id) }

func (f *fake) Tasks(_ context.Context, _ actor, filter orchestrator.TaskFilter, _ orchestrator.Page) ([]orchestrator.Task, string, error) {
	var out []orchestrator.Task
	for _, t := range f.op.tasks {
		if (filter.Assignee == "" || filter.Assignee == t.Assignee) && (filter.State == "" || filter.State == t.State) {
			out = append(out, t)
		}
	}
	return out, "", f.err()
}

func (f *fake) Task(_ context.Context, _ actor, id string) (orchestrator.Task, error) {
	for _, t := range f.op.tasks {
		if t.ID == id {
			return t, f.err()
		}
	}
	return orchestrator.Task{}, fmt.Errorf("task %q: %w", id, orchestrator.ErrNotFound)
}

func (f *fake) CompleteTask(_ context.Context, _ actor, id string, result json.RawMessage) (orchestrator.Task, error) {
	f.op.results = append(f.op.results, string(result))
	return f.op.tasks[0], f.ask("complete %s", id)
}

func (f *fake) Segments(context.Context, actor) ([]orchestrator.Segment, error) {
	return f.op.segments, f.err()
}

func (f *fake) Segment(_ context.Context, _ actor, name string) (orchestrator.Segment, error) {
	for _, s := range f.op.segments {
		if s.Name == name {
			return s, f.err()
		}
	}
	return orchestrator.Segment{}, orchestrator.ErrNotFound
}

func (f *fake) PutSegment(_ context.Context, _ actor, g orchestrator.Segment) (orchestrator.Segment, error) {
	return g, f.ask("segment %s %s", g.Name, g.Rule)
}

func (f *fake) DeleteSegment(_ context.Context, _ actor, name string) error {
	return f.ask("delete %s", name)
}

func (f *fake) SegmentMembers(context.Context, actor, string, orchestrator.Page) ([]orchestrator.Membership, string, error) {
	return []orchestrator.Membership{{Customer: "c_mei", Since: testNow}}, "", f.err()
}

func (f *fake) PreviewSegment(_ context.Context, _ actor, source string, _ int) (orchestrator.Preview, error) {
	if strings.Contains(source, "nonsense") {
		return orchestrator.Preview{}, &orchestrator.ValidationError{Subject: "segment", Problems: []orchestrator.Problem{{Path: "1:1", Message: "There is no <name> nonsense."}}}
	}
	return orchestrator.Preview{Judged: 2, Members: 1, Total: 2, Sample: []orchestrator.Customer{f.customers["c_mei"]}}, f.err()
}

func (f *fake) campaign() orchestrator.Campaign {
	return orchestrator.Campaign{
		ID: "g_1", Journey: "movie-night", Segment: "film-lovers", Rate: 50, State: orchestrator.CampaignRunning, By: "operator", CreatedAt: testNow,
		Total: 1000, Seen: 400, Entered: 380, Refused: map[orchestrator.DecisionCode]int64{"REENTRY": 20},
	}
}

func (f *fake) StartCampaign(_ context.Context, _ actor, journeyName, segment, _ string, rate int) (orchestrator.Campaign, error) {
	return f.campaign(), f.ask("campaign %s %s %d", journeyName, segment, rate)
}

func (f *fake) StopCampaign(_ context.Context, _ actor, id string) (orchestrator.Campaign, error) {
	return f.campaign(), f.ask("campaign stop %s", id)
}

func (f *fake) PauseCampaign(_ context.Context, _ actor, id string) (orchestrator.Campaign, error) {
	return f.campaign(), f.ask("campaign pause %s", id)
}

func (f *fake) ResumeCampaign(_ context.Context, _ actor, id string) (orchestrator.Campaign, error) {
	return f.campaign(), f.ask("campaign resume %s", id)
}

func (f *fake) Campaigns(context.Context, actor, string, orchestrator.Page) ([]orchestrator.Campaign, string, error) {
	return []orchestrator.Campaign{f.campaign()}, "", f.err()
}

// operate fills what operators see.
func (f *fake) operate() {
	f.op.tasks = []orchestrator.Task{{
		ID: "e_run/call_back/1", Workspace: "demo", Enrollment: "e_run", Journey: "movie-night", Customer: "c_mei", Step: "call_back", Visit: 1,
		Title: journey.Text{"en": "Call the customer back", "zh-CN": "回电给客户"}, Instructions: journey.Text{"en": "Ask about the <seat>.", "zh-CN": "询问座位。"},
		Assignee: "front-desk", DueAt: testNow.Add(2 * time.Hour), State: orchestrator.TaskOpen, OpenedAt: testNow.Add(-time.Hour),
		Form: json.RawMessage(`{"type":"object","required":["reached"],"properties":{"reached":{"type":"boolean","title":"Reached"},
			"mood":{"type":"string","enum":["good","bad"]},"tickets":{"type":"integer","minimum":0},"note":{"type":"string","maxLength":200}}}`),
		Escalations: []orchestrator.TaskEscalation{{At: testNow.Add(time.Hour), Assignee: "manager"}},
	}}
	f.op.segments = []orchestrator.Segment{{
		Workspace: "demo", Name: "film-lovers", Title: journey.Text{"en": "Film lovers", "zh-CN": "影迷"}, Rule: `count("film.seen", "30d") >= 3`,
		Version: 2, Members: 1000, UpdatedAt: testNow, UpdatedBy: "operator", Backfill: orchestrator.Backfill{Rate: 2000, Total: 5000, Seen: 5000, Joined: 1000},
	}}
	i := f.incidents[0]
	f.op.groups = []orchestrator.IncidentGroup{{
		Cause: i.Cause(), Journey: i.Journey, Step: i.Step, Code: i.Code, Plugin: "cinema@1.0.0", Pattern: i.Pattern(), Count: 42,
		First: testNow.Add(-3 * time.Hour), Last: testNow.Add(-40 * time.Minute),
	}}
	f.op.preview = orchestrator.ResolutionPreview{Count: 42, Sample: f.incidents, Effects: []orchestrator.ResolutionEffect{
		{Journey: "movie-night", Step: "ticket", Count: 42, Next: "ticket_card", Message: "The step is passed over; it gives no result."},
	}}
	f.op.job = orchestrator.BulkJob{
		ID: "b_1", Workspace: "demo", Journey: "movie-night", Resolution: &orchestrator.Resolution{Action: "retry"}, State: orchestrator.BulkRunning, Rate: 100, By: "operator",
		CreatedAt: testNow, Counts: orchestrator.BulkCounts{Total: 42, Pending: 20, Done: 20, Failed: 2},
	}
}

func (f *fake) Campaign(_ context.Context, _ actor, id string) (orchestrator.Campaign, error) {
	if id != "g_1" {
		return orchestrator.Campaign{}, orchestrator.ErrNotFound
	}
	return f.campaign(), f.err()
}

func (f *fake) Operations(context.Context, actor) (orchestrator.Operations, error) {
	o := orchestrator.Operations{
		At: testNow, Jobs: []orchestrator.BulkJob{f.op.job},
		Queues: orchestrator.QueueStates{Pending: 12, OldestPending: testNow.Add(-90 * time.Second), Dead: 1, Starting: 3, OldestStart: testNow.Add(-2 * time.Second), Messages: 4, Tasks: 1, Incidents: 42},
		Slow: []orchestrator.SlowStep{
			{Journey: "movie-night", Step: "ticket", Count: 300, P50: 180 * time.Millisecond, P99: 2400 * time.Millisecond},
			{Journey: "movie-night", Step: "charge", Count: 300, P50: 40 * time.Millisecond, P99: 700 * time.Millisecond},
		},
		Stalled: []orchestrator.Stall{{Enrollment: f.views["e_held"].Enrollment, Reason: orchestrator.StallHeld, Since: testNow.Add(-26 * time.Hour)}},
		Plugins: []orchestrator.Plugin{
			{
				Name: "cinema", Version: "1.0.0", State: orchestrator.PluginActive, Grant: json.RawMessage(`{"limits":{"timeout":"10s","rate":50}}`),
				Health: &orchestrator.PluginHealth{Circuit: "open", Calls: 12_345, Running: 2, Waiting: 1, Failures: map[string]int64{"PARTNER_ERROR": 42}, P50: 12 * time.Millisecond, P99: 480 * time.Millisecond},
			},
			{Name: "bank", Version: "2.1.0", State: orchestrator.PluginActive},
		},
	}
	o.Throughput = orchestrator.Throughput{From: testNow.Add(-59 * time.Minute), Span: time.Minute, Since: testNow.Add(-59 * time.Minute)}
	for i := range int64(60) {
		o.Throughput.Events = append(o.Throughput.Events, 40+i*7%23)
		o.Throughput.Messages = append(o.Throughput.Messages, 20+i*5%17)
		o.Throughput.Begun = append(o.Throughput.Begun, 5+i%4)
		o.Throughput.Incidents = append(o.Throughput.Incidents, i%9/8)
	}
	return o, f.err()
}

func (f *fake) AuditPage(_ context.Context, _ actor, filter orchestrator.AuditFilter, p orchestrator.Page) ([]orchestrator.AuditRecord, string, error) {
	f.op.asked = append(f.op.asked, fmt.Sprint("audit ", filter))
	list := []orchestrator.AuditRecord{
		{Seq: 2, Actor: `=HYPERLINK("http://evil.example")`, Action: "enrollment.move", Object: "-2+3", Detail: json.RawMessage(`{"step":"nps"}`), At: testNow},
		{Seq: 1, Actor: "operator", Action: "customer.erase", Object: "@SUM(A1)\r\nx", Detail: json.RawMessage(`null`), At: testNow.Add(-time.Hour)},
	}
	return list, "", f.err()
}

func (f *fake) CheckAudit(context.Context, actor) (int, error) { return 2, f.op.refuse }

// fakeBrand is what the fake workspace is to its customers.
var fakeBrand = orchestrator.Brand{Name: "星光 <影院>", Color: "#3355cc"}

func (f *fake) Settings(context.Context, actor) (orchestrator.Settings, error) {
	return orchestrator.Settings{Brand: fakeBrand, Locales: []string{"en", "zh-CN"}}, f.err()
}

func (f *fake) SetSettings(_ context.Context, _ actor, v orchestrator.Settings) error {
	return f.ask("settings %s %s %v", v.Name, v.Color, v.Locales)
}

func (f *fake) Tokens(context.Context, actor) ([]orchestrator.Token, error) {
	return []orchestrator.Token{
		{ID: "t_1", Name: "shop", Scopes: []string{"events"}, CreatedAt: testNow, ExpiresAt: testNow.Add(90 * 24 * time.Hour)},
		{ID: "t_2", Name: "cli", Scopes: []string{"admin"}, CreatedAt: testNow},
	}, f.err()
}

func (f *fake) CreateToken(_ context.Context, _ actor, name string, scopes []string, life time.Duration) (string, error) {
	return "secret-of-" + name, f.ask("token %s %v %s", name, scopes, life)
}

func (f *fake) RevokeToken(_ context.Context, _ actor, id string) error {
	return f.ask("revoke %s", id)
}

func (f *fake) InviteLink(context.Context, actor) (string, error) {
	return "one-time", f.ask("invite")
}

func (f *fake) Guardrails(context.Context, actor) (orchestrator.Guardrails, error) {
	return orchestrator.Guardrails{
		Marketing: orchestrator.ConsentNeeded, Quiet: &journey.Quiet{From: "22:00", To: "08:00", Then: journey.QuietDelay},
		Caps: []orchestrator.GuardCap{{Category: "marketing", Messages: 3, Per: journey.Duration(7 * 24 * time.Hour)}}, Patience: journey.Duration(72 * time.Hour),
	}, f.err()
}

func (f *fake) SetGuardrails(_ context.Context, _ actor, g orchestrator.Guardrails) (orchestrator.Guardrails, error) {
	b, err := json.Marshal(g)
	if err != nil {
		return g, err
	}
	return g, f.ask("rails %s", b)
}
