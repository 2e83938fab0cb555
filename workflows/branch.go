package workflows

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
)

// branch is one line of steps: the root, or an arm of a parallel block that is
// under way. Everything exported of it is data and survives continue-as-new;
// one coroutine per run follows it.
type branch struct {
	// ID is "" for the root, else the path to it: "block/arm/block/arm".
	ID     string `json:"id"`
	Cursor string `json:"cursor"` // the step being run; "" is the end
	// Begun: the step at the cursor has been entered, by this run or one before.
	Begun bool `json:"begun,omitempty"`
	// Rounds counts, for each repeat around the cursor, the rounds begun.
	Rounds   map[string]int         `json:"rounds,omitempty"`
	Wait     *openWait              `json:"wait,omitempty"`
	Incident *orchestrator.Incident `json:"incident,omitempty"` // open, or being resolved
	// Resolution is an operator's answer to the incident, not yet acted on.
	Resolution *orchestrator.Resolution `json:"resolution,omitempty"`
	Undo       []undoEntry              `json:"undo,omitempty"`  // newest last
	Shift      time.Duration            `json:"shift,omitempty"` // journey time minus real time
	// Ended is the place among its siblings in which the branch reached its end,
	// from 1; 0 while it has not.
	Ended int `json:"ended,omitempty"`
	// Withhold: messages on the way to the next wait are not sent; their time was
	// during a pause.
	Withhold bool `json:"withhold,omitempty"`
	// Lost: its parallel has been joined without it; what it did is undone.
	Lost bool `json:"lost,omitempty"`

	// cancel ends the step under way, in this run; nil between steps.
	cancel workflow.CancelFunc
	// expected is until when the branch will wait once the effect under way has
	// succeeded; zero when it will not.
	expected time.Time
	// given is what the step of a journey written in Go sees as vars; nil is the
	// journey's own.
	given map[string]any
}

// held tells whether the branch waits for an operator.
func (b *branch) held() bool { return b.Incident != nil && b.Incident.ResolvedAt.IsZero() }

// root is the branch of the journey itself.
func (r *run) root() *branch { return r.s.Branches[0] }

// prefix is what the ids of all branches begin with that b has opened.
func (b *branch) prefix() string {
	if b.ID == "" {
		return ""
	}
	return b.ID + "/"
}

// open opens an arm of the parallel block that b stands at.
func (r *run) open(b *branch, block, arm string) {
	r.s.Branches = append(r.s.Branches, &branch{
		ID: b.prefix() + block + "/" + arm, Cursor: r.program.ArmFirst(block, arm), Shift: b.Shift,
	})
}

// arms lists the branches that b's parallel block has opened, in their order;
// deep adds those that they have opened.
func (r *run) arms(b *branch, block string, deep bool) []*branch {
	var out []*branch
	prefix := b.prefix() + block + "/"
	for _, c := range r.s.Branches {
		if rest, ok := strings.CutPrefix(c.ID, prefix); ok && (deep || !strings.Contains(rest, "/")) {
			out = append(out, c)
		}
	}
	return out
}

// below lists b and everything it has opened, in the order of opening.
func (r *run) below(b *branch) []*branch {
	var out []*branch
	for _, c := range r.s.Branches {
		if c == b || strings.HasPrefix(c.ID, b.prefix()) {
			out = append(out, c)
		}
	}
	return out
}

// closeArms drops the branches of b's parallel block.
func (r *run) closeArms(b *branch, block string) {
	prefix := b.prefix() + block + "/"
	r.s.Branches = slices.DeleteFunc(r.s.Branches, func(c *branch) bool { return strings.HasPrefix(c.ID, prefix) })
}

// collapse ends all branches but the root, which inherits what they did. What
// lost arms did is owed an undo whatever happens next.
func (r *run) collapse(ctx workflow.Context, by string) {
	root := r.root()
	for _, b := range r.s.Branches {
		b.Wait, b.Rounds = nil, nil
		if b.Incident != nil {
			r.resolved(ctx, b, "exit", by)
		}
		switch {
		case b == root:
		case r.lost(b):
			r.s.Owed = append(r.s.Owed, b.Undo...)
		default:
			root.Undo = append(root.Undo, b.Undo...)
		}
		root.Shift = max(root.Shift, b.Shift)
	}
	bySeq(root.Undo)
	bySeq(r.s.Owed)
	root.Cursor, root.Begun = "", false
	r.s.Branches = r.s.Branches[:1]
}

// lost tells whether b or a branch around it has lost.
func (r *run) lost(b *branch) bool {
	return slices.ContainsFunc(r.s.Branches, func(c *branch) bool {
		return c.Lost && (c == b || strings.HasPrefix(b.ID, c.ID+"/"))
	})
}

// owe makes everything that was done owed an undo.
func (r *run) owe() {
	root := r.root()
	r.s.Owed = append(r.s.Owed, root.Undo...)
	bySeq(r.s.Owed)
	root.Undo = nil
}

func bySeq(entries []undoEntry) {
	slices.SortFunc(entries, func(a, b undoEntry) int { return cmp.Compare(a.Seq, b.Seq) })
}

// leaves are the branches that stand at a step of their own, in the order of
// opening: all but those that wait for what they have opened.
func (r *run) leaves() []*branch {
	var out []*branch
	for _, b := range r.s.Branches {
		if b.Cursor != "" && !b.Lost && len(r.arms(b, b.Cursor, false)) == 0 {
			out = append(out, b)
		}
	}
	return out
}
