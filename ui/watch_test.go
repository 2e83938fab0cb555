package ui

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func TestOperationsPage(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	t.Run("it tells what waits, how plugins do, what is slow and who is stalled", func(t *testing.T) {
		body := s.get("/operations").Body.String()
		for _, want := range []string{"1 min 30 s", "Suspended", "PARTNER_ERROR", "timeout 10s", "480ms", "2.4s", "/enrollments/e_held", "width:29%", `<progress max="42"`} {
			require.Contains(t, body, want)
		}
		require.Equal(t, 60, strings.Count(body, `<th scope="row"`), "the table tells what the chart shows")
	})
	t.Run("the chart has the same numbers as JSON, in the reader's language", func(t *testing.T) {
		s.cookies["lang"] = &http.Cookie{Name: "lang", Value: "zh-CN"}
		var d chartData
		require.NoError(t, json.Unmarshal(s.get("/operations/throughput").Body.Bytes(), &d))
		require.Len(t, d.Times, 60)
		require.Len(t, d.Series, 4)
		require.Equal(t, "收到事件", d.Series[0].Label)
		require.Equal(t, int64(40), d.Series[0].Values[0])
	})
}

func TestAudit(t *testing.T) {
	t.Parallel()
	t.Run("the log is narrowed by who, what and to what", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.get("/audit?actor=ada&action=journey.&object=j")
		require.Equal(t, []string{"audit { ada journey. j}"}, s.f.op.asked)
	})
	t.Run("a chain that is broken is said so", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		require.Contains(t, s.get("/audit?check=1").Body.String(), "The chain is whole: all 2 records")
		s.f.op.refuse = errors.New("record 7 was changed")
		require.Contains(t, s.get("/audit?check=1").Body.String(), "record 7 was changed")
	})
	t.Run("W06 no cell of the file is a formula", func(t *testing.T) {
		t.Parallel()
		w := signedIn(t).get("/audit.csv?actor=ada")
		require.Equal(t, `attachment; filename="audit-demo.csv"`, w.Header().Get("Content-Disposition"))
		rows, err := csv.NewReader(w.Body).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 3)
		require.Equal(t, `'=HYPERLINK("http://evil.example")`, rows[1][2])
		require.Equal(t, "'-2+3", rows[1][4])
		require.Equal(t, "'@SUM(A1)  x", rows[2][4])
		for _, hostile := range []string{"=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"} {
			require.True(t, strings.HasPrefix(plainCell(hostile), "'"), "%q", hostile)
			require.NotContains(t, plainCell(hostile), "\n")
		}
		require.Equal(t, "plain - text", plainCell("plain - text"))
	})
}

func TestSettingsPage(t *testing.T) {
	t.Parallel()
	t.Run("the brand is saved", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		w := s.post("/settings", url.Values{"name": {"Star"}, "color": {"#112233"}, "locales": {"zh-CN，en, fr"}})
		require.Equal(t, "/settings", w.Header().Get("Location"))
		require.Equal(t, []string{"settings Star #112233 [zh-CN en fr]"}, s.f.op.asked)
	})
	t.Run("what is refused comes back as it was typed", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.op.refuse = &orchestrator.ValidationError{Problems: []orchestrator.Problem{{Path: "locales.0", Message: "It is no <language>."}}}
		w := s.post("/settings", url.Values{"name": {`"><b>`}, "locales": {"!!"}})
		require.Equal(t, http.StatusUnprocessableEntity, w.Code)
		require.Contains(t, w.Body.String(), "It is no &lt;language&gt;.")
		require.Contains(t, w.Body.String(), `value="&#34;&gt;&lt;b&gt;"`)
	})
	t.Run("a token's secret is shown once and never again", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		w := s.post("/settings/tokens", url.Values{"name": {"shop"}, "scope": {"events"}, "days": {"90"}})
		require.Contains(t, w.Body.String(), "secret-of-shop")
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		require.NotContains(t, s.get("/settings").Body.String(), "secret-of-shop")
		s.post("/settings/tokens/t_1/revoke", nil)
		require.Equal(t, []string{"token shop [events] 2160h0m0s", "revoke t_1"}, s.f.op.asked)
		require.Equal(t, http.StatusUnprocessableEntity, s.post("/settings/tokens", url.Values{"days": {"x"}}).Code)
	})
	t.Run("an invitation is a link to this site", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, signedIn(t).post("/settings/invite", nil).Body.String(), "http://127.0.0.1:7780/signin?link=one-time")
	})
	t.Run("guardrails are read from their form", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		form := url.Values{
			"marketing": {"needed"}, "quiet": {"on"}, "from": {"21:00"}, "to": {"09:00"}, "then": {"withhold"}, "zone": {"Asia/Shanghai"}, "patience": {"48h"},
			"channel": {"handset"}, "cap_messages": {"3", ""}, "cap_per": {"7d", ""}, "cap_category": {"marketing", ""},
		}
		require.Equal(t, "/settings#guardrails", s.post("/settings/guardrails", form).Header().Get("Location"))
		require.Len(t, s.f.op.asked, 1)
		for _, want := range []string{`"messages":3`, `"from":"21:00"`, `"time_zone":"Asia/Shanghai"`, `"then":"withhold"`} {
			require.Contains(t, s.f.op.asked[0], want)
		}
		form.Set("patience", "soon <b>")
		w := s.post("/settings/guardrails", form)
		require.Equal(t, http.StatusUnprocessableEntity, w.Code)
		require.Len(t, s.f.op.asked, 1, "nothing is stored")
	})
}

// No form of these pages goes on to an address that its sender chose.
func TestW21NoFormLeadsElsewhere(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	evil := "//evil.example/"
	for _, p := range []string{"/customers/c_mei/tags", "/customers/c_mei/erase", "/enrollments/e_run/act", "/jobs/b_1/stop", "/segments/film-lovers/delete", "/settings", "/settings/tokens/x/revoke"} {
		w := s.post(p+"?back="+url.QueryEscape(evil), url.Values{"back": {evil}, "next": {evil}, "action": {"remove"}, "name": {evil}}, "Referer", "http:"+evil)
		to := w.Header().Get("Location")
		require.True(t, strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.Contains(to, "evil"), "%s leads to %q", p, to)
	}
	require.Empty(t, s.post("/segments/"+url.PathEscape(evil)+"/delete", nil).Header().Get("Location"), "there is no such segment")
}
