package orchestrator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// What people complain of in other engines, and what this one does instead.
// docs/complaints.md maps each complaint to its tests.

// TestComplaint01_CartsOfOneCustomerAreKeptApart is dittofeed 1463: each cart is
// an enrollment of its own, and a payment reaches all of them; which one it is
// about is for their waits to tell.
func TestComplaint01_CartsOfOneCustomerAreKeptApart(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.customer(t, "c_1")
	h.customer(t, "c_2")
	h.publishDoor(t, "cart", `{event: {type: cart.filled}, key: event.data.cart, reentry: never}`)
	for i, cart := range []string{"a", "b", "a"} {
		h.send(t, fmt.Sprint("fill", i), "cart.filled", "c_1", fmt.Sprintf(`{"cart":%q}`, cart))
	}
	h.send(t, "fill9", "cart.filled", "c_2", `{"cart":"a"}`)
	h.deliverAll(t)
	h.send(t, "pay", "bank.paid", "c_1", `{"cart":"a"}`)
	h.deliverAll(t)
	a, b := orchestrator.EnrollmentID(acme, "cart", "c_1", "a"), orchestrator.EnrollmentID(acme, "cart", "c_1", "b")
	other := orchestrator.EnrollmentID(acme, "cart", "c_2", "a")
	require.ElementsMatch(t, []string{"start " + a, "start " + b, "start " + other, "signal " + a + " pay", "signal " + b + " pay"}, h.engine.did())
}

// TestComplaint02_RunMultipleRunsAgainAndSaysWhyNot is dittofeed 958: a journey
// that may be entered again is, and whoever does not enter has a reason in a
// sentence.
func TestComplaint02_RunMultipleRunsAgainAndSaysWhyNot(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.customer(t, "c_1")
	h.publishDoor(t, "often", `{event: {type: came}, reentry: always}`)
	h.publishDoor(t, "once", `{event: {type: came}, reentry: never}`)
	for n := range 3 {
		h.send(t, fmt.Sprint(n), "came", "c_1", `{}`)
		h.deliverAll(t)
		require.True(t, h.newest(t, "c_1", "often").Entered, "time %d", n+1)
		h.end(t, orchestrator.PassageID(acme, "often", "c_1", "", n))
		if n == 0 {
			h.end(t, orchestrator.PassageID(acme, "once", "c_1", "", 0))
		}
	}
	answer, _, err := h.EntryDecisions(t.Context(), admin, "c_1", "once", orchestrator.Page{})
	require.NoError(t, err)
	require.Equal(t, orchestrator.DecidedReentry, answer.Decisions[0].Code)
	require.Contains(t, answer.Sentence, answer.Decisions[0].Reason)
	require.Regexp(t, `^[A-Z].*\.$`, answer.Decisions[0].Reason, "a sentence")
}

// TestComplaint03_WhoIsUnderWayIsCountedBeforeAPublish is mautic 6323 and 6445:
// a new step never reached those past it, and nobody had said so. Here the plan
// counts them before, and the publisher chooses.
func TestComplaint03_WhoIsUnderWayIsCountedBeforeAPublish(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publish(t, "welcome")
	ids := h.wait(t, 4)
	h.carries(t)
	h.bulk(t)
	longer := source("welcome") + "  - {id: thanks, wait: {arms: [{id: over, after: 1d}]}}\n"
	plan, err := h.PlanPublish(t.Context(), admin, []byte(longer))
	require.NoError(t, err)
	require.Len(t, plan.Flights, 1)
	require.EqualValues(t, 4, plan.Flights[0].Count)
	require.Equal(t, "ask", plan.Flights[0].Step)
	require.Empty(t, plan.Unmapped, "all of them can go on in the new version")

	p, err := h.PublishWith(t.Context(), admin, []byte(longer), orchestrator.PublishOptions{InFlight: "move"})
	require.NoError(t, err)
	require.EqualValues(t, 4, h.ended(t, p.Move.ID).Counts.Done)
	for _, id := range ids {
		e, err := h.store.Enrollment(t.Context(), acme, id)
		require.NoError(t, err)
		require.Equal(t, 2, e.Number, "they get the new step")
	}
}

