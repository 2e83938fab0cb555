// Package storetest is the contract of orchestrator.Store as tests: every
// implementation passes the same suite.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// Run tests the stores that open makes: each call gives an empty one, which is
// closed when its test ends.
func Run(t *testing.T, open func(t *testing.T) orchestrator.Store) {
	for name, test := range map[string]func(*testing.T, orchestrator.Store){
		"journeys and their versions":                             testJourneys,
		"a digest is found in any workspace":                      testVersionByDigest,
		"plugin versions never change":                            testPlugins,
		"the newest plugin is so by semantic version":             testNewestPlugin,
		"publisher keys are revoked once, names have one owner":   testPluginKeys,
		"a plugin version keeps its signature":                    testSignedPlugins,
		"what uses a plugin version is known":                     testPluginUses,
		"secrets are stored and found":                            testSecrets,
		"the proof of the master key is kept":                     testSealCheck,
		"plugins keep values":                                     testKV,
		"plugins keep values within their quota":                  testKVQuota,
		"plugins stay within their quota, many at the same time":  testKVConcurrently,
		"recordings are stored, filtered and paged":               testCalls,
		"recordings expire":                                       testCallsExpire,
		"recordings stay within their quota":                      testCallQuota,
		"customers are stored and found":                          testCustomers,
		"an identity belongs to one customer":                     testIdentityConflict,
		"customers are searched and paged":                        testCustomerPages,
		"customers are found by tags and traits":                  testCustomerFilters,
		"what a workspace has set is kept":                        testSettings,
		"approvals are of one definition, one for each person":    testApprovals,
		"tokens are listed and revoked":                           testTokenList,
		"the audit log is listed by who did what":                 testAuditPages,
		"what a workspace does is counted":                        testOperations,
		"what happened with a customer is one list":               testHistory,
		"what is kept of a customer is given out and removed":     testErase,
		"events are accepted once":                                testAcceptEvents,
		"events are accepted once by many at the same time":       testAcceptEventsConcurrently,
		"the inbox keeps a subject's order":                       testInboxOrder,
		"the inbox gives fair turns":                              testInboxFairness,
		"the inbox knows customers by their addresses":            testInboxIdentities,
		"events with a known id and other content are counted":    testEventConflicts,
		"the latest event of a type is found":                     testLatestEvent,
		"decisions are kept, replaced and bounded":                testDecisions,
		"the revision of entries follows journeys":                testEntryRevision,
		"passages and entrants are counted":                       testPassages,
		"a journey has one QR link per place":                     testQRLinks,
		"a question is asked and answered once":                   testConfirmations,
		"a dead event is kept and no longer pending":              testDeadEvents,
		"events of a customer include those of its identities":    testCustomerEvents,
		"enrollments are added once":                              testAddEnrollment,
		"enrollments are filtered and paged":                      testEnrollmentPages,
		"recording is idempotent and never goes back":             testRecord,
		"the log has no gaps or duplicates, however it comes":     testConcurrentRecord,
		"a log out of order is refused":                           testRecordRefused,
		"steps are counted":                                       testStepCounts,
		"stays are counted and listed":                            testLive,
		"each live number is the length of its list":              testLiveAgrees,
		"incidents open, resolve, and end with their enrollment":  testIncidents,
		"stalled enrollments are listed":                          testStalled,
		"messages are stored once, with the progress":             testMessages,
		"bulk jobs are added, told, counted and ended":            testBulkJobs,
		"bulk jobs select who is not there yet":                   testBulkSelection,
		"a command that was carried out settles its item":         testBulkCarriedOut,
		"who is under way is counted by version and step":         testFlights,
		"an enrollment moves to another version":                  testMigrated,
		"incidents are filtered and grouped by cause":             testIncidentGroups,
		"messages are stored once by many at the same time":       testMessagesConcurrently,
		"an answer and its event are one":                         testAnswer,
		"what began is counted by journey":                        testBegunBy,
		"the first receipt of a kind stays":                       testReceipts,
		"the newest decision of a customer counts":                testConsents,
		"guardrails are a workspace's":                            testGuardrails,
		"caps count messages in a span":                           testCaps,
		"messages that wait are kept":                             testWishes,
		"points are booked once":                                  testLedger,
		"points are booked once by many at the same time":         testLedgerConcurrently,
		"tokens are found by hash":                                testTokens,
		"a sign-in link works once":                               testSignInLinks,
		"a sign-in link works once for many at the same time":     testSignInLinksConcurrently,
		"the audit log is a chain per workspace":                  testAudit,
		"what is atomic is stored together or not at all":         testAtomic,
		"tasks are opened, escalated and closed once":             testTasks,
		"tasks are filtered and paged":                            testTaskPages,
		"a task ends once for many at the same time":              testTaskRace,
		"the tasks of an ended enrollment are cancelled":          testTasksEnd,
		"children know their parent":                              testChildren,
		"the parent is told once that its child has ended":        testChildEnds,
		"the children of an ended enrollment are cancelled":       testParentEnds,
		"a child that was left undoes what it did before it ends": testChildOfNobody,
		"answers are stored once and counted":                     testAnswers,
		"perceptions are paired with expectations":                testGaps,
		"a change of a journey applies once and together":         testChange,
		"a change that is too much does nothing":                  testChangeBounds,
		"changes of many journeys at the same time are kept":      testChangesConcurrently,
		"values are stored until their enrollment ends":           testValuesEnd,
		"fragments are versioned and never change":                testFragments,
		"fragments and their versions are bounded":                testFragmentsAreBounded,
		"templates are changed over their revision":               testTemplates,
		"templates are bounded":                                   testTemplatesAreBounded,
		"pictures are stored once by what they are":               testPictures,
		"values are an enrollment's own":                          testValues,
		"drafts follow one another":                               testDrafts,
		"the history of drafts is bounded":                        testDraftHistory,
		"values of an enrollment are bounded":                     testValuesAreBounded,
		"segments are stored, versioned and counted":              testSegments,
		"members of segments are counted, listed and due":         testMembers,
		"events are counted once, whatever their order":           testFacts,
		"a backfill advances from where it was":                   testBackfill,
		"a change overtakes the one that waits":                   testOvertakeChange,
		"campaigns begin once and advance from where they were":   testCampaigns,
		"schedules move on once":                                  testSchedules,
		"workspaces see nothing of each other":                    testWorkspaces,
		"nothing found is ErrNotFound":                            testNotFound,
		"a canceled context ends a call":                          testCanceled,
		"bad page tokens are refused":                             testBadPages,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// The workspaces of the suite.
const (
	acme  = "acme"
	other = "other"
)

// at is a moment that no store rounds.
var at = time.Date(2026, 11, 28, 11, 30, 0, 123456000, time.UTC)

// equal compares what came back with what went in.
func equal(t *testing.T, want, got any, opts ...cmp.Option) {
	t.Helper()
	opts = append(opts, cmpopts.EquateEmpty())
	require.Empty(t, cmp.Diff(want, got, opts...), "-want +got")
}

// concurrently runs do n times at once and returns the errors.
func concurrently(n int, do func(i int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	wg.Wait()
	return errors.Join(errs...)
}

// all reads every page of a list, limit at a time.
func all[T any](t *testing.T, limit int, list func(orchestrator.Page) ([]T, string, error)) []T {
	t.Helper()
	var found []T
	p := orchestrator.Page{Limit: limit}
	for range 1000 {
		part, next, err := list(p)
		require.NoError(t, err)
		require.LessOrEqual(t, len(part), limit)
		found = append(found, part...)
		if next == "" {
			return found
		}
		p.After = next
	}
	t.Fatal("the list has no end")
	return nil
}

func testAtomic(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	fail := errors.New("changed my mind")
	err := s.Atomic(ctx, func(ctx context.Context) error {
		_, err := s.PutCustomer(ctx, orchestrator.Customer{Workspace: acme, ID: "c_1"})
		require.NoError(t, err)
		_, err = s.Customer(ctx, acme, "c_1")
		require.NoError(t, err, "a transaction reads what it wrote")
		require.NoError(t, s.Audit(ctx, orchestrator.AuditRecord{Workspace: acme, Action: "customer.put"}))
		return fmt.Errorf("storing: %w", fail)
	})
	require.ErrorIs(t, err, fail)
	_, err = s.Customer(ctx, acme, "c_1")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	log, err := s.AuditLog(ctx, acme)
	require.NoError(t, err)
	require.Empty(t, log)

	require.NoError(t, s.Atomic(ctx, func(ctx context.Context) error {
		return s.Atomic(ctx, func(ctx context.Context) error {
			_, err := s.PutCustomer(ctx, orchestrator.Customer{Workspace: acme, ID: "c_1"})
			return err
		})
	}))
	_, err = s.Customer(ctx, acme, "c_1")
	require.NoError(t, err)

	require.Panics(t, func() {
		_ = s.Atomic(ctx, func(context.Context) error { panic("a bug") }) //nolint:forbidigo // what the test is about
	})
	_, err = s.PutCustomer(ctx, orchestrator.Customer{Workspace: acme, ID: "c_2"})
	require.NoError(t, err, "a panic leaves no lock behind")
}

func testCanceled(t *testing.T, s orchestrator.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.PutCustomer(ctx, orchestrator.Customer{Workspace: acme, ID: "c_1"})
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Journeys(ctx, acme)
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.PutCustomer(t.Context(), orchestrator.Customer{Workspace: acme, ID: "c_1"})
	require.NoError(t, err)
}

func testBadPages(t *testing.T, s orchestrator.Store) {
	for _, p := range []orchestrator.Page{{Limit: -1}, {After: "1"}, {After: "x y"}, {After: "YWZ0ZXI6LTA"}, {After: "YWZ0ZXI6MDE"}} {
		_, _, err := s.Customers(t.Context(), orchestrator.CustomerFilter{Workspace: acme}, p)
		require.ErrorIs(t, err, orchestrator.ErrInvalid, "%+v", p)
	}
	_, _, err := s.Customers(t.Context(), orchestrator.CustomerFilter{Workspace: acme}, orchestrator.Page{Limit: 1 << 30})
	require.NoError(t, err, "a limit above 500 gives 500")
}

func testNotFound(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"Journey":          func() error { _, err := s.Journey(ctx, acme, "x"); return err },
		"SetJourneyStatus": func() error { return s.SetJourneyStatus(ctx, acme, "x", orchestrator.JourneyPaused) },
		"VersionByDigest":  func() error { _, err := s.VersionByDigest(ctx, "x"); return err },
		"Versions":         func() error { _, err := s.Versions(ctx, acme, "x"); return err },
		"Plugin":           func() error { _, err := s.Plugin(ctx, acme, "x", ""); return err },
		"PluginByDigest":   func() error { _, err := s.PluginByDigest(ctx, acme, "x"); return err },
		"PluginKey":        func() error { _, err := s.PluginKey(ctx, acme, "x"); return err },
		"Module":           func() error { _, err := s.Module(ctx, "x"); return err },
		"Customer":         func() error { _, err := s.Customer(ctx, acme, "x"); return err },
		"CustomerByIdentity": func() error {
			_, err := s.CustomerByIdentity(ctx, acme, orchestrator.Identity{Kind: "phone", Value: "+1"})
			return err
		},
		"CustomerByCompanionToken": func() error { _, err := s.CustomerByCompanionToken(ctx, ""); return err },
		"EventsDone":               func() error { return s.EventsDone(ctx, []orchestrator.Event{{Seq: 1}}) },
		"ReplayEvent":              func() error { return s.ReplayEvent(ctx, acme, "x", "y") },
		"LatestPassage":            func() error { _, err := s.LatestPassage(ctx, acme, "x", "y", ""); return err },
		"QRLinkByToken":            func() error { _, err := s.QRLinkByToken(ctx, ""); return err },
		"Confirmation":             func() error { _, err := s.Confirmation(ctx, acme, "x"); return err },
		"EventFailed":              func() error { return s.EventFailed(ctx, 1, "x", at) },
		"Enrollment":               func() error { _, err := s.Enrollment(ctx, acme, "x"); return err },
		"Record":                   func() error { return s.Record(ctx, orchestrator.Progress{Workspace: acme, Enrollment: "x"}) },
		"JourneyLog":               func() error { _, err := s.JourneyLog(ctx, "x"); return err },
		"Live": func() error {
			_, err := s.Live(ctx, orchestrator.LiveFilter{Workspace: acme, Journey: "x"})
			return err
		},
		"StepCounts":          func() error { _, err := s.StepCounts(ctx, acme, "x"); return err },
		"Message":             func() error { _, err := s.Message(ctx, acme, "x"); return err },
		"MessageByMediaToken": func() error { _, err := s.MessageByMediaToken(ctx, ""); return err },
		"AnswerMessage":       func() error { return s.AnswerMessage(ctx, "x", "y", orchestrator.Event{Workspace: acme}) },
		"Secret":              func() error { _, err := s.Secret(ctx, acme, "x"); return err },
		"DeleteSecret":        func() error { return s.DeleteSecret(ctx, acme, "x") },
		"KVGet":               func() error { _, err := s.KVGet(ctx, acme, "p", "x"); return err },
		"PluginCall":          func() error { _, err := s.PluginCall(ctx, acme, "x"); return err },
		"Task":                func() error { _, err := s.Task(ctx, acme, "x"); return err },
		"EscalateTask":        func() error { _, _, err := s.EscalateTask(ctx, acme, "x", 1); return err },
		"CloseTask":           func() error { _, _, err := s.CloseTask(ctx, acme, "x", orchestrator.TaskEnd{}); return err },
		"Child":               func() error { _, err := s.Child(ctx, acme, "x", "y", 1); return err },
		"Parent":              func() error { _, err := s.Parent(ctx, acme, "x"); return err },
		"BulkJob":             func() error { _, err := s.BulkJob(ctx, acme, "x"); return err },
		"EndBulkJob":          func() error { return s.EndBulkJob(ctx, acme, "x", orchestrator.BulkDone) },
		"SettleBulkItem":      func() error { return s.SettleBulkItem(ctx, orchestrator.BulkItem{Job: "x"}) },
		"BulkItems":           func() error { _, _, err := s.BulkItems(ctx, acme, "x", "", orchestrator.Page{}); return err },
		"ExtendBulkJob": func() error {
			_, err := s.ExtendBulkJob(ctx, "x", orchestrator.BulkSelection{Workspace: acme})
			return err
		},
		"Segment":          func() error { _, err := s.Segment(ctx, acme, "x"); return err },
		"DeleteSegment":    func() error { return s.DeleteSegment(ctx, acme, "x") },
		"Members":          func() error { _, _, err := s.Members(ctx, acme, "x", orchestrator.Page{}); return err },
		"NumberedCustomer": func() error { _, err := s.NumberedCustomer(ctx, acme, "x"); return err },
		"SetMember": func() error {
			_, err := s.SetMember(ctx, orchestrator.Membership{Workspace: acme, Segment: "x", Customer: "c_1"}, true)
			return err
		},
		"Campaign": func() error { _, err := s.Campaign(ctx, acme, "x"); return err },
		"AddCampaign": func() error {
			_, _, err := s.AddCampaign(ctx, orchestrator.Campaign{Workspace: acme, Segment: "x"})
			return err
		},
		"SetCampaignState": func() error {
			_, err := s.SetCampaignState(ctx, acme, "x", nil, orchestrator.CampaignStopped)
			return err
		},
		"TokenByHash":   func() error { _, err := s.TokenByHash(ctx, ""); return err },
		"UseSignInLink": func() error { _, err := s.UseSignInLink(ctx, ""); return err },
	} {
		t.Run(name, func(t *testing.T) { require.ErrorIs(t, call(), orchestrator.ErrNotFound) })
	}
}

// testWorkspaces stores the same names in two workspaces (threat W01).
func testWorkspaces(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	phone := orchestrator.Identity{Kind: "phone", Value: "+8613800000001"}
	for _, w := range []string{acme, other} {
		_, err := s.PutCustomer(ctx, orchestrator.Customer{Workspace: w, ID: "c_1", Name: w, Identities: []orchestrator.Identity{phone}})
		require.NoError(t, err)
		_, err = s.Publish(ctx, version(w, "welcome", "d_"+w))
		require.NoError(t, err)
		fresh, err := s.AcceptEvents(ctx, []orchestrator.Event{{Workspace: w, Source: "s", ID: "1", Type: w, Subject: "c_1"}})
		require.NoError(t, err)
		require.Equal(t, []bool{true}, fresh)
		addEnrollment(t, s, orchestrator.Enrollment{ID: "e_" + w, Workspace: w, Customer: "c_1"})
		require.NoError(t, s.AddMessage(ctx, orchestrator.Message{ID: "m_1", Workspace: w, Customer: "c_1", Step: w}, orchestrator.Progress{}))
		_, err = s.Post(ctx, orchestrator.Posting{ID: "p", Workspace: w, Debit: "points:issued", Credit: "customer:c_1", Amount: int64(len(w))})
		require.NoError(t, err)
	}
	for _, w := range []string{acme, other} {
		c, err := s.CustomerByIdentity(ctx, w, phone)
		require.NoError(t, err)
		require.Equal(t, w, c.Name)
		customers, _, err := s.Customers(ctx, orchestrator.CustomerFilter{Workspace: w}, orchestrator.Page{})
		require.NoError(t, err)
		require.Len(t, customers, 1)
		j, err := s.Journey(ctx, w, "welcome")
		require.NoError(t, err)
		require.Equal(t, "d_"+w, j.Digest)
		require.EqualValues(t, 1, j.Open)
		events, _, err := s.Events(ctx, w, "c_1", orchestrator.Page{})
		require.NoError(t, err)
		require.Len(t, events, 1)
		require.Equal(t, w, events[0].Type)
		open, err := s.OpenEnrollments(ctx, w, "c_1")
		require.NoError(t, err)
		require.Len(t, open, 1)
		m, err := s.Message(ctx, w, "m_1")
		require.NoError(t, err)
		require.Equal(t, w, m.Step)
		n, err := s.Balance(ctx, w, "customer:c_1")
		require.NoError(t, err)
		require.EqualValues(t, len(w), n)
	}
	_, err := s.Enrollment(ctx, other, "e_"+acme)
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	err = s.Record(ctx, orchestrator.Progress{Workspace: other, Enrollment: "e_" + acme, Status: orchestrator.EnrollmentEnded})
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
}
