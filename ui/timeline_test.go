package ui

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	time.Local = time.UTC // pages show the server's time
	os.Exit(m.Run())
}

// One golden for each component, in the language in which it is easiest to break.
func TestComponents(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	s, err := New(Deps{Service: f, Sessions: nopStore{}, BaseURL: "http://127.0.0.1:7780", Now: func() time.Time { return testNow }})
	require.NoError(t, err)
	en, zh := context.Background(), i18n.With(context.Background(), "zh-CN")
	held, run := s.enrollmentPage(zh, f.views["e_held"]), s.enrollmentPage(en, f.views["e_run"])
	held.Incident.Opened, held.Incident.Result, held.Incident.Error = "", "{bad", "refused"
	held.Incident.Problems = []view.Problem{{Where: "ticket_id", What: "is missing.", Mend: "Add it."}}
	crowd, err := s.see(en, actor{}, "movie-night", lens{Heat: heatVolume, Step: "choice"})
	require.NoError(t, err)
	talk := func(id string) view.Thread { return s.thread(en, f.customers[id], f.messages[id], nil) }
	for name, part := range map[string]struct {
		ctx context.Context
		c   templ.Component
	}{
		"canvas-live":    {en, view.Flow(crowd.canvas)},
		"canvas-run":     {zh, view.Flow(held.Canvas)},
		"live-bar":       {zh, view.LiveControls(s.liveBar(zh, crowd))},
		"live-step":      {en, view.StepLive(*s.liveStep(en, crowd))},
		"timeline":       {en, view.Timeline(run)},
		"timeline-held":  {zh, view.Timeline(held)},
		"incident":       {zh, view.IncidentBox(held.Incident)},
		"incident-none":  {zh, view.IncidentBox(nil)},
		"panel-call":     {zh, view.PanelView(panel(zh, f.version.Definition, "ticket"))},
		"panel-send":     {en, view.PanelView(panel(en, f.version.Definition, "ticket_card"))},
		"panel-wait":     {en, view.PanelView(panel(en, f.version.Definition, "payment"))},
		"thread":         {en, view.ThreadView(talk("c_mei"))},
		"thread-zh":      {zh, view.ThreadView(talk("c_ben"))},
		"thumb":          {en, view.Picture(thumb(f.version.Definition))},
		"error-fragment": {zh, view.ErrorFragment(view.Failure{Title: "标题", Text: "说明", Detail: "a < b", Problems: held.Incident.Problems})},
	} {
		t.Run(name+" is rendered as before", func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			require.NoError(t, part.c.Render(part.ctx, &b))
			// One element a line makes a difference readable.
			got := bytes.ReplaceAll(b.Bytes(), []byte("><"), []byte(">\n<"))
			path := filepath.Join("testdata", name+".html")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(path, append(got, '\n'), 0o644))
				return
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "run go test ./ui -update")
			require.Empty(t, cmp.Diff(string(bytes.TrimSpace(want)), string(bytes.TrimSpace(got))))
		})
	}
}

// nopStore keeps no sessions.
type nopStore struct{}

func (nopStore) Delete(string) error                    { return nil }
func (nopStore) Find(string) ([]byte, bool, error)      { return nil, false, nil }
func (nopStore) Commit(string, []byte, time.Time) error { return nil }

func TestTimeline(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	tell := func(lines ...string) []view.Entry {
		v := f.views["e_run"]
		v.Log = logOf(testNow, lines...)
		return timeline(context.Background(), v)
	}
	t.Run("begin and end of a step are one line", func(t *testing.T) {
		t.Parallel()
		got := tell("0 entered hold", "0 done hold attempts=1")
		require.Len(t, got, 1)
		require.Equal(t, "done", got[0].State)
		require.Equal(t, "Hold seats", got[0].Title)
	})
	t.Run("what ended a wait is a line of its own, after the idle time", func(t *testing.T) {
		t.Parallel()
		got := tell("0 entered payment", "4 event payment type=bank.payment.succeeded", "4 done payment arm=paid")
		require.Len(t, got, 2)
		require.Equal(t, []string{"Paid", "bank.payment.succeeded", "4 min", "done"}, []string{got[1].Title, got[1].Note, got[1].Gap, got[1].State})
		got = tell("0 entered payment", "15 done payment arm=unpaid")
		require.Equal(t, []string{"Not paid in time", "Time was up", "15 min"}, []string{got[1].Title, got[1].Note, got[1].Gap})
	})
	t.Run("a failed attempt and an incident stand out", func(t *testing.T) {
		t.Parallel()
		got := tell("0 entered ticket", "0 attempt ticket attempt=1 message=no_answer", "1 incident ticket code=TIMEOUT message=no_answer")
		require.Equal(t, []string{"wait", "fail", "fail"}, []string{got[0].State, got[1].State, got[2].State})
		require.Equal(t, "TIMEOUT", got[2].Detail)
	})
	t.Run("every kind of entry has words", func(t *testing.T) {
		t.Parallel()
		for _, k := range []orchestrator.LogKind{
			orchestrator.LogStarted, orchestrator.LogEntered, orchestrator.LogDone, orchestrator.LogEvent, orchestrator.LogAttempt, orchestrator.LogIncident,
			orchestrator.LogResolved, orchestrator.LogUndone, orchestrator.LogExit, orchestrator.LogEnded, orchestrator.LogEventDropped,
			orchestrator.LogDelayed,
		} {
			got := tell(fmt.Sprintf("0 %s hold", k))
			require.NotEmpty(t, got[0].Title)
			require.NotContains(t, got[0].Title+got[0].Note, "log.")
		}
	})
	t.Run("a message that was not sent says why", func(t *testing.T) {
		t.Parallel()
		got := tell("0 entered promo", "0 delayed promo delivery=delayed reason=CAP", "9 done promo delivery=withheld reason=STOPPED")
		require.Equal(t, "Message withheld: the customer has said STOP", got[0].Note)
		require.Equal(t, "Message sent later: the customer has got as many messages as a cap allows", got[1].Note)
	})
	t.Run("a long log shows its newest entries", func(t *testing.T) {
		t.Parallel()
		lines := make([]string, maxEntries+50)
		for i := range lines {
			lines[i] = "0 dropped - type=x"
		}
		require.Len(t, tell(lines...), maxEntries)
	})
}

