package simulation

import (
	"fmt"
	"slices"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// GuardBehavior is the workspace's guardrails; see orchestrator.Guardrails.
type GuardBehavior struct {
	Marketing string      `yaml:"marketing"` // needed | assumed (the default here)
	Caps      []GuardCap  `yaml:"caps"`
	Quiet     *QuietHours `yaml:"quiet"`
	TimeZone  string      `yaml:"timezone"`
	Channels  []string    `yaml:"channels"`
	Patience  Duration    `yaml:"patience"`
}

// GuardCap is at most Messages in any span of Per.
type GuardCap struct {
	Category string   `yaml:"category"`
	Messages int      `yaml:"messages"`
	Per      Duration `yaml:"per"`
}

// QuietHours are hours in which no message is sent.
type QuietHours struct {
	From string `yaml:"from"`
	To   string `yaml:"to"`
	Then string `yaml:"then"`
}

func (g *GuardBehavior) rails() orchestrator.Guardrails {
	out := orchestrator.Guardrails{
		Marketing: g.Marketing, TimeZone: g.TimeZone, Channels: g.Channels, Patience: journey.Duration(g.Patience),
	}
	if out.Marketing == "" {
		out.Marketing = orchestrator.ConsentAssumed
	}
	for _, c := range g.Caps {
		out.Caps = append(out.Caps, orchestrator.GuardCap{Category: c.Category, Messages: c.Messages, Per: journey.Duration(c.Per)})
	}
	if q := g.Quiet; q != nil {
		out.Quiet = &journey.Quiet{From: q.From, To: q.To, Then: q.Then}
		if q.Then == "" {
			out.Quiet.Then = journey.QuietDelay
		}
	}
	return out
}

func (g *GuardBehavior) check(r *reader, path string) {
	if g == nil {
		return
	}
	if !slices.Contains([]string{"", orchestrator.ConsentNeeded, orchestrator.ConsentAssumed}, g.Marketing) {
		r.problem(join(path, "marketing"), "BAD_VALUE", fmt.Sprintf("%.40q is neither needed nor assumed.", g.Marketing), "")
	}
	for i, c := range g.Caps {
		if c.Messages < 1 || c.Messages > 1000 || c.Per <= 0 || c.Category != "" && !slices.Contains(orchestrator.Categories(), c.Category) {
			r.problem(fmt.Sprintf("%s[%d]", join(path, "caps"), i), "BAD_VALUE", "This is no cap.", "Write messages: 1 to 1000, per: a duration and, if you like, category: marketing or service.")
		}
	}
	if q := g.Quiet; q != nil {
		if _, _, err := (&journey.Quiet{From: q.From, To: q.To, Then: q.Then}).Ends(defaultStart, "UTC"); err != nil {
			r.problem(join(path, "quiet"), "BAD_VALUE", "These are no quiet hours: "+err.Error()+".", `Write from: "22:00" and to: "08:00".`)
		}
		if !slices.Contains([]string{"", journey.QuietDelay, journey.QuietWithhold}, q.Then) {
			r.problem(join(path, "quiet.then"), "BAD_VALUE", fmt.Sprintf("%.40q is neither delay nor withhold.", q.Then), "")
		}
	}
}

// checkConsents finds decisions that there are not.
func (k Kind) checkConsents(r *reader, path string) {
	for _, category := range sortedKeys(k.Consents) {
		state := orchestrator.ConsentState(k.Consents[category])
		known := slices.Contains([]orchestrator.ConsentState{orchestrator.ConsentGranted, orchestrator.ConsentDenied, orchestrator.ConsentStopped}, state)
		if !known || !slices.Contains(orchestrator.Categories(), category) {
			r.problem(path+".consents."+category, "BAD_VALUE", fmt.Sprintf("%.40q is no decision about messages of the category %.40q.", state, category), "Write granted, denied or stopped for marketing, service or transactional.")
		}
	}
}
