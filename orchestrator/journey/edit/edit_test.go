package edit

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/qidong/qidong/orchestrator/journey"
)

const film = `# A film night.
qidong: v1
journey: film
title: {en: Film, zh-CN: 电影}
entry: {event: {type: film.wanted}}
steps:
  # the promotion
  - id: offer
    send: {category: marketing, text: {en: "Film?", zh-CN: 看电影？}} # short
  - id: answer
    wait:
      arms:
        - id: "yes"
          reply: offer
          steps:
            - id: book
              call: {action: cinema.book, with: {seats: "${steps.answer.event.data.value}"}}
        - {id: never, after: 1d}
  - id: end
    exit: {outcome: "steps.answer is a text"}
`

func parse(t require.TestingT, source string) *Document {
	d, problem := Parse([]byte(source))
	require.Nil(t, problem)
	return d
}

func apply(t *testing.T, d *Document, c Command) (*Document, Change) {
	t.Helper()
	out, change, err := Apply(d, c)
	require.NoError(t, err)
	again := parse(t, string(out.Source()))
	require.Equal(t, string(out.Source()), string(again.Source()), "what is written is read as the same")
	return out, change
}

func TestApply(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		command Command
		steps   string   // afterwards, in order
		holds   []string // of the source
		lacks   []string
	}{
		"a step goes after another": {
			command: Command{Op: Insert, Kind: "wait", Place: &Place{After: "offer"}},
			steps:   "offer wait answer book end",
		},
		"a step goes first into an arm": {
			command: Command{Op: Insert, Kind: "call:cinema.hold_seats", Place: &Place{In: "answer", Arm: "yes"}},
			steps:   "offer answer hold_seats book end", holds: []string{"action: cinema.hold_seats"},
		},
		"an arm without steps gets its first": {
			command: Command{Op: Insert, Kind: "exit", Place: &Place{In: "answer", Arm: "never"}},
			steps:   "offer answer book end_2 end",
		},
		"an error arm is made when something goes into it": {
			command: Command{Op: Insert, Kind: "exit", Place: &Place{In: "book", Arm: "failed"}},
			steps:   "offer answer book end_2 end", holds: []string{"failed:"},
		},
		"without a place a step is the first": {
			command: Command{Op: Insert, Kind: "send"}, steps: "send offer answer book end",
		},
		"an id that is taken gets a number": {
			command: Command{Op: Insert, Kind: "exit", ID: "end", Place: &Place{After: "end"}}, steps: "offer answer book end end_2",
		},
		"a field is set, with the comments that stand there": {
			command: Command{Op: Set, Field: "steps.offer.send.text.en", Value: json.RawMessage(`"A film?"`)},
			steps:   "offer answer book end", holds: []string{"A film?", "# short", "# the promotion", "# A film night."},
		},
		"a text that looks like a number stays a text": {
			command: Command{Op: Set, Field: "steps.offer.send.text.en", Value: json.RawMessage(`"007"`)},
			steps:   "offer answer book end", holds: []string{`en: "007"`},
		},
		"a field of an arm is found by the arm's id": {
			command: Command{Op: Set, Field: "steps.answer.wait.arms.never.after", Value: json.RawMessage(`"2d"`)},
			steps:   "offer answer book end", holds: []string{"after: 2d"},
		},
		"what is missing on the way is made": {
			command: Command{Op: Set, Field: "guardrails.quiet.from", Value: json.RawMessage(`"22:00"`)},
			steps:   "offer answer book end", holds: []string{"guardrails:\n  quiet:\n    from: 22:00"},
		},
		"null removes a field and what it empties": {
			command: Command{Op: Set, Field: "steps.book.call.with.seats", Value: json.RawMessage(`null`)},
			steps:   "offer answer book end", lacks: []string{"with:"},
		},
		"a block goes with what is in it": {
			command: Command{Op: Delete, Steps: []string{"answer", "book"}}, steps: "offer end",
		},
		"a step moves out of its block": {
			command: Command{Op: Move, Steps: []string{"book"}, Place: &Place{After: "end"}}, steps: "offer answer end book",
		},
		"several steps move together": {
			command: Command{Op: Move, Steps: []string{"offer", "end"}, Place: &Place{In: "answer", Arm: "never"}}, steps: "answer book offer end",
		},
		"a step that moves after itself stays": {
			command: Command{Op: Move, Steps: []string{"offer"}, Place: &Place{After: "offer"}}, steps: "offer answer book end",
		},
		"a copy has ids of its own and speaks of its own steps": {
			command: Command{Op: Duplicate, Steps: []string{"answer"}},
			steps:   "offer answer book answer_2 book_2 end",
			holds:   []string{"${steps.answer_2.event.data.value}", "${steps.answer.event.data.value}"},
		},
		"another name is known wherever the step is spoken of": {
			command: Command{Op: Rename, Steps: []string{"answer"}, ID: "reply"}, steps: "offer reply book end",
			holds: []string{"${steps.reply.event.data.value}", "steps.answer is a text"},
		},
		"and where its reply is waited for": {
			command: Command{Op: Rename, Steps: []string{"offer"}, ID: "promo"}, steps: "promo answer book end",
			holds: []string{"reply: promo"},
		},
		"a step is switched off": {
			command: Command{Op: Disable, Steps: []string{"book"}}, steps: "offer answer book end", holds: []string{"disabled: true"},
		},
		"a block gets another arm": {
			command: Command{Op: AddArm, Steps: []string{"answer"}}, steps: "offer answer book end", holds: []string{"id: arm_3"},
		},
		"an arm goes with its steps": {
			command: Command{Op: RemoveArm, Steps: []string{"answer"}, Arm: "yes"}, steps: "offer answer end",
		},
		"steps are pasted from another journey": {
			command: Command{Op: Paste, Place: &Place{After: "end"}, Source: "- {id: offer, send: {}}\n- {id: next, wait: {arms: [{id: a, reply: offer}]}}"},
			steps:   "offer answer book end offer_2 next", holds: []string{"reply: offer_2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := parse(t, film)
			before := string(d.Source())
			out, _ := apply(t, d, c.command)
			require.Equal(t, c.steps, strings.Join(out.Steps(), " "))
			for _, s := range c.holds {
				require.Contains(t, string(out.Source()), s)
			}
			for _, s := range c.lacks {
				require.NotContains(t, string(out.Source()), s)
			}
			require.Equal(t, before, string(d.Source()), "the document itself never changes")
		})
	}
}

