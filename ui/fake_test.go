package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2/memstore"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// fake is the domain as the pages see it: one journey, two customers, and what
// a test puts into its fields.
type fake struct {
	mu         sync.Mutex
	fail       error // of every use case, when set
	journey    orchestrator.Journey
	version    orchestrator.Version
	live       fakeLive
	customers  map[string]orchestrator.Customer
	messages   map[string][]orchestrator.Message
	views      map[string]orchestrator.EnrollmentView
	incidents  []orchestrator.Incident
	replies    []string
	words      map[string][]orchestrator.Event // newest first
	receipts   []string
	enrolled   []orchestrator.EnrollRequest
	resolved   []orchestrator.Resolution
	resolveErr error
	filters    []orchestrator.EnrollmentFilter
	op         operateFake
	drafts     fakeDrafts
	templates  fakeTemplates
	plugins    fakePlugins
}

const (
	testLink  = "link-of-128-random-bits"
	testToken = "companion-token-of-128-bits"
	testMedia = "media-token-of-128-bits"
)

var testNow = time.Date(2026, 11, 28, 19, 30, 0, 0, time.UTC)

func (f *fake) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fail
}

func (f *fake) SignIn(_ context.Context, secret string) (actor, error) {
	if secret != testLink {
		return actor{}, orchestrator.ErrUnauthorized
	}
	return actor{Workspace: "demo", Name: "operator", Scopes: []string{"admin"}}, f.err()
}

func (f *fake) Journeys(context.Context, actor) ([]orchestrator.Journey, error) {
	if f.journey.Name == "" { // a new workspace
		return nil, f.err()
	}
	return []orchestrator.Journey{f.journey}, f.err()
}

func (f *fake) Journey(_ context.Context, _ actor, name string) (orchestrator.Journey, orchestrator.Version, error) {
	if name != f.journey.Name {
		return orchestrator.Journey{}, orchestrator.Version{}, fmt.Errorf("journey %q: %w", name, orchestrator.ErrNotFound)
	}
	return f.journey, f.version, f.err()
}

func (f *fake) SetJourneyStatus(_ context.Context, _ actor, _ string, st orchestrator.JourneyStatus) error {
	f.journey.Status = st
	return f.err()
}

func (f *fake) PutCustomer(_ context.Context, _ actor, c orchestrator.Customer) (orchestrator.Customer, error) {
	if c.ID == "" {
		c.ID = "c_new"
	}
	f.customers[c.ID] = c
	return c, f.err()
}

func (f *fake) Customer(_ context.Context, _ actor, id string) (orchestrator.Customer, error) {
	c, ok := f.customers[id]
	if !ok {
		return c, fmt.Errorf("customer %q: %w", id, orchestrator.ErrNotFound)
	}
	return c, f.err()
}

func (f *fake) Customers(_ context.Context, _ actor, query string, _ orchestrator.Page) ([]orchestrator.Customer, string, error) {
	var out []orchestrator.Customer
	for _, id := range []string{"c_mei", "c_ben"} {
		if c := f.customers[id]; strings.Contains(c.Name, query) {
			out = append(out, c)
		}
	}
	return out, "more", f.err()
}

func (f *fake) Reply(_ context.Context, _ actor, customer, message, postback string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.replies = append(f.replies, message+" "+postback)
	for i := range f.messages[customer] {
		m := &f.messages[customer][i]
		if m.ID == message && m.Answer == "" {
			m.Answer, m.AnsweredAt = postback, m.SentAt.Add(time.Minute)
		}
	}
	return f.fail
}

func (f *fake) Companion(_ context.Context, token string) (orchestrator.CompanionView, error) {
	if token != testToken {
		return orchestrator.CompanionView{}, orchestrator.ErrNotFound
	}
	v := orchestrator.CompanionView{Brand: fakeBrand, Customer: f.customers["c_mei"], Messages: f.messages["c_mei"], Words: f.words["c_mei"]}
	for _, e := range f.views {
		if e.Enrollment.Customer == "c_mei" {
			v.Enrollments = append(v.Enrollments, e.Enrollment)
		}
	}
	return v, f.err()
}

