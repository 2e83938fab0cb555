package ui

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey/edit"
)

var savedRevision = regexp.MustCompile(`id="saved"[^>]*data-revision="(\d+)"`)

// designer is a browser tab as the server sees it: it sends commands with the
// revision that it shows, and shows what it is answered.
type designer struct {
	http              *http.Client
	at                string // of the design page
	session, revision string
}

// send posts commands, and says whether they were carried out.
func (d *designer) send(t *testing.T, path, wrote string, commands ...edit.Command) bool {
	t.Helper()
	b, err := json.Marshal(commands)
	require.NoError(t, err)
	form := url.Values{"commands": {string(b)}, "revision": {d.revision}, "session": {d.session}, "open": {""}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.at+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return d.shows(t, r, wrote) == http.StatusOK
}

// look asks for what others did.
func (d *designer) look(t *testing.T) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.at+"?shown="+d.revision, http.NoBody)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, d.shows(t, r, ""))
}

func (d *designer) shows(t *testing.T, r *http.Request, wrote string) int {
	t.Helper()
	r.Header.Set("HX-Request", "true")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := d.http.Do(r)
	require.NoError(t, err)
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	body := string(b)
	found := savedRevision.FindStringSubmatch(body)
	require.NotNil(t, found, "every answer says what is there now, also a refusal: %d %.300s", res.StatusCode, body)
	if res.StatusCode != http.StatusOK {
		require.Equal(t, http.StatusConflict, res.StatusCode, body)
		require.Contains(t, body, "Somebody else was there first", "the designer is told why")
		require.Contains(t, body, wrote, "what they wrote is not lost")
	}
	d.revision = found[1]
	return res.StatusCode
}

// signedInClient is a browser of somebody who is signed in.
func signedInClient(t *testing.T, at string, s *orchestrator.Service) *http.Client {
	t.Helper()
	link, err := s.NewSignInLink(t.Context(), "w")
	require.NoError(t, err)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar}
	form, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+"/signin", strings.NewReader("link="+link))
	require.NoError(t, err)
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	form.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := client.Do(form)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
	return client
}

// together is a draft that two designers edit, and what it has to be.
type together struct {
	two      [2]*designer
	history  []steplist       // after each edit; the last is now
	undone   []steplist       // what a redo brings back, the last first
	touched  map[string]touch // by step: who gave it its title last
	revision string           // after the last edit
	tried    int
}

// steplist is the steps of a draft, in order, by their titles.
type steplist struct {
	order  []string
	titles map[string]string
}

func (l steplist) clone() steplist { return steplist{slices.Clone(l.order), maps.Clone(l.titles)} }

// put puts a step behind another.
func (l *steplist) put(step, after string) {
	l.order = slices.Insert(l.order, slices.Index(l.order, after)+1, step)
}

func (l *steplist) take(step string) {
	l.order = slices.DeleteFunc(l.order, func(s string) bool { return s == step })
}

type touch struct {
	by       int
	revision string
}

func (g *together) now() steplist { return g.history[len(g.history)-1] }

// travels undoes or redoes, which both designers may do of all edits that they
// have seen.
func (g *together) travels(t *testing.T, d *designer, way string) {
	t.Helper()
	seen := d.revision
	if !d.send(t, way, "") {
		return
	}
	require.Equal(t, g.revision, seen, "nobody takes back what they have not seen")
	g.revision = d.revision
	clear(g.touched)
	last := len(g.history) - 1
	if way == "/undo" {
		g.undone, g.history = append(g.undone, g.history[last]), g.history[:last]
		return
	}
	g.history, g.undone = append(g.history, g.undone[len(g.undone)-1]), g.undone[:len(g.undone)-1]
}

