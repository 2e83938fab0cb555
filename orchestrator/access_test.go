package orchestrator_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// TestW02 walks every use case that takes an actor, with actors that may not.
func TestW02_NobodyMayWithoutTheScope(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	type call func(context.Context, orchestrator.Actor) error
	calls := map[string]call{
		"ValidateJourney": func(ctx context.Context, a orchestrator.Actor) error {
			_, _, err := h.ValidateJourney(ctx, a, nil)
			return err
		},
		"PublishJourney": func(ctx context.Context, a orchestrator.Actor) error {
			_, err := h.PublishJourney(ctx, a, nil)
			return err
		},
		"Journeys":         func(ctx context.Context, a orchestrator.Actor) error { _, err := h.Journeys(ctx, a); return err },
		"Journey":          func(ctx context.Context, a orchestrator.Actor) error { _, _, err := h.Journey(ctx, a, "x"); return err },
		"SetJourneyStatus": func(ctx context.Context, a orchestrator.Actor) error { return h.SetJourneyStatus(ctx, a, "x", "live") },
		"StepCounts":       func(ctx context.Context, a orchestrator.Actor) error { _, err := h.StepCounts(ctx, a, "x"); return err },
		"Live": func(ctx context.Context, a orchestrator.Actor) error {
			_, err := h.Live(ctx, a, orchestrator.LiveFilter{Journey: "x"})
			return err
		},
		"Stays": func(ctx context.Context, a orchestrator.Actor) error {
			_, _, err := h.Stays(ctx, a, orchestrator.LiveFilter{Journey: "x", Step: "y"}, orchestrator.Page{})
			return err
		},
		"UploadPlugin": func(ctx context.Context, a orchestrator.Actor) error {
			_, err := h.UploadPlugin(ctx, a, nil, nil, nil)
			return err
		},
		"Plugins": func(ctx context.Context, a orchestrator.Actor) error { _, err := h.Plugins(ctx, a); return err },
		"PutCustomer": func(ctx context.Context, a orchestrator.Actor) error {
			_, err := h.PutCustomer(ctx, a, orchestrator.Customer{})
			return err
		},
		"Customer": func(ctx context.Context, a orchestrator.Actor) error { _, err := h.Customer(ctx, a, "x"); return err },
		"Customers": func(ctx context.Context, a orchestrator.Actor) error {
			_, _, err := h.Customers(ctx, a, "", orchestrator.Page{})
			return err
		},
		"Messages": func(ctx context.Context, a orchestrator.Actor) error {
			_, _, err := h.Messages(ctx, a, "x", orchestrator.Page{})
			return err
		},
		"LatestMessages": func(ctx context.Context, a orchestrator.Actor) error {
			_, err := h.LatestMessages(ctx, a, "x", 1)
			return err
		},
		"Week": func(ctx context.Context, a orchestrator.Actor) error { _, err := h.Week(ctx, a); return err },
		"Receipt": func(ctx context.Context, a orchestrator.Actor) error {
			return h.Receipt(ctx, a, "x", orchestrator.ReceiptDelivered, "x")
		},
		"Reply": func(ctx context.Context, a orchestrator.Actor) error { return h.Reply(ctx, a, "x", "x", "x") },
		"Events": func(ctx context.Context, a orchestrator.Actor) error {
			_, _, err := h.Events(ctx, a, "", orchestrator.Page{})
			return err
		},
		"Enroll": func(ctx context.Context, a orchestrator.Actor) error {
			_, err := h.Enroll(ctx, a, orchestrator.EnrollRequest{})
			return err
		},
		"Enrollments": func(ctx context.Context, a orchestrator.Actor) error {
			_, _, err := h.Enrollments(ctx, a, orchestrator.EnrollmentFilter{Workspace: acme}, orchestrator.Page{})
			return err
		},
		"Enrollment": func(ctx context.Context, a orchestrator.Actor) error { _, err := h.Enrollment(ctx, a, "x"); return err },
		"Incidents": func(ctx context.Context, a orchestrator.Actor) error {
			_, _, err := h.Incidents(ctx, a, true, orchestrator.Page{})
			return err
		},
		"Resolve": func(ctx context.Context, a orchestrator.Actor) error {
			return h.Resolve(ctx, a, "x", orchestrator.Resolution{})
		},
		"Stalled": func(ctx context.Context, a orchestrator.Actor) error { _, err := h.Stalled(ctx, a); return err },
	}
	actors := map[string]orchestrator.Actor{
		"nobody":       {},
		"no scope":     {Workspace: acme, Name: "eve"},
		"events only":  {Workspace: acme, Name: "partner", Scopes: []string{orchestrator.ScopeEvents}},
		"no workspace": {Name: "eve", Scopes: []string{orchestrator.ScopeAdmin}},
		"odd scope":    {Workspace: acme, Name: "eve", Scopes: []string{"ADMIN", ""}},
	}
	for name, do := range calls {
		for who, actor := range actors {
			require.ErrorIs(t, do(t.Context(), actor), orchestrator.ErrForbidden, "%s as %s", name, who)
		}
		if err := do(t.Context(), admin); err != nil {
			require.NotErrorIs(t, err, orchestrator.ErrForbidden, "%s as admin", name)
		}
	}
	accept := func(a orchestrator.Actor) error {
		_, err := h.AcceptEvents(t.Context(), a, []orchestrator.Event{{Source: "s", ID: "1", Type: "t"}})
		return err
	}
	for who, actor := range actors {
		if err := accept(actor); who == "events only" {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, orchestrator.ErrForbidden, who)
		}
	}
	require.NoError(t, accept(admin))
}