// TestApply_AMessageHasOneBody: a new message has an empty text, which goes when
// it gets a card. What is written is never taken away.
func TestApply_AMessageHasOneBody(t *testing.T) {
	t.Parallel()
	const source = "steps:\n  - {id: a, send: {category: service, text: %s}}\n"
	for text, goes := range map[string]bool{`""`: true, `{en: "", zh-CN: ""}`: true, `{en: "", zh-CN: 你好}`: false, `{en: Hello}`: false} {
		for _, body := range []string{"card", "carousel"} {
			d, _ := apply(t, parse(t, fmt.Sprintf(source, text)), Command{Op: Set, Field: "steps.a.send." + body, Value: json.RawMessage(`{}`)})
			require.Equal(t, !goes, strings.Contains(string(d.Source()), "text:"), "%s and a %s: %s", text, body, d.Source())
		}
	}
	d, _ := apply(t, parse(t, fmt.Sprintf(source, `""`)), Command{Op: Set, Field: "steps.a.note", Value: json.RawMessage(`"x"`)})
	require.Contains(t, string(d.Source()), "text:", "another field is no body")
}

func TestApply_Refuses(t *testing.T) {
	t.Parallel()
	d := parse(t, film)
	for name, c := range map[string]struct {
		command Command
		want    error
	}{
		"a step that is gone":              {Command{Op: Delete, Steps: []string{"nobody"}}, ErrGone},
		"a place that is gone":             {Command{Op: Insert, Kind: "exit", Place: &Place{After: "nobody"}}, ErrGone},
		"an arm that is gone":              {Command{Op: Insert, Kind: "exit", Place: &Place{In: "answer", Arm: "nobody"}}, ErrGone},
		"a field of a step that is gone":   {Command{Op: Set, Field: "steps.nobody.note", Value: json.RawMessage(`"x"`)}, ErrGone},
		"an unknown kind":                  {Command{Op: Insert, Kind: "dance"}, ErrCommand},
		"an unknown command":               {Command{Op: "dance"}, ErrCommand},
		"a value that is not JSON":         {Command{Op: Set, Field: "journey", Value: json.RawMessage(`{`)}, ErrCommand},
		"two values":                       {Command{Op: Set, Field: "journey", Value: json.RawMessage(`1,2`)}, ErrCommand},
		"a block that moves into itself":   {Command{Op: Move, Steps: []string{"answer"}, Place: &Place{In: "answer", Arm: "yes"}}, ErrCommand},
		"a block that moves behind within": {Command{Op: Move, Steps: []string{"answer"}, Place: &Place{After: "book"}}, ErrCommand},
		"an id that another step has":      {Command{Op: Rename, Steps: []string{"offer"}, ID: "end"}, ErrCommand},
		"an id that is none":               {Command{Op: Rename, Steps: []string{"offer"}, ID: "The End"}, ErrCommand},
		"a step's id as a field":           {Command{Op: Set, Field: "steps.offer.id", Value: json.RawMessage(`"end"`)}, ErrCommand},
		"no source":                        {Command{Op: Replace, Source: "- a list"}, ErrCommand},
		"pasted text that is no step":      {Command{Op: Paste, Source: "hello"}, ErrCommand},
		"a path that is none":              {Command{Op: Set, Field: "steps..a", Value: json.RawMessage(`1`)}, ErrCommand},
		"an alias that is pasted":          {Command{Op: Paste, Source: "- &a {id: x, exit: *a}"}, ErrCommand},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := Apply(d, c.command)
			require.ErrorIs(t, err, c.want)
		})
	}
}