// does lets one of them do something, of what they have seen lately or long ago.
func (g *together) does(t *testing.T, random *rand.Rand) {
	t.Helper()
	by := random.IntN(2)
	d, seen := g.two[by], g.two[by].revision
	next := g.now().clone()
	step := next.order[random.IntN(len(next.order))]
	other := next.order[random.IntN(len(next.order))]
	g.tried++
	switch op := random.IntN(14); {
	case op == 0:
		d.look(t)
		return
	case op == 1 && len(g.history) > 1:
		g.travels(t, d, "/undo")
		return
	case op == 2 && len(g.undone) > 0:
		g.travels(t, d, "/redo")
		return
	case op == 3 && len(next.order) > 1:
		next.take(step)
		delete(next.titles, step)
		if !d.send(t, "", "", edit.Command{Op: edit.Delete, Steps: []string{step}}) {
			return
		}
	case op == 4 && step != other:
		next.take(step)
		next.put(step, other)
		if !d.send(t, "", "", edit.Command{Op: edit.Move, Steps: []string{step}, Place: &edit.Place{After: other}}) {
			return
		}
	case op == 5:
		id := fmt.Sprintf("named_%d", g.tried)
		next.put(id, step)
		next.take(step)
		next.titles[id] = next.titles[step]
		delete(next.titles, step)
		if !d.send(t, "", id, edit.Command{Op: edit.Rename, Steps: []string{step}, ID: id}) {
			return
		}
		delete(g.touched, step)
	case op <= 8:
		id := fmt.Sprintf("new_%d", g.tried)
		next.put(id, step)
		next.titles[id] = ""
		source := "- {id: " + id + ", send: {category: service, text: {en: Hello, zh-CN: 你好}}}"
		if !d.send(t, "", source, edit.Command{Op: edit.Paste, Source: source, Place: &edit.Place{After: step}}) {
			return
		}
	default:
		next.titles[step] = fmt.Sprintf("Title %d by %d", g.tried, by)
		if !d.send(t, "", next.titles[step], edit.Command{Op: edit.Set, Field: "steps." + step + ".title.en", Value: fmt.Appendf(nil, "%q", next.titles[step])}) {
			return
		}
		if last, ok := g.touched[step]; ok && last.by != by {
			require.LessOrEqual(t, number(t, last.revision), number(t, seen), "the title of %s was overwritten unseen", step)
		}
		g.touched[step] = touch{by, d.revision}
	}
	if d.revision == g.revision {
		return // it was so already: nothing to take back
	}
	g.history, g.undone, g.revision = append(g.history, next), nil, d.revision
}

func number(t *testing.T, revision string) int {
	t.Helper()
	n, err := strconv.Atoi(revision)
	require.NoError(t, err)
	return n
}

// TestTogether_NoEditIsLost: two designers edit one draft, each with a picture
// that may be old, in 200 random orders. What was accepted is in the draft until
// somebody who has seen it changes it, or takes it back; what was refused says so
// and changes nothing.
func TestTogether_NoEditIsLost(t *testing.T) {
	t.Parallel()
	at, s := newRealSite(t)
	client := signedInClient(t, at, s)
	a := orchestrator.Actor{Workspace: "w", Name: "test", Scopes: []string{orchestrator.ScopeAdmin}}
	refused := 0
	for seed := range uint64(200) {
		t.Logf("seed %d", seed) // shown when it fails: the last one is it
		random := rand.New(rand.NewPCG(seed, 7))
		name := fmt.Sprintf("together-%d", seed)
		v, err := s.NewDraft(t.Context(), a, name, "qidong: v1\njourney: "+name+"\ntitle: {en: Two, zh-CN: 两人}\nentry: {}\nsteps:\n"+
			"  - {id: a, send: {category: service, text: {en: A, zh-CN: 甲}}}\n  - {id: b, send: {category: service, text: {en: B, zh-CN: 乙}}}\n")
		require.NoError(t, err)
		g := &together{history: []steplist{{[]string{"a", "b"}, map[string]string{"a": "", "b": ""}}}, touched: map[string]touch{}, revision: fmt.Sprint(v.Revision)}
		for i := range g.two {
			g.two[i] = &designer{http: client, at: at + "/journeys/" + name + "/design", session: fmt.Sprint("tab-", i), revision: fmt.Sprint(v.Revision)}
		}
		for range 16 {
			g.does(t, random)
		}
		now, err := s.Draft(t.Context(), a, name)
		require.NoError(t, err)
		drawn := steplist{titles: map[string]string{}}
		for _, step := range now.Definition.Steps {
			drawn.order, drawn.titles[step.ID] = append(drawn.order, step.ID), step.Title["en"]
		}
		require.Equal(t, g.now(), drawn, "seed %d", seed)
		refused += g.tried - len(g.history)
	}
	require.Positive(t, refused, "some were refused, or nothing was tried")
}