func (f *fake) CompanionReply(ctx context.Context, _, message, postback string) error {
	return f.Reply(ctx, actor{}, "c_mei", message, postback)
}

func (f *fake) MediaQR(_ context.Context, token string, n int) (string, error) {
	if token != testMedia || n != 0 {
		return "", orchestrator.ErrNotFound
	}
	return "http://127.0.0.1:7791/checkin/TK-93F2", f.err()
}

func (f *fake) Enroll(_ context.Context, a actor, r orchestrator.EnrollRequest) (orchestrator.Enrollment, error) {
	f.enrolled = append(f.enrolled, r)
	return orchestrator.Enrollment{ID: orchestrator.EnrollmentID(a.Workspace, r.Journey, r.Customer, r.Key)}, f.err()
}

func (f *fake) Enrollments(_ context.Context, _ actor, filter orchestrator.EnrollmentFilter, _ orchestrator.Page) ([]orchestrator.Enrollment, string, error) {
	f.filters = append(f.filters, filter)
	var out []orchestrator.Enrollment
	for _, id := range []string{"e_run", "e_held"} {
		if e, ok := f.views[id]; ok && (filter.Customer == "" || filter.Customer == e.Enrollment.Customer) {
			out = append(out, e.Enrollment)
		}
	}
	return out, "", f.err()
}

func (f *fake) Enrollment(_ context.Context, _ actor, id string) (orchestrator.EnrollmentView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.views[id]
	if !ok {
		return v, fmt.Errorf("enrollment %q: %w", id, orchestrator.ErrNotFound)
	}
	return v, f.fail
}

func (f *fake) Incidents(context.Context, actor, bool, orchestrator.Page) ([]orchestrator.Incident, string, error) {
	return f.incidents, "", f.err()
}

func (f *fake) Resolve(_ context.Context, _ actor, _ string, r orchestrator.Resolution) error {
	f.resolved = append(f.resolved, r)
	return f.resolveErr
}

// movieNight reads the example journey without checking it: that is another
// package's work.
func movieNightSource(t testing.TB) string {
	t.Helper()
	src, err := os.ReadFile("../examples/journeys/movie-night.yaml")
	require.NoError(t, err)
	return string(src)
}

func movieNight(t testing.TB) *journey.Definition {
	t.Helper()
	src := []byte(movieNightSource(t))
	// yaml.v3 wants a question mark in a flow mapping quoted.
	src = regexp.MustCompile(`en: ([^",{}]*\?),`).ReplaceAll(src, []byte(`en: "$1",`))
	var tree map[string]any
	require.NoError(t, yaml.Unmarshal(src, &tree))
	var plain func(any)
	plain = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if v["undo"] == "none" {
				delete(v, "undo")
			}
			for _, x := range v {
				plain(x)
			}
		case []any:
			for _, x := range v {
				plain(x)
			}
		}
	}
	plain(tree)
	b, err := json.Marshal(tree)
	require.NoError(t, err)
	var d journey.Definition
	require.NoError(t, json.Unmarshal(b, &d))
	d.Actions = map[string]journey.Action{}
	for _, s := range steps(&d) {
		if s.Wait != nil {
			continue
		}
		if s.Choose != nil {
			s.Choose.Otherwise.ID = "otherwise"
		}
		if s.Call != nil {
			s.Retry = &journey.Retry{Attempts: 6, Interval: journey.Duration(time.Second), Max: journey.Duration(30 * time.Second)}
			s.OnFailure = "hold"
			d.Actions[s.Call.Action] = journey.Action{
				Plugin: strings.Split(s.Call.Action, ".")[0], Version: "1.0.0", Digest: strings.Repeat("ab12", 16), Effect: "write",
				Timeout: 10 * time.Second, Title: journey.Text{"en": "What it does", "zh-CN": "动作说明"},
			}
		}
	}
	return &d
}

