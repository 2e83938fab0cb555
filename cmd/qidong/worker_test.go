package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	temporalclient "go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// engineer is an installation beside which the worker of examples/worker runs,
// and somebody who types the commands of its README.
type engineer struct {
	*movers
	ctx    context.Context //nolint:containedctx // of the test
	worker *exec.Cmd
	client *client.Client
}

func newEngineer(ctx context.Context, t *testing.T) *engineer {
	t.Helper()
	e := &engineer{movers: &movers{installation: newInstallation(t)}, ctx: ctx}
	e.start()
	e.client = e.api()
	t.Cleanup(e.stopWorker)
	return e
}

// startWorker builds the example and runs it as its own process.
func (e *engineer) startWorker(args ...string) {
	e.t.Helper()
	program := filepath.Join(e.t.TempDir(), "worker")
	out, err := exec.CommandContext(e.ctx, "go", "build", "-o", program, "../../examples/worker").CombinedOutput()
	require.NoError(e.t, err, "%s", out)
	e.worker = exec.CommandContext(e.ctx, program, args...)
	e.worker.Stdout, e.worker.Stderr = e.output, e.output
	require.NoError(e.t, e.worker.Start())
}

func (e *engineer) stopWorker() {
	if e.worker != nil {
		_ = e.worker.Process.Kill()
		_ = e.worker.Wait()
		e.worker = nil
	}
}

// types runs a command of the README. ID is the enrollment meant, CUSTOMER the
// one whose id stands in for c_lin.
func (e *engineer) types(line, customer, id string) string {
	e.t.Helper()
	words := shellWords(line)
	for i, w := range words {
		switch {
		case w == "ID":
			words[i] = id
		case w == "ADDRESS":
			dev, err := readDevFile(e.dir)
			require.NoError(e.t, err)
			words[i] = dev.Temporal
		case w == "c_lin":
			words[i] = customer
		case strings.HasPrefix(w, "examples/"):
			words[i] = filepath.Join("..", "..", w)
		case strings.HasPrefix(w, "phone:"):
			words[i] = w[:len(w)-len(customer)] + strings.Map(func(r rune) rune { return '0' + r%10 }, customer)
		}
	}
	if words[0] == "go" {
		e.startWorker(slices.DeleteFunc(words[3:], func(w string) bool { return w == "&" })...)
		return ""
	}
	run := e.run
	if words[1] == "event" {
		run = e.runData
	}
	out, errs, err := run(e.ctx, words[1:]...)
	require.NoError(e.t, err, "%s\n%s%s", line, out, errs)
	return out
}

// shellWords splits a line at blanks, with 'quoted words' kept whole.
func shellWords(line string) (words []string) {
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// readme is the lines of the README's n-th block of commands.
func (e *engineer) readme(n int) []string {
	e.t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "examples", "worker", "README.md"))
	require.NoError(e.t, err)
	blocks := strings.Split(string(raw), "```sh\n")[1:]
	require.Less(e.t, n, len(blocks))
	block, _, _ := strings.Cut(blocks[n], "```")
	return strings.Split(strings.TrimSpace(block), "\n")
}

// enters lets a customer enter by the README's lines, and waits until the
// enrollment is as it should be.
func (e *engineer) enters(customer string, is func(*qidongv1.GetEnrollmentResponse) bool) string {
	e.t.Helper()
	e.types(e.readme(0)[2], customer, "")
	e.types(e.readme(0)[3], customer, "")
	var id string
	require.Eventually(e.t, func() bool {
		list, err := e.client.Enrollments.ListEnrollments(e.ctx, &qidongv1.ListEnrollmentsRequest{Journey: "welcome", CustomerId: customer})
		if err != nil || len(list.GetEnrollments()) != 1 {
			return false
		}
		id = list.GetEnrollments()[0].GetId()
		return true
	}, time.Minute, 100*time.Millisecond, "%s does not appear in the list", customer)
	e.until(id, "is where it should be", is)
	return id
}

