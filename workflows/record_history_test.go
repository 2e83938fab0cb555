package workflows

import (
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/temporalserver"
)

var update = flag.Bool("update", false, "record the histories of each step kind anew")

// stage is a real server with a worker, for any number of journeys.
type stage struct {
	client client.Client
	engine *Engine
	world  *world
	mu     sync.Mutex
	defs   map[string]*journey.Program
}

// Program finds what the tests have put on the stage.
func (s *stage) Program(digest string) (*journey.Program, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.defs[digest]; p != nil {
		return p, nil
	}
	return nil, orchestrator.ErrNotFound
}

func newStage(t *testing.T) *stage {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	server, err := temporalserver.Start(t.Context(), temporalserver.Config{File: filepath.Join(t.TempDir(), "temporal.db"), Namespace: "test", Logger: logger})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	c, err := client.DialContext(t.Context(), client.Options{HostPort: server.HostPort(), Namespace: "test", Logger: sdklog.NewStructuredLogger(logger)})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	s := &stage{client: c, engine: &Engine{Client: c}, world: newWorld(), defs: map[string]*journey.Program{}}
	s.world.answers["w.calc"] = echo
	w := NewWorker(c, &Workflows{Definitions: s}, &Activities{Caller: s.world, Journal: s.world, People: s.world, Values: s.world}, logger)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	return s
}

// start begins an enrollment and returns its first run.
func (s *stage) start(ctx context.Context, t *testing.T, id string, def *journey.Definition, change func(*Input)) client.WorkflowRun {
	t.Helper()
	p, err := journey.NewProgram(def)
	require.NoError(t, err)
	in := Input{
		Enrollment: id, Workspace: "demo", Journey: def.Journey, Digest: journey.Digest(def),
		Customer: map[string]any{"id": "c_1", "name": "Lin", "locale": "en", "timezone": "Asia/Shanghai", "traits": map[string]any{}},
	}
	if change != nil {
		change(&in)
	}
	s.mu.Lock()
	s.defs[in.Digest] = p
	s.mu.Unlock()
	run, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: TaskQueue, WorkflowTaskTimeout: workflowTaskTimeout}, workflowEnrollment, in)
	require.NoError(t, err)
	return run
}

// send hands an event to an enrollment.
func (s *stage) send(ctx context.Context, t *testing.T, enrollment, id, kind string, data any) {
	t.Helper()
	body, err := json.Marshal(data)
	require.NoError(t, err)
	require.NoError(t, s.engine.Signal(ctx, enrollment, orchestrator.Event{Type: kind, Source: "urn:test", ID: id, Data: body, Time: time.Now()}))
}

// waits returns when the enrollment has told the store that it waits.
func (s *stage) waits(t *testing.T, enrollment, step string) {
	t.Helper()
	require.Eventually(t, func() bool {
		s.world.mu.Lock()
		defer s.world.mu.Unlock()
		p := s.world.lasts[enrollment]
		at := p.Step == step && !p.WaitUntil.IsZero()
		for _, b := range p.Branches {
			at = at || b.Step == step && !b.WaitUntil.IsZero()
		}
		return at
	}, 20*time.Second, 5*time.Millisecond, "the enrollment does not come to %s", step)
}

// history is one run of a workflow.
func (s *stage) history(ctx context.Context, t *testing.T, id, run string) *historypb.History {
	t.Helper()
	h := &historypb.History{}
	for events := s.client.GetWorkflowHistory(ctx, id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		event, err := events.Next()
		require.NoError(t, err)
		h.Events = append(h.Events, event)
	}
	return h
}

// keepHistory writes a history and its definition for TestReplay.
func keepHistory(t *testing.T, name string, def *journey.Definition, h *historypb.History) {
	t.Helper()
	body, err := protojson.Marshal(h)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join("histories", "definitions"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join("histories", name+".json"), body, 0o600))
	body, err = json.Marshal(def)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join("histories", "definitions", journey.Digest(def)+".json"), body, 0o600))
}

// recording is one history per step kind, and the events that its journey gets.
type recording struct {
	def    *journey.Definition
	input  func(*Input)
	events func(ctx context.Context, t *testing.T, s *stage, id string)
	want   string
}