func TestWalked(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	p := walked(f.views["e_held"])
	require.Equal(t, "done", p.steps["payment"])
	require.Equal(t, "fail", p.steps["ticket"])
	require.Empty(t, p.steps["ride"])
	require.Equal(t, 1, p.arms["payment-paid"])
	require.Equal(t, "here", walked(f.views["e_run"]).steps["ride_choice"])
}

func TestLevel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n, most int64
		want    int
	}{{0, 0, 0}, {0, 9, 0}, {-1, 9, 0}, {1, 1, 1}, {1, 1000, 1}, {1000, 1000, 5}, {31, 1000, 3}, {5, 3, 5}} {
		require.Equal(t, c.want, level(c.n, c.most), "%d of %d", c.n, c.most)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://a.example/x?y=1": "https://a.example/x?y=1", "http://127.0.0.1:7791/pay": "http://127.0.0.1:7791/pay",
		"javascript:alert(1)": "", "JaVaScRiPt:alert(1)": "", "data:text/html,x": "", "//a.example": "", "/local": "", "https://": "",
		"https://user:pass@a.example": "", "ftp://a.example": "", "\x01javascript:x": "", "https:a": "", "": "",
	} {
		require.Equal(t, want, webURL(in), in)
	}
	require.Equal(t, "tel:+8613800138000", telURL("+86 138-0013-8000"))
	for _, bad := range []string{"", "12", "+1;ext=evil", "javascript:1", "1234567890123456789012"} {
		require.Empty(t, telURL(bad), bad)
	}
}

func FuzzBubble(f *testing.F) {
	for _, m := range conversationOf("c_mei", "e_run", "en") {
		for _, p := range m.Parts {
			f.Add(p.ContentType, []byte(p.Body))
		}
	}
	f.Add(journey.ContentCard, []byte(`{"message":{"generalPurposeCard":{"content":{"suggestions":[{},{"action":{}},{"reply":{}}]}}}}`))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		c := conversation{ctx: context.Background(), path: "/handset/x", now: testNow}
		m := orchestrator.Message{ID: "m", Parts: []journey.Part{{ContentType: kind, Body: body}}, QR: []string{"x"}, MediaToken: testMedia}
		var b bytes.Buffer
		require.NoError(t, view.ThreadView(view.Thread{Bubbles: c.bubbles([]orchestrator.Message{m})}).Render(context.Background(), &b))
		require.NotContains(t, b.String(), "<script")
		require.NotRegexp(t, `(?i)(href|src)="\s*(javascript|data|vbscript):`, b.String())
		for n := range 5 {
			_ = appointment(m, n)
		}
	})
}

// many makes a journey of n steps in blocks of a wait with three arms.
func many(n int) *journey.Definition {
	d := &journey.Definition{Journey: "many"}
	for i := 0; i < n; i += 4 {
		step := func(k int) *journey.Step {
			return &journey.Step{ID: fmt.Sprintf("s%d", i+k), Title: journey.Text{"zh-CN": "发送消息"}, Send: &journey.Send{Category: "service"}}
		}
		wait := &journey.Step{ID: fmt.Sprintf("s%d", i+3), Wait: &journey.Wait{Arms: []journey.Arm{
			{ID: "a", Event: "x", Steps: []*journey.Step{step(1)}}, {ID: "b", Event: "y", Steps: []*journey.Step{step(2)}}, {ID: "c", After: 1},
		}}}
		d.Steps = append(d.Steps, step(0), wait)
	}
	return d
}

func BenchmarkCanvas(b *testing.B) {
	zh := i18n.With(context.Background(), "zh-CN")
	for _, n := range []int{30, 200, 1000} {
		d := many(n)
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			var out bytes.Buffer
			for b.Loop() {
				out.Reset()
				c, l := picture(zh, d, "live")
				live(zh, l, numbers{}, heatVolume).paint(&c, "many", lens{})
				if err := view.Flow(c).Render(zh, &out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(out.Len())/1024, "KiB")
		})
	}
}