// newFake is a workspace in the middle of an evening.
func newFake(t testing.TB) *fake {
	t.Helper()
	d := movieNight(t)
	f := &fake{
		journey: orchestrator.Journey{
			Workspace: "demo", Name: "movie-night", Status: orchestrator.JourneyLive, Number: 3, Digest: "d1", UpdatedAt: testNow.Add(-time.Hour),
			Title: d.Title, Steps: len(steps(d)), Open: 1240, Completed: 12880, Incidents: 2,
		},
		version:   orchestrator.Version{Workspace: "demo", Journey: "movie-night", Number: 3, Digest: "d1", Source: movieNightSource(t), Definition: d},
		customers: map[string]orchestrator.Customer{},
		messages:  map[string][]orchestrator.Message{},
		views:     map[string]orchestrator.EnrollmentView{},
		drafts:    fakeDrafts{sources: map[string][]string{}},
	}
	traits := map[string]any{"home": map[string]any{"address": "88 Century Avenue", "latitude": 31.2, "longitude": 121.5}}
	f.customers["c_mei"] = orchestrator.Customer{
		ID: "c_mei", Workspace: "demo", Name: "Li Mei", Locale: "en", TimeZone: "Asia/Shanghai", Traits: traits, CompanionToken: testToken,
		CreatedAt: testNow.Add(-48 * time.Hour), Identities: []orchestrator.Identity{{Kind: "phone", Value: "+8613800138000"}},
	}
	f.customers["c_ben"] = orchestrator.Customer{
		ID: "c_ben", Workspace: "demo", Name: "王小明", Locale: "zh-CN", TimeZone: "Asia/Shanghai", Traits: traits, CompanionToken: "another-token-of-128-bits",
		CreatedAt: testNow.Add(-48 * time.Hour),
	}
	f.live.steps = crowdOf(d)
	f.views["e_run"] = runningEnrollment(f)
	f.views["e_held"] = heldEnrollment(f)
	f.incidents = []orchestrator.Incident{*f.views["e_held"].Incident}
	f.operate()
	f.messages["c_mei"] = conversationOf("c_mei", "e_run", "en")
	f.messages["c_ben"] = conversationOf("c_ben", "e_held", "zh-CN")
	return f
}

// logOf writes a journey log: each line is "minutes kind step detail…".
func logOf(begin time.Time, lines ...string) []orchestrator.LogEntry {
	var out []orchestrator.LogEntry
	for i, l := range lines {
		parts := strings.Fields(l)
		var minutes int
		_, _ = fmt.Sscan(parts[0], &minutes)
		e := orchestrator.LogEntry{Seq: int64(i + 1), Virtual: begin.Add(time.Duration(minutes) * time.Minute), At: testNow.Add(time.Duration(i) * time.Second), Kind: orchestrator.LogKind(parts[1]), Visit: 1}
		if len(parts) > 2 && parts[2] != "-" {
			e.Step = parts[2]
		}
		for _, p := range parts[min(3, len(parts)):] {
			k, v, _ := strings.Cut(p, "=")
			if e.Detail == nil {
				e.Detail = map[string]any{}
			}
			e.Detail[k] = strings.ReplaceAll(v, "_", " ")
			if k == "attempts" || k == "attempt" || k == "score" {
				var n float64
				_, _ = fmt.Sscan(v, &n)
				e.Detail[k] = n
			}
			if k == "arm" || k == "exit" || k == "type" || k == "action" || k == "outcome" {
				e.Detail[k] = v
			}
		}
		out = append(out, e)
	}
	return out
}