// TestW01 asks for another workspace's things by their ids.
func TestW01_AnotherWorkspaceIsNotFound(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publish(t, "welcome")
	h.customer(t, "c_1")
	e, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1"})
	require.NoError(t, err)
	stranger := orchestrator.Actor{Workspace: "other", Name: "eve", Scopes: []string{orchestrator.ScopeAdmin}}
	ctx := t.Context()
	_, _, journeyErr := h.Journey(ctx, stranger, "welcome")
	_, countsErr := h.StepCounts(ctx, stranger, "welcome")
	_, customerErr := h.Customer(ctx, stranger, "c_1")
	_, enrollmentErr := h.Enrollment(ctx, stranger, e.ID)
	_, _, messagesErr := h.Messages(ctx, stranger, "c_1", orchestrator.Page{})
	_, _, eventsErr := h.Events(ctx, stranger, "c_1", orchestrator.Page{})
	_, enrollErr := h.Enroll(ctx, stranger, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1"})
	for _, err := range []error{
		journeyErr, countsErr, customerErr, enrollmentErr, messagesErr, eventsErr, enrollErr,
		h.SetJourneyStatus(ctx, stranger, "welcome", orchestrator.JourneyPaused),
		h.Resolve(ctx, stranger, e.ID, orchestrator.Resolution{Action: "retry"}),
	} {
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
	}
	list, _, err := h.Enrollments(ctx, stranger, orchestrator.EnrollmentFilter{Workspace: acme}, orchestrator.Page{})
	require.NoError(t, err)
	require.Empty(t, list, "a filter does not choose the workspace")
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	secret, err := h.NewToken(ctx, acme, "partner", []string{orchestrator.ScopeEvents})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(secret), 43, "256 bits")
	a, err := h.Authenticate(ctx, secret)
	require.NoError(t, err)
	require.Equal(t, orchestrator.Actor{Workspace: acme, Name: "partner", Scopes: []string{"events"}}, a)

	for _, wrong := range []string{"", secret + "x", secret[:20], "' OR 1=1 --"} {
		_, err := h.Authenticate(ctx, wrong)
		require.ErrorIs(t, err, orchestrator.ErrUnauthorized)
		if wrong != "" {
			require.NotContains(t, err.Error(), wrong, "a secret is never in an error")
		}
	}
	_, err = h.NewToken(ctx, acme, "x", []string{"root"})
	require.ErrorIs(t, err, orchestrator.ErrInvalid)

	known := "a-secret-that-a-file-keeps-for-us"
	require.NoError(t, h.EnsureToken(ctx, acme, "dev", known, []string{orchestrator.ScopeAdmin}))
	require.NoError(t, h.EnsureToken(ctx, acme, "dev", known, []string{orchestrator.ScopeAdmin}))
	a, err = h.Authenticate(ctx, known)
	require.NoError(t, err)
	require.Equal(t, "dev", a.Name)
	require.ErrorIs(t, h.EnsureToken(ctx, acme, "dev", "short", nil), orchestrator.ErrInvalid)

	log, err := h.store.AuditLog(ctx, acme)
	require.NoError(t, err)
	created := 0
	for _, r := range log {
		require.NotContains(t, string(r.Detail)+r.Object, known)
		if r.Action == "token.create" {
			created++
		}
	}
	require.Equal(t, 2, created)
}

func TestAuthenticate_AnExpiredTokenIsRefused(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	now := time.Now()
	require.NoError(t, h.store.PutToken(t.Context(), orchestrator.Token{
		Workspace: acme, Name: "old", Hash: orchestrator.HashSecret("secret"), ExpiresAt: now.Add(time.Hour),
	}))
	_, err := h.Authenticate(t.Context(), "secret")
	require.NoError(t, err)
	later := orchestrator.NewService(orchestrator.Deps{Store: h.store, Now: func() time.Time { return now.Add(time.Hour) }})
	_, err = later.Authenticate(t.Context(), "secret")
	require.ErrorIs(t, err, orchestrator.ErrUnauthorized)
	require.ErrorContains(t, err, "expired")
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	secret, err := h.NewSignInLink(t.Context(), acme)
	require.NoError(t, err)
	a, err := h.SignIn(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, acme, a.Workspace)
	_, err = h.Journeys(t.Context(), a)
	require.NoError(t, err)
	for _, wrong := range []string{secret, "", "x"} {
		_, err := h.SignIn(t.Context(), wrong)
		require.ErrorIs(t, err, orchestrator.ErrUnauthorized, "a link works once")
	}
	long := orchestrator.NewService(orchestrator.Deps{Store: h.store, Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	secret, err = long.NewSignInLink(t.Context(), acme)
	require.NoError(t, err)
	_, err = h.SignIn(t.Context(), secret)
	require.ErrorIs(t, err, orchestrator.ErrUnauthorized, "a link works for 15 minutes")
	require.NotErrorIs(t, err, orchestrator.ErrNotFound)
}
