package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func TestGuardrailFlags(t *testing.T) {
	t.Parallel()
	before := func() *qidongv1.Guardrails {
		return &qidongv1.Guardrails{
			Marketing: "needed", TimeZone: "Asia/Shanghai", Channels: []string{"handset"}, Patience: durationpb.New(time.Hour),
			Caps:  []*qidongv1.Cap{{Messages: 5, Per: durationpb.New(168 * time.Hour)}},
			Quiet: &qidongv1.QuietHours{From: "22:00", To: "08:00", Then: "delay"},
		}
	}
	for name, test := range map[string]struct {
		flags  guardrailFlags
		change func(*qidongv1.Guardrails)
		err    string
	}{
		"what is not said stays": {change: func(*qidongv1.Guardrails) {}},
		"caps replace those that were": {
			flags: guardrailFlags{caps: []string{"marketing:2/1d", "5/90m"}},
			change: func(g *qidongv1.Guardrails) {
				g.Caps = []*qidongv1.Cap{{Category: "marketing", Messages: 2, Per: durationpb.New(24 * time.Hour)}, {Messages: 5, Per: durationpb.New(90 * time.Minute)}}
			},
		},
		"all can be taken back": {
			flags:  guardrailFlags{caps: []string{"none"}, quiet: "none", channels: []string{"all"}},
			change: func(g *qidongv1.Guardrails) { g.Caps, g.Quiet, g.Channels = nil, nil, nil },
		},
		"everything": {
			flags: guardrailFlags{marketing: "assumed", quiet: "21:00-09:00/withhold", timeZone: "Europe/Berlin", patience: "2d"},
			change: func(g *qidongv1.Guardrails) {
				g.Marketing, g.TimeZone, g.Patience = "assumed", "Europe/Berlin", durationpb.New(48*time.Hour)
				g.Quiet = &qidongv1.QuietHours{From: "21:00", To: "09:00", Then: "withhold"}
			},
		},
		"hours without an end": {flags: guardrailFlags{quiet: "22:00"}, err: "22:00-08:00"},
		"a cap without a span": {flags: guardrailFlags{caps: []string{"5"}}, err: "--cap 5"},
		"a cap without number": {flags: guardrailFlags{caps: []string{"many/1d"}}, err: "5/7d"},
		"a patience of words":  {flags: guardrailFlags{patience: "long"}, err: "--patience"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := before()
			err := test.flags.apply(g)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			want := before()
			test.change(want)
			require.Empty(t, cmp.Diff(want, g, protocmp.Transform()))
		})
	}
}

func TestPrintGuardrails(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	printGuardrails(&out, &qidongv1.Guardrails{
		Marketing: "needed", Patience: durationpb.New(72 * time.Hour),
		Caps: []*qidongv1.Cap{{Category: "marketing", Messages: 2, Per: durationpb.New(24 * time.Hour)}, {Messages: 5, Per: durationpb.New(time.Hour)}},
	})
	require.Equal(t, `Marketing  consent is needed
Caps       marketing:2/1d, 5/1h0m0s
Quiet      none
Time zone  UTC, of customers who have none
Channels   all
Patience   3d
`, out.String())
}