func runningEnrollment(f *fake) orchestrator.EnrollmentView {
	begin := time.Date(2026, 11, 24, 10, 2, 0, 0, time.UTC)
	log := logOf(begin,
		"0 started", "0 entered shows", "0 done shows attempts=1", "0 entered promo", "0 done promo message_id=m_1",
		"0 entered choice", "47 event choice type=qidong.message.replied", "47 done choice arm=chosen", "47 entered hold", "47 done hold attempts=3",
		"47 entered charge", "47 done charge attempts=1", "47 entered pay_card", "47 done pay_card", "47 entered payment",
		"51 event payment type=bank.payment.succeeded", "51 done payment arm=paid", "51 entered ticket", "51 done ticket attempts=1",
		"51 entered ticket_card", "51 done ticket_card", "51 entered before_show", "6268 done before_show arm=due",
		"6268 entered ride_offer", "6268 done ride_offer", "6268 entered ride_choice")
	return orchestrator.EnrollmentView{
		Enrollment: orchestrator.Enrollment{
			ID: "e_run", Workspace: "demo", Journey: "movie-night", Number: 3, Customer: "c_mei", Status: orchestrator.EnrollmentOpen, Step: "ride_choice", Test: true,
			Pace: orchestrator.Pace{Factor: 2.0 / 86400, Answer: time.Minute}, StartedAt: testNow.Add(-time.Minute), UpdatedAt: testNow,
			WaitUntil: testNow.Add(48 * time.Second), LogSeq: int64(len(log)),
		},
		Customer: f.customers["c_mei"], Version: f.version, Log: log,
	}
}

func heldEnrollment(f *fake) orchestrator.EnrollmentView {
	begin := time.Date(2026, 11, 28, 11, 2, 0, 0, time.UTC)
	log := logOf(begin,
		"0 started", "0 entered shows", "0 done shows attempts=1", "0 entered promo", "0 done promo", "0 entered choice",
		"9 event choice type=qidong.message.replied", "9 done choice arm=chosen", "9 entered hold", "9 done hold attempts=1", "9 entered charge", "9 done charge attempts=1",
		"9 entered pay_card", "9 done pay_card", "9 entered payment", "12 event payment type=bank.payment.succeeded", "12 done payment arm=paid", "12 entered ticket",
		"13 attempt ticket attempt=1 message=cinema.issue_ticket_answered_500", "13 attempt ticket attempt=2 message=the_call_did_not_end_within_10_s",
		"14 incident ticket code=PARTNER_ERROR message=The_cinema_answered_500_to_six_attempts.")
	return orchestrator.EnrollmentView{
		Enrollment: orchestrator.Enrollment{
			ID: "e_held", Workspace: "demo", Journey: "movie-night", Number: 3, Customer: "c_ben", Status: orchestrator.EnrollmentHeld, Step: "ticket",
			StartedAt: testNow.Add(-time.Hour), UpdatedAt: testNow, LogSeq: int64(len(log)),
		},
		Customer: f.customers["c_ben"], Version: f.version, Log: log,
		Incident: &orchestrator.Incident{
			ID: "e_held/ticket/1", Workspace: "demo", Enrollment: "e_held", Journey: "movie-night", Customer: "c_ben", Step: "ticket", Visit: 1, Code: "PARTNER_ERROR",
			Message: "cinema.issue_ticket answered 500 to six attempts; the cinema's server may be down.", Attempts: 6, OpenedAt: testNow.Add(-40 * time.Minute),
		},
	}
}