// saveSource posts the page of a draft's text, and returns the status and the page.
func saveSource(t *testing.T, client *http.Client, at string, form url.Values) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+"/source", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := client.Do(r)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode, string(body)
}

// TestSource_ALargeJourneyIsSaved: as large as a journey may be, in characters
// that a form writes as nine bytes each.
func TestSource_ALargeJourneyIsSaved(t *testing.T) {
	t.Parallel()
	at, s := newRealSite(t)
	client := signedInClient(t, at, s)
	a := orchestrator.Actor{Workspace: "w", Name: "test", Scopes: []string{orchestrator.ScopeAdmin}}
	v, err := s.NewDraft(t.Context(), a, "large", "")
	require.NoError(t, err)
	source := v.Source + "# " + strings.Repeat("长", 300_000) + "\n"
	form := url.Values{"source": {source}, "revision": {fmt.Sprint(v.Revision)}}
	status, _ := saveSource(t, client, at+"/journeys/large", form)
	require.Equal(t, http.StatusOK, status)
	v, err = s.Draft(t.Context(), a, "large")
	require.NoError(t, err)
	require.Len(t, v.Source, len(source))
}

// TestSource_SavingTwiceDoesNotOverwrite: somebody else has edited the draft. The
// text is refused, also the second time, until its author says that theirs goes.
func TestSource_SavingTwiceDoesNotOverwrite(t *testing.T) {
	t.Parallel()
	at, s := newRealSite(t)
	client := signedInClient(t, at, s)
	a := orchestrator.Actor{Workspace: "w", Name: "test", Scopes: []string{orchestrator.ScopeAdmin}}
	v, err := s.NewDraft(t.Context(), a, "twice", "")
	require.NoError(t, err)
	theirs, err := s.EditDraft(t.Context(), a, "twice", orchestrator.DraftEdit{Revision: v.Revision, Session: "ben", Commands: []edit.Command{
		{Op: edit.Set, Field: "title.en", Value: []byte(`"Ben's"`)},
	}})
	require.NoError(t, err)
	form := url.Values{"source": {v.Source + "# mine\n"}, "revision": {fmt.Sprint(v.Revision)}}
	for range 2 {
		status, page := saveSource(t, client, at+"/journeys/twice", form)
		require.Equal(t, http.StatusConflict, status)
		require.Contains(t, page, fmt.Sprintf(`name="revision" value="%d"`, v.Revision), "the form still says what was seen")
		now, err := s.Draft(t.Context(), a, "twice")
		require.NoError(t, err)
		require.Equal(t, theirs.Source, now.Source)
	}
	form.Set("over", fmt.Sprint(theirs.Revision))
	status, _ := saveSource(t, client, at+"/journeys/twice", form)
	require.Equal(t, http.StatusOK, status)
	now, err := s.Draft(t.Context(), a, "twice")
	require.NoError(t, err)
	require.Contains(t, now.Source, "# mine")
}

// TestDesignStream_TellsAtOnceWhatIsThere: what somebody edits between a page and
// its stream would be told to nobody otherwise.
func TestDesignStream_TellsAtOnceWhatIsThere(t *testing.T) {
	t.Parallel()
	at, s := newRealSite(t)
	client := signedInClient(t, at, s)
	a := orchestrator.Actor{Workspace: "w", Name: "ben", Scopes: []string{orchestrator.ScopeAdmin}}
	v, err := s.NewDraft(t.Context(), a, "between", "")
	require.NoError(t, err)
	v, err = s.EditDraft(t.Context(), a, "between", orchestrator.DraftEdit{Revision: v.Revision, Session: "ben", Commands: []edit.Command{{Op: edit.Set, Field: "title.en", Value: []byte(`"Between"`)}}})
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at+"/journeys/between/design/events", http.NoBody)
	require.NoError(t, err)
	res, err := client.Do(r)
	require.NoError(t, err)
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && !strings.Contains(lines.Text(), `id="others"`) {
	}
	require.Contains(t, lines.Text(), fmt.Sprintf(`value="%d"`, v.Revision))
	require.NoError(t, res.Body.Close())
}
