// Command qidong is the whole platform in one binary: `qidong dev` runs it,
// the other commands talk to a running one.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/simulation/program"
)

// version is stamped by the build.
var version = "dev"

func main() { os.Exit(execute()) }

// execute is the whole program; it returns the exit status.
func execute() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := newRootCommand().ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var quiet exitError
	if errors.As(err, &quiet) {
		return quiet.code
	}
	if errors.Is(err, program.ErrReported) {
		return 1
	}
	fmt.Fprintln(os.Stderr, "qidong: "+err.Error())
	return 1
}

// exitError ends the process with a status when everything has been said.
type exitError struct{ code int }

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", e.code) }

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "qidong",
		Short:         "Qidong (契动) takes customers through whole journeys",
		Version:       buildVersion(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		newDevCommand(),
		newJourneyCommand(), newDraftCommand(), newFragmentCommand(), newPluginCommand(), newSecretCommand(), newEventCommand(), newEnrollmentCommand(), newIncidentCommand(),
		newTaskCommand(), newSurveyCommand(), newEntryCommand(), newConsentCommand(), newGuardrailCommand(),
		newCustomerCommand(), newSegmentCommand(), newCampaignCommand(),
		newDemoCommand(), newBenchCommand(),
	)
	return root
}

// buildVersion is the stamped version, else what the Go toolchain recorded.
func buildVersion() string {
	if version != "dev" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return version
}