// conversationOf is a conversation up to the offer of a ride, its promotion answered.
func conversationOf(customer, enrollment, lang string) []orchestrator.Message {
	w := func(en, zh string) string {
		if lang == "en" {
			return en
		}
		return zh
	}
	at := time.Date(2026, 11, 24, 10, 2, 0, 0, time.UTC)
	message := func(id, step string, minutes int, replies map[string]journey.ReplyMeaning, parts ...journey.Part) orchestrator.Message {
		if customer == "c_ben" {
			id += "_ben" // ids are one message's of the workspace
		}
		return orchestrator.Message{
			ID: id, Workspace: "demo", Enrollment: enrollment, Customer: customer, Step: step, Visit: 1, Channel: "handset", Parts: parts, Replies: replies,
			MediaToken: testMedia, SentAt: at.Add(time.Duration(minutes) * time.Minute),
		}
	}
	reply := func(text, data string) map[string]any {
		return map[string]any{"reply": map[string]any{"displayText": text, "postback": map[string]any{"data": data}}}
	}
	open := func(text, url string) map[string]any {
		return map[string]any{"action": map[string]any{"displayText": text, "postback": map[string]any{"data": "x"}, "urlAction": map[string]any{"openUrl": map[string]any{"url": url, "application": "browser"}}}}
	}
	card := func(title, text string, media map[string]any, suggestions ...any) map[string]any {
		c := map[string]any{"title": title, "description": text}
		if media != nil {
			c["media"] = media
		}
		if len(suggestions) > 0 {
			c["suggestions"] = suggestions
		}
		return c
	}
	part := func(kind string, body any) journey.Part {
		b, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		return journey.Part{ContentType: kind, Body: b}
	}
	single := func(c map[string]any) journey.Part {
		return part(journey.ContentCard, map[string]any{"message": map[string]any{"generalPurposeCard": map[string]any{"layout": map[string]any{"cardOrientation": "VERTICAL"}, "content": c}}})
	}
	var shows []any
	book := w("Book this show", "订这场")
	film := w("Deep Current", "深流")
	cinemas := []string{w("Star Cinema Lujiazui", "星光影城陆家嘴店"), w("Riverside Palace", "滨江大戏院"), w("Light House", "光影工坊")}
	replies := map[string]journey.ReplyMeaning{"m_promo.3": {Reply: "decline", Text: w("Not interested", "不感兴趣")}}
	for i, c := range cinemas {
		data := fmt.Sprintf("m_promo.%d", i)
		replies[data] = journey.ReplyMeaning{Reply: "choose", Text: book, Value: map[string]any{"show_id": i}}
		poster := map[string]any{"mediaUrl": "http://127.0.0.1:7791/posters/deep-current.png", "height": "MEDIUM_HEIGHT", "contentDescription": w("Poster of Deep Current", "《深流》海报")}
		shows = append(shows, card(w(film+" · "+c, "《"+film+"》· "+c), w("Sat 28 Nov, 19:30 · Hall 3 · ¥48 a seat", "11月28日 周六 19:30 · 3号厅 · 每座 ¥48"), poster, reply(book, data)))
	}
	carousel := part(journey.ContentCard, map[string]any{"message": map[string]any{"generalPurposeCardCarousel": map[string]any{"layout": map[string]any{"cardWidth": "MEDIUM_WIDTH"}, "content": shows}}})
	chips := part(journey.ContentSuggestions, map[string]any{"suggestions": []any{reply(replies["m_promo.3"].Text, "m_promo.3")}})
	promo := message("m_promo", "promo", 0, replies, carousel, chips)
	promo.Answer, promo.AnsweredAt = "m_promo.0", at.Add(47*time.Minute)
	pay := message("m_pay", "pay_card", 47, nil, single(card(w("Pay ¥96", "支付 ¥96"), w("2 seats (F7, F8) for Deep Current, held for 15 minutes.", "《深流》2 个座位（F7、F8），为您保留 15 分钟。"), nil, open(w("Pay now", "立即支付"), "http://127.0.0.1:7792/pay/p_1"))))
	calendar := map[string]any{"action": map[string]any{"displayText": w("Add to calendar", "加入日历"), "calendarAction": map[string]any{"createCalendarEvent": map[string]any{"startTime": "2026-11-28T19:30:00+08:00", "endTime": "2026-11-28T21:40:00+08:00", "title": film + " · " + cinemas[0], "description": "168 Lujiazui Road"}}}}
	place := map[string]any{"action": map[string]any{"displayText": w("Show on the map", "查看地图"), "mapAction": map[string]any{"showLocation": map[string]any{"location": map[string]any{"latitude": 31.2397, "longitude": 121.4998, "label": cinemas[0]}}}}}
	qr := map[string]any{"mediaUrl": "http://127.0.0.1:7780/m/" + testMedia + "/0.png", "height": "TALL_HEIGHT", "contentDescription": w("Ticket QR code", "电影票二维码")}
	ticket := message("m_ticket", "ticket_card", 51, nil, single(card(w("Your ticket: Deep Current", "您的电影票：《深流》"), w("Sat 28 Nov, 19:30 · Star Cinema Lujiazui, Hall 3 · seats F7, F8. Show this code at the door.", "11月28日 周六 19:30 · 星光影城陆家嘴店 3号厅 · 座位 F7、F8。入场时出示此码。"), qr, calendar, place)))
	ticket.QR = []string{"http://127.0.0.1:7791/checkin/TK-93F2"}
	ride := message("m_ride", "ride_offer", 6268, map[string]journey.ReplyMeaning{"m_ride.0": {Reply: "accept", Text: w("Order the ride", "叫车")}, "m_ride.1": {Reply: "decline", Text: w("No thanks", "不用了")}},
		single(card(w("A ride to the film?", "需要打车去影院吗？"), w("From 88 Century Avenue to 168 Lujiazui Road. Leave in good time for Sat 28 Nov, 19:30.", "从世纪大道88号到陆家嘴环路168号，从容赶上 11月28日 周六 19:30 的电影。"), nil, reply(w("Order the ride", "叫车"), "m_ride.0"), reply(w("No thanks", "不用了"), "m_ride.1"))))
	return []orchestrator.Message{promo, pay, ticket, ride}
}