func recordings() map[string]recording {
	text := journey.Text{"en": "Hello"}
	send := func(id string) *journey.Step {
		return &journey.Step{ID: id, Send: &journey.Send{Category: "service", Text: text}}
	}
	broken := do("broken")
	broken.OnFailure, broken.Failed = "arm", &journey.FailedArm{Steps: list(do("mend"))}
	goal := define(event("w", "x"))
	goal.Goals = []journey.Goal{{ID: "won", Event: "x", Exit: "won"}}
	left := define(do("a"), parallel("p", "all", 0, list(event("b", "x")), list(do("c"), event("d", "y"))))
	left.Exit = []journey.Exit{{ID: "gone", Event: "gone", Undo: true, Outcome: "gone", Steps: list(send("bye"))}}
	late := define(event("w", "never"))
	late.Deadline = journey.Duration(time.Second)
	one := func(step, kind string) func(context.Context, *testing.T, *stage, string) {
		return func(ctx context.Context, t *testing.T, s *stage, id string) {
			s.waits(t, id, step)
			s.send(ctx, t, id, id+"-1", kind, map[string]any{"n": 1})
		}
	}
	all := map[string]recording{
		"call":     {def: define(do("a"), calc("b", nil), calc("c", map[string]any{"id": "${steps.b}"}), exit("end", "sorry", true)), want: "sorry"},
		"send":     {def: define(send("a"), send("b")), want: "completed"},
		"wait":     {def: define(event("a", "x"), after("b", time.Second), calc("c", map[string]any{"n": "${steps.a.event.data.n}"})), events: one("a", "x"), want: "completed"},
		"choose":   {def: define(&journey.Step{ID: "a", Choose: &journey.Choose{Arms: []journey.ChooseArm{{ID: "yes", When: "1 < 2", Steps: list(calc("b", nil))}}, Otherwise: journey.ChooseArm{ID: "otherwise"}}}), want: "completed"},
		"split":    {def: define(&journey.Step{ID: "a", Split: &journey.Split{Salt: "s", Arms: []journey.SplitArm{{ID: "x", Weight: 1, Steps: list(calc("b", nil))}, {ID: "y", Weight: 1}}}}), want: "completed"},
		"parallel": {def: define(parallel("p", "n", 2, list(do("a"), event("b", "x"), do("c")), list(after("d", time.Second), do("e")), list(do("f"), event("g", "never")))), events: one("b", "x"), want: "completed"},
		"repeat":   {def: define(&journey.Step{ID: "r", Repeat: &journey.Repeat{Until: "steps.r.round == 30", Max: 100, Steps: list(calc("a", map[string]any{"n": "${steps.r.round}"}))}}), input: func(in *Input) { in.HistoryLimit = 20 }, want: "completed"},
		"exit":     {def: left, events: one("d", "gone"), want: "gone"},
		"goal":     {def: goal, events: one("w", "x"), want: "won"},
		"deadline": {def: late, want: "deadline"},
		"failed":   {def: define(broken), want: "completed"},
		"large": {
			def:   define(calc("big", map[string]any{"text": "${vars.text}"}), after("w", time.Second), calc("show", map[string]any{"n": "${size(steps.big.text)}"})),
			input: func(in *Input) { in.Vars = map[string]any{"text": largeText(20 << 10)} }, want: "completed",
		},
	}
	maps.Copy(all, peopleRecordings())
	return all
}

// largeText is text that cannot be packed well.
func largeText(n int) string {
	var b []byte
	for i := uint32(1); len(b) < n; i = i*1664525 + 1013904223 {
		b = strconv.AppendUint(b, uint64(i), 36)
	}
	return string(b[:n])
}

// TestHistories runs a journey of each step kind on a real server. With -update
// it keeps their histories for TestReplay; name the new ones, so that those of
// released interpreters stay: `-run 'TestHistories/(task|survey)' -update`.
func TestHistories(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	s := newStage(t)
	s.world.answers["w.do"] = failing("broken")
	for name, r := range recordings() {
		t.Run(name, func(t *testing.T) {
			id := "e_" + name
			run := s.start(ctx, t, id, r.def, r.input)
			first := run.GetRunID()
			if r.events != nil {
				r.events(ctx, t, s, id)
			}
			var res Result
			require.NoError(t, run.Get(ctx, &res))
			require.Equal(t, r.want, res.Outcome)
			h := s.history(ctx, t, id, first)
			for _, e := range h.Events {
				require.Less(t, len(protojson.Format(e)), 128<<10, "event %d is large", e.EventId)
			}
			if *update {
				keepHistory(t, "kind_"+name, r.def, h)
			}
		})
	}
}