// until waits for a condition of an enrollment.
func (e *engineer) until(id, what string, is func(*qidongv1.GetEnrollmentResponse) bool) *qidongv1.GetEnrollmentResponse {
	e.t.Helper()
	var seen *qidongv1.GetEnrollmentResponse
	ok := func() bool {
		view, err := e.client.Enrollments.GetEnrollment(e.ctx, &qidongv1.GetEnrollmentRequest{Id: id})
		if err == nil {
			seen = view
		}
		return err == nil && is(view)
	}
	for deadline := time.Now().Add(time.Minute); !ok(); {
		require.True(e.t, time.Now().Before(deadline), "%s: not in time: %s\n%s", id, what, seen)
		select {
		case <-e.ctx.Done():
			require.FailNow(e.t, "out of time", "%s: %s\n%s", id, what, seen)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return seen
}

func asked(v *qidongv1.GetEnrollmentResponse) bool {
	return v.GetEnrollment().GetStep() == "welcome_reply" && v.GetEnrollment().GetWaitUntilTime() != nil
}

func held(v *qidongv1.GetEnrollmentResponse) bool {
	return v.GetIncident().GetStep() == "sim_card" && v.GetEnrollment().GetStatus() == qidongv1.EnrollmentStatus_ENROLLMENT_STATUS_HELD
}

func endedAs(outcome string) func(*qidongv1.GetEnrollmentResponse) bool {
	return func(v *qidongv1.GetEnrollmentResponse) bool { return v.GetEnrollment().GetOutcome() == outcome }
}

// happened are the kinds of a journey log, with the steps.
func happened(v *qidongv1.GetEnrollmentResponse) (out []string) {
	for _, l := range v.GetLog() {
		out = append(out, strings.TrimSpace(l.GetKind()+" "+l.GetStep()))
	}
	return out
}

// TestWorker_IsRunAsItsReadmeSays runs the example as an engineer would: the
// server and the worker are processes, and what is typed is the README's.
func TestWorker_IsRunAsItsReadmeSays(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	e := newEngineer(ctx, t)
	begin := e.readme(0)
	e.types(begin[0], "", "")
	e.types(begin[1], "", "")
	lin := e.enters("c_lin", asked)
	require.Contains(t, e.types(begin[4], "", ""), lin)
	require.Contains(t, e.types(begin[5], "", ""), "welcome")

	look := e.readme(1)
	require.Contains(t, e.types(look[0], "", lin), "sim_card")
	e.types(look[1], "", "")
	e.until(lin, "it is paused", func(v *qidongv1.GetEnrollmentResponse) bool { return v.GetEnrollment().GetPaused() })
	e.types(look[2], "", "")
	e.until(lin, "it goes on", func(v *qidongv1.GetEnrollmentResponse) bool { return !v.GetEnrollment().GetPaused() && asked(v) })

	var ids []string
	t.Run("a failure is held for an operator, who retries, supplies or skips", func(t *testing.T) {
		e.fault("bank", "error", -1)
		answers := e.readme(2)
		for _, customer := range []string{"c_retry", "c_supply", "c_skip"} {
			ids = append(ids, e.enters(customer, held))
		}
		for _, id := range ids {
			require.Contains(t, e.types(answers[0], "", ""), id[:8])
		}
		e.fault("bank", "none", 0)
		for i, id := range ids {
			e.types(answers[1+i], "", id)
			e.until(id, "it goes on", asked)
		}
		got, err := e.client.Journeys.GetJourney(ctx, &qidongv1.GetJourneyRequest{Name: "welcome"})
		require.NoError(t, err)
		require.Zero(t, got.GetJourney().GetIncidents())
		require.EqualValues(t, 4, got.GetJourney().GetOpen())
		for _, c := range got.GetStepCounts() {
			if c.GetStep() == "welcome_reply" {
				require.EqualValues(t, 4, c.GetHere())
			}
		}
		leave := e.readme(3)
		e.types(leave[1], "", ids[0])
		require.Contains(t, happened(e.until(ids[0], "it is removed", endedAs("removed"))), "undone sim_card")
		_, _, err = e.run(ctx, "enrollment", "remove", ids[1])
		require.NoError(t, err)
		require.NotContains(t, happened(e.until(ids[1], "it is removed", endedAs("removed"))), "undone sim_card")
	})
	t.Run("an operator cannot move it, and is told why", func(t *testing.T) {
		_, errs, err := e.run(ctx, "enrollment", "move", lin, "--to", "bill")
		require.Error(t, err)
		require.Contains(t, errs, "only its own code knows")
	})
	t.Run("it goes on after its worker was killed, and an exit undoes what was done", func(t *testing.T) {
		e.stopWorker()
		e.types(e.readme(3)[0], "c_lin", "")
		e.types(begin[1], "", "")
		view := e.until(lin, "it ends", endedAs("left"))
		require.Equal(t, 1, strings.Count("\n"+strings.Join(happened(view), "\n"), "\ndone sim_card"))
		require.Contains(t, happened(view), "undone sim_card")
	})
	t.Run("a whole passage", func(t *testing.T) {
		out, errs, err := e.run(ctx, "enrollment", "start", "welcome", "--customer", "c_lin", "--test", "--pace", "1s")
		require.NoError(t, err, errs)
		id := strings.Fields(out)[0]
		for i := range 3 {
			e.until(id, "it waits for a bill", func(v *qidongv1.GetEnrollmentResponse) bool {
				return v.GetEnrollment().GetStep() == "bill" && strings.Count(strings.Join(happened(v), "\n"), "entered bill\n") <= i+1
			})
			_, errs, err := e.runData(ctx, "event", "send", "--type", "billing.issued", "--subject", "c_lin", "--data", `{"amount": 88}`)
			require.NoError(t, err, errs)
			e.until(id, "the bill is sent", func(v *qidongv1.GetEnrollmentResponse) bool {
				return strings.Count(strings.Join(happened(v), "\n"), "done bill_card") == i+1
			})
		}
		e.until(id, "it ends", endedAs("silent"))
		e.keep("passage", id)
	})
	e.keep("incident_left", ids[0])
	e.keep("worker_killed", lin)
}

// keep writes the history of an enrollment for the replay test of the example,
// when asked to.
func (e *engineer) keep(name, id string) {
	e.t.Helper()
	if !*update {
		return
	}
	dev, err := readDevFile(e.dir)
	require.NoError(e.t, err)
	c, err := temporalclient.DialContext(e.ctx, temporalclient.Options{HostPort: dev.Temporal, Namespace: namespace})
	require.NoError(e.t, err)
	defer c.Close()
	b, err := protojson.Marshal(history(e.ctx, e.t, c, id))
	require.NoError(e.t, err)
	dir := filepath.Join("..", "..", "examples", "worker", "histories")
	require.NoError(e.t, os.MkdirAll(dir, 0o750))
	require.NoError(e.t, os.WriteFile(filepath.Join(dir, name+".json"), b, 0o600))
}