// surveyOf is a question with eleven chips.
func surveyOf(customer, enrollment string) orchestrator.Message {
	m := orchestrator.Message{ID: "m_nps", Enrollment: enrollment, Customer: customer, Step: "nps", MediaToken: testMedia, SentAt: testNow, Replies: map[string]journey.ReplyMeaning{}}
	var chips []string
	for i := range 11 {
		data := fmt.Sprintf("m_nps.%d", i)
		m.Replies[data] = journey.ReplyMeaning{Reply: "score", Text: strconv.Itoa(i), Value: map[string]any{"score": i}}
		chips = append(chips, fmt.Sprintf(`{"reply":{"displayText":"%d","postback":{"data":"%s"}}}`, i, data))
	}
	m.Parts = []journey.Part{
		{ContentType: journey.ContentText, Body: json.RawMessage(`"How likely are you to recommend Deep Current to a friend? (0 no, 10 yes)"`)},
		{ContentType: journey.ContentSuggestions, Body: json.RawMessage(`{"suggestions":[` + strings.Join(chips, ",") + `]}`)},
	}
	return m
}

// site is the pages over a fake, with a browser's cookie jar in miniature.
type site struct {
	t       testing.TB
	f       *fake
	ui      *UI
	cookies map[string]*http.Cookie
}

func newSite(t testing.TB) *site {
	t.Helper()
	f := newFake(t)
	u, err := New(Deps{Service: f, Sessions: memstore.NewWithCleanupInterval(0), BaseURL: "http://127.0.0.1:7780", Now: func() time.Time { return testNow }})
	require.NoError(t, err)
	t.Cleanup(u.Close)
	return &site{t: t, f: f, ui: u, cookies: map[string]*http.Cookie{}}
}

// signedIn is a site whose browser is signed in.
func signedIn(t testing.TB) *site {
	t.Helper()
	s := newSite(t)
	require.Equal(t, http.StatusSeeOther, s.post("/signin", url.Values{"link": {testLink}}).Code)
	return s
}

func (s *site) do(r *http.Request) *httptest.ResponseRecorder {
	for _, c := range s.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	s.ui.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		s.cookies[c.Name] = c
	}
	return w
}

func (s *site) get(path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return s.do(r)
}

func (s *site) post(path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if len(headers) < 2 || headers[0] != "Sec-Fetch-Site" && headers[0] != "Origin" {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return s.do(r)
}