// New steps lack only what a designer alone knows: what is there is right.
func TestNewSteps(t *testing.T) {
	t.Parallel()
	for _, k := range journey.Kinds() {
		d, _ := apply(t, parse(t, film), Command{Op: Insert, Kind: string(k), Place: &Place{After: "offer"}})
		_, problems := journey.Decode(d.Source())
		require.Empty(t, problems, k)
	}
}

func TestExamplesKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../examples/journeys/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		if strings.Count(filepath.Base(file), ".") > 1 { // tests and behaviors
			continue
		}
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		d := parse(t, string(src))
		before, _ := journey.Decode(src)
		after, problems := journey.Decode(d.Source())
		require.Empty(t, problems, file)
		require.Equal(t, before.Definition, after.Definition, file)
		require.Equal(t, strings.Count(string(src), "# "), strings.Count(string(d.Source()), "# "), "comments of %s", file)
	}
}

// Whatever is done, the steps that are there are those that were added and not
// removed, each with an id of its own.
func TestApply_LosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := parse(t, film)
		have := map[string]bool{}
		for _, id := range d.Steps() {
			have[id] = true
		}
		for range rapid.IntRange(1, 25).Draw(t, "commands") {
			c := drawCommand(t, d)
			next, change, err := Apply(d, c)
			if err != nil {
				continue
			}
			for _, id := range change.Added {
				require.False(t, have[id], "%s is new", id)
				have[id] = true
			}
			for _, id := range change.Removed {
				require.True(t, have[id], "%s was there", id)
				delete(have, id)
			}
			if c.Op == Rename {
				delete(have, c.Steps[0])
				have[c.ID] = true
			}
			d = parse(t, string(next.Source()))
			steps := d.Steps()
			require.Len(t, steps, len(have), "after %+v", c)
			for _, id := range steps {
				require.True(t, have[id], "%s after %+v", id, c)
			}
		}
	})
}

func drawCommand(t *rapid.T, d *Document) Command {
	step := func(label string) string { return rapid.SampledFrom(append(d.Steps(), "nobody")).Draw(t, label) }
	kinds := []string{"wait", "choose", "send", "call:cinema.book", "repeat", "exit", "task"}
	place := rapid.SampledFrom([]*Place{
		nil, {After: step("after")}, {In: step("in"), Arm: rapid.SampledFrom([]string{"yes", "later", "otherwise", "round", "failed", "done", "x"}).Draw(t, "arm")},
	}).Draw(t, "place")
	ops := []Op{Insert, Delete, Move, Duplicate, Paste, Rename, Disable, Enable, AddArm, RemoveArm, Set}
	c := Command{
		Op: rapid.SampledFrom(ops).Draw(t, "op"), Place: place, Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
		Steps: []string{step("step")}, Source: "- {id: offer, wait: {arms: [{id: yes, steps: [{id: book, exit: {}}]}]}}",
		Arm: rapid.SampledFrom([]string{"yes", "never", "later", "otherwise"}).Draw(t, "lost"),
	}
	switch c.Op {
	case Rename:
		c.ID = rapid.SampledFrom([]string{"a", "b", "offer"}).Draw(t, "id")
		if slices.Contains(d.Steps(), c.ID) {
			c.ID = "z" + strings.Repeat("z", rapid.IntRange(1, 40).Draw(t, "long"))
		}
	case Set:
		c.Field, c.Value = "steps."+c.Steps[0]+".note", json.RawMessage(`"a # note: with \"signs\"\nand lines"`)
	case Delete, Move:
		c.Steps = append(c.Steps, step("another"))
	}
	return c
}

func FuzzApply(f *testing.F) {
	f.Add(film, `{"op":"insert","kind":"wait"}`)
	f.Add(film, `{"op":"set","field":"steps.offer.send.text.en","value":"x"}`)
	f.Add("steps: [{id: a, wait: {arms: 3}}]", `{"op":"add_arm","steps":["a"]}`)
	f.Add("steps: {id: a}\nexit: [1]", `{"op":"set","field":"exit[0].id","value":"x"}`)
	f.Fuzz(func(t *testing.T, source, command string) {
		d, problem := Parse([]byte(source))
		var c Command
		if problem != nil || json.Unmarshal([]byte(command), &c) != nil {
			return
		}
		out, _, err := Apply(d, c)
		if err != nil {
			return
		}
		if _, problem := Parse(out.Source()); problem != nil {
			t.Fatalf("after %s the source cannot be read: %s\n%s", command, problem, out.Source())
		}
	})
}

func BenchmarkApply(b *testing.B) {
	for name, n := range map[string]int{"30": 30, "200": 200, "1000": 1000} {
		b.Run(name, func(b *testing.B) {
			d := parse(b, film)
			for range n {
				next, _, err := Apply(d, Command{Op: Insert, Kind: "send", Place: &Place{After: "offer"}})
				require.NoError(b, err)
				d = next
			}
			b.ResetTimer()
			for b.Loop() {
				next, _, err := Apply(d, Command{Op: Set, Field: "steps.offer.send.text.en", Value: json.RawMessage(`"x"`)})
				if err != nil {
					b.Fatal(err)
				}
				_ = next.Source()
			}
		})
	}
}
