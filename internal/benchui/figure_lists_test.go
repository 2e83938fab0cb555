package benchui

import (
	"context"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/store/sqlite"
)

// many100k is how many customers and enrollments there are.
const many100k = 100_000

// lists is what the server takes for a page of 50 of 100,000 customers,
// enrollments or stays at a step, with any filter that the pages offer: the
// first page, and the second one where there is one. The slowest filter counts.
func lists(t *testing.T) []figure {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "qidong.db"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	crowd(t, s)
	service := orchestrator.NewService(orchestrator.Deps{Store: s})
	at := serve(t, service)
	link, err := service.NewSignInLink(t.Context(), "w")
	require.NoError(t, err)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	c := &http.Client{Jar: jar}
	res, err := c.PostForm(at+"/signin", url.Values{"link": {link}})
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())

	slowest, name, n := 0.0, "", 0
	for _, page := range listPages {
		var took []float64
		for range 5 {
			next, spent := fetched(t, c, at+page)
			took = append(took, spent)
			if next != "" {
				_, spent = fetched(t, c, at+next)
				took = append(took, spent)
			}
		}
		n += len(took)
		t.Logf("%8.2f ms  %s", median(took), page)
		if m := median(took); m > slowest {
			slowest, name = m, page
		}
	}
	return []figure{{Name: "ui.list_ms", Value: slowest, Unit: "ms", Goal: 60, N: n, Note: "(SQLite; the slowest is " + name + ")"}}
}

// listPages are the lists with their filters.
var listPages = []string{
	"/customers", "/customers?q=Ada", "/customers?q=rare", "/customers?q=nobody", "/customers?q=138", "/customers?q=0997", "/customers?q=c_09",
	"/customers?tag=all", "/customers?tag=rare", "/customers?trait=city&value=city7", "/customers?trait=city", "/customers?q=Ada&tag=rare&trait=city&value=city7",
	"/enrollments", "/enrollments?journey=busy", "/enrollments?status=open", "/enrollments?status=held", "/enrollments?journey=busy&status=ended",
	"/enrollments?journey=busy&step=s1", "/enrollments?journey=busy&step=s1&status=held", "/enrollments?customer=c_000500",
	"/journeys/busy/stays?step=s3", "/journeys/busy/stays?step=s3&state=done", "/journeys/busy/stays?step=s3&state=waiting", "/journeys/busy/stays?step=s3&state=failed",
	"/journeys/busy/stays?step=s3&state=away", "/journeys/busy/stays?step=s3&arm=a", "/journeys/busy/stays?step=s3&arm=b&success=goal",
	"/journeys/busy/stays?step=s3&version=1", "/journeys/busy/stays?step=s3&version=2", "/journeys/busy/stays?step=s3&tests=no", "/journeys/busy/stays?step=s3&range=7d",
	"/journeys/busy/stays?step=s3&range=custom&from=2026-10-08T00:00&until=2026-10-09T00:00&state=waiting",
}

// fetched asks for a page, and tells the address of the next one and the
// milliseconds until the whole of it was there.
func fetched(t *testing.T, c *http.Client, address string) (next string, spent float64) {
	t.Helper()
	began := time.Now()
	res, err := c.Get(address)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	spent = float64(time.Since(began).Microseconds()) / 1000
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode, address)
	if m := nextLink.FindSubmatch(body); m != nil {
		next = html.UnescapeString(string(m[1]))
	}
	return next, spent
}

var nextLink = regexp.MustCompile(`href="([^"]*)" data-testid="next-page"`)

// crowd stores the customers, each with an enrollment that has passed a step
// where a few wait or are held, and a few of whom have what is looked for.
func crowd(t *testing.T, s *sqlite.Store) {
	t.Helper()
	for n := range 2 {
		digest := fmt.Sprint("d", n+1)
		_, err := s.Publish(t.Context(), orchestrator.Version{
			Workspace: "w", Journey: "busy", Digest: digest, Source: digest, PublishedAt: time.Now(), PublishedBy: "bench", Definition: many(8),
		})
		require.NoError(t, err)
	}
	for from := 0; from < many100k; from += 1000 {
		require.NoError(t, s.Atomic(t.Context(), func(ctx context.Context) error {
			for i := range 1000 {
				if err := addOne(ctx, s, from+i); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

func addOne(ctx context.Context, s *sqlite.Store, i int) error {
	c := orchestrator.Customer{
		Workspace: "w", ID: fmt.Sprintf("c_%06d", i), Name: []string{"Ada", "Ben", "Cai", "Dan", "Eve"}[i%5] + " " + []string{"Li", "Ma", "Ng", "Ou"}[i/5%4],
		Tags: []string{"all"}, Traits: map[string]any{"city": fmt.Sprint("city", i%50)},
		Identities: []orchestrator.Identity{{Kind: "phone", Value: fmt.Sprintf("+86138%08d", i*997%100_000_000)}},
	}
	if i%5000 == 17 {
		c.Name, c.Tags = "Rare Person", append(c.Tags, "rare")
	}
	if _, err := s.PutCustomer(ctx, c); err != nil {
		return err
	}
	first := min(i%3000, 1) // 0 for a few
	e := orchestrator.Enrollment{ID: "e" + c.ID, Workspace: "w", Journey: "busy", Number: 1 + first, Digest: fmt.Sprint("d", 1+first), Customer: c.ID, Test: i%10 == 0}
	if _, err := s.AddEnrollment(ctx, e); err != nil {
		return err
	}
	return s.Record(ctx, passed(e, i))
}

// passed is the way of the i-th through step s3.
func passed(e orchestrator.Enrollment, i int) orchestrator.Progress {
	came := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 26 * time.Second)
	p := orchestrator.Progress{Workspace: "w", Enrollment: e.ID, Status: orchestrator.EnrollmentOpen, Step: "s3", LogSeq: 1}
	p.Log = []orchestrator.LogEntry{{Seq: 1, At: came, Virtual: came, Kind: orchestrator.LogEntered, Step: "s3"}}
	switch i % 2000 {
	case 3:
	case 4:
		p.Status = orchestrator.EnrollmentHeld
		p.Incident = &orchestrator.Incident{ID: e.ID + "/s3/1", Step: "s3", OpenedAt: came, Code: "PARTNER_ERROR"}
	default:
		done := orchestrator.LogEntry{Seq: 2, At: came.Add(time.Minute), Virtual: came.Add(time.Minute), Kind: orchestrator.LogDone, Step: "s3"}
		done.Detail = map[string]any{"arm": []string{"a", "b"}[min(i%3000, 1)]}
		p.Step, p.Log, p.LogSeq = "s1", append(p.Log, done), 2
	}
	return p
}