// TestComplaint04_APublishReprocessesNobody is mautic 6054: a changed campaign
// deletes its logs and processes everybody again.
func TestComplaint04_APublishReprocessesNobody(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publish(t, "welcome")
	h.customer(t, "c_9")
	h.send(t, "1", "signed.up", "c_9", `{"plan":"gold","key":"k"}`)
	h.deliverAll(t)
	id := orchestrator.EnrollmentID(acme, "welcome", "c_9", "k")
	h.open(t, id)
	started := h.engine.did()
	_, err := h.PublishWith(t.Context(), admin, []byte(changed("welcome")), orchestrator.PublishOptions{})
	require.NoError(t, err)
	h.deliverAll(t)
	require.Equal(t, started, h.engine.did(), "nobody hears of it")
	v, err := h.Enrollment(t.Context(), admin, id)
	require.NoError(t, err)
	require.Equal(t, 1, v.Enrollment.Number)
	require.Equal(t, "ask", v.Enrollment.Step)
	log, err := h.store.AuditLog(t.Context(), acme)
	require.NoError(t, err)
	require.NotEmpty(t, log)
}

// TestComplaint05_ASegmentsRebuildTouchesNoJourney is mautic 150 and 2419: a
// rebuild takes people out and in again, and their journeys end or begin anew.
func TestComplaint05_ASegmentsRebuildTouchesNoJourney(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.segment(t, "gold", `customer.traits.tier == "gold"`)
	h.publishDoor(t, "hello", `{segment: {segment: gold}, reentry: never}`)
	rule := func(text string) {
		t.Helper()
		_, err := h.PutSegment(t.Context(), admin, orchestrator.Segment{Name: "gold", Rule: text, Backfill: orchestrator.Backfill{Announce: true}})
		require.NoError(t, err)
		h.backfilled(t, "gold")
		h.deliverAll(t)
	}
	_, err := h.PutCustomer(t.Context(), admin, orchestrator.Customer{ID: "c_1", Traits: map[string]any{"tier": "tin"}})
	require.NoError(t, err)
	_, err = h.PutCustomer(t.Context(), admin, orchestrator.Customer{ID: "c_1", Traits: map[string]any{"tier": "gold"}})
	require.NoError(t, err)
	h.deliverAll(t)
	h.deliverAll(t)
	id := orchestrator.EnrollmentID(acme, "hello", "c_1", "")
	require.Equal(t, []string{"start " + id}, h.engine.did())
	h.open(t, id)
	rule("false")
	rule("true")
	require.Equal(t, []string{"joined gold", "left gold", "joined gold"}, h.moves(t, "c_1"))
	require.Equal(t, []string{"start " + id}, h.engine.did(), "neither ended nor begun anew")
	v, err := h.Enrollment(t.Context(), admin, id)
	require.NoError(t, err)
	require.Equal(t, orchestrator.EnrollmentOpen, v.Enrollment.Status)
	require.Equal(t, orchestrator.DecidedAlreadyIn, h.newest(t, "c_1", "hello").Code)
}

// TestComplaint06_NeitherARestartNorAVersionBeginsAnew is mautic 7881: the same
// person gets the same message again because restarts mean something else in a
// new release.
func TestComplaint06_NeitherARestartNorAVersionBeginsAnew(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.customer(t, "c_1")
	h.publish(t, "welcome")
	came := func() { h.send(t, "1", "signed.up", "c_1", `{"plan":"gold","key":"k"}`); h.deliverAll(t) }
	came()
	id := orchestrator.EnrollmentID(acme, "welcome", "c_1", "k")
	h.end(t, id)
	h.restart(t)
	came()
	_, err := h.PublishWith(t.Context(), admin, []byte(changed("welcome")), orchestrator.PublishOptions{})
	require.NoError(t, err)
	came()
	h.send(t, "2", "signed.up", "c_1", `{"plan":"gold","key":"k"}`)
	h.deliverAll(t)
	require.Equal(t, []string{"start " + id}, h.engine.did())
	require.Equal(t, orchestrator.DecidedReentry, h.newest(t, "c_1", "welcome").Code)
}

// TestDittofeed01_WhoComesBackGetsTheNewestVersion: there a passage is begun
// anew with the definition of the first, for ever.
func TestDittofeed01_WhoComesBackGetsTheNewestVersion(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.customer(t, "c_1")
	for n := range 2 {
		h.publishDoor(t, "often", fmt.Sprintf(`{event: {type: came}, reentry: always, limit: %d}`, 10+n))
		h.send(t, fmt.Sprint(n), "came", "c_1", `{}`)
		h.deliverAll(t)
		id := orchestrator.PassageID(acme, "often", "c_1", "", n)
		v, err := h.Enrollment(t.Context(), admin, id)
		require.NoError(t, err)
		require.Equal(t, n+1, v.Enrollment.Number)
		h.end(t, id)
	}
}

// TestComplaint07_BulkLeavesTheWayFree is mautic 2870, 3358, 3695 and 10648:
// urgent things wait behind a campaign. Here a campaign fills the inbox by its
// rate only, so that nobody waits for more than a second's worth of it.
func TestComplaint07_BulkLeavesTheWayFree(t *testing.T) {
	t.Parallel()
	const rate = 100
	h := newHarness(t)
	h.clock(t)
	h.crowd(t, 3000)
	h.publish(t, "welcome")
	h.customer(t, "c_urgent")
	h.broadcast(t, "hello", "api: true, reentry: always")
	_, err := h.StartCampaign(t.Context(), admin, "hello", "crowd", "", rate)
	require.NoError(t, err)
	p := orchestrator.Paces{}
	for range 20 {
		h.work(t, p)
	}
	h.send(t, "1", "signed.up", "c_urgent", `{"plan":"gold","key":"k"}`)
	h.dispatch(t)
	require.Zero(t, h.settled(t))
	did := h.engine.did()
	require.Contains(t, did, "start "+orchestrator.EnrollmentID(acme, "welcome", "c_urgent", "k"))
	require.Greater(t, len(did), 1, "the campaign was at work")
	require.LessOrEqual(t, len(did), rate+2, "what was before it in the inbox")
}

// TestComplaint08_RulesWithoutTimeAreNeverSwept is dittofeed 995: an idle store
// burns CPU because everything is computed again and again.
func TestComplaint08_RulesWithoutTimeAreNeverSwept(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	clock := h.clock(t)
	h.segment(t, "gold", `customer.traits.tier == "gold"`)
	h.segment(t, "buyers", `count("order.placed") >= 2`)
	for i := range 50 {
		id := fmt.Sprint("c_", i)
		h.customer(t, id)
		h.send(t, id, "order.placed", id, `{}`)
	}
	h.see(t)
	due, err := h.store.DueMembers(t.Context(), clock().AddDate(10, 0, 0), 1000)
	require.NoError(t, err)
	require.Empty(t, due, "in ten years nobody is to be judged but for what they do")
	more, err := h.SweepSegments(t.Context())
	require.NoError(t, err)
	require.False(t, more)
}

// TestComplaint09_EveryWaitHasADeadlineAndEveryRefusalAReason is parcelvoy 434
// and 512: people stall where nobody looks, and "did not enter, how can we
// debug?".
func TestComplaint09_EveryWaitHasADeadlineAndEveryRefusalAReason(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	endless := strings.Replace(source("endless"), "        - {id: late, after: 1h}\n", "", 1)
	_, err := h.PublishJourney(t.Context(), admin, []byte(endless))
	require.ErrorIs(t, err, orchestrator.ErrInvalid)
	require.ErrorContains(t, err, "no timeout arm")

	h.publish(t, "welcome")
	h.customer(t, "c_1")
	h.send(t, "1", "signed.up", "c_1", `{"plan":"silver","key":"k"}`)
	h.deliverAll(t)
	answer, _, err := h.EntryDecisions(t.Context(), admin, "c_1", "welcome", orchestrator.Page{})
	require.NoError(t, err)
	require.Equal(t, orchestrator.DecidedNoMatch, answer.Decisions[0].Code)
	require.Contains(t, answer.Sentence, `event.data.plan == "gold"`)
}

// TestComplaint13_AMessageAskedForTwiceIsSentOnce is novu 2569, 1633 and 12373.
func TestComplaint13_AMessageAskedForTwiceIsSentOnce(t *testing.T) {
	t.Parallel()
	h := newGuarded(t)
	for range 3 {
		require.Equal(t, orchestrator.DeliverySent, h.try(t, "m_1", "service").Delivery)
	}
	h.restart(t)
	require.Equal(t, orchestrator.DeliverySent, h.try(t, "m_1", "service").Delivery)
	all, _, err := h.Messages(t.Context(), admin, "c_1", orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, all, 1)
}

// TestOpening05_AnOutageIsOneGroupAndOneResolution: everybody whom a partner's
// outage holds is listed once, with their number, and resolved together.
func TestOpening05_AnOutageIsOneGroupAndOneResolution(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publish(t, "welcome")
	ids := h.wait(t, 30)
	for n, id := range ids {
		h.hold(t, id, fmt.Sprintf("The ledger did not take request %d.", n))
	}
	groups, err := h.IncidentGroups(t.Context(), admin, orchestrator.IncidentFilter{})
	require.NoError(t, err)
	require.Len(t, groups, 1)
	require.EqualValues(t, 30, groups[0].Count)
	h.bulk(t)
	job, err := h.ResolveIncidents(t.Context(), admin, orchestrator.IncidentFilter{Cause: groups[0].Cause}, orchestrator.Resolution{Action: "retry"}, 30)
	require.NoError(t, err)
	require.EqualValues(t, 30, h.ended(t, job.ID).Counts.Total)
	require.NoError(t, t.Context().Err())
	require.WithinDuration(t, time.Now(), job.CreatedAt, time.Minute)
}
