package ui

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/edit"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// weights are those of a split's arms beside each other, with the share of each
// and what they add up to. A weight is a share of the sum, whatever that is; it
// reads as a percentage when the sum is 100.
func (b *formBuilder) weights(path string) {
	elements, _ := b.doc.Value(path).([]any)
	var fields []view.StepField
	var list []int
	kept := -1
	for i, e := range elements {
		at, id := path+"["+strconv.Itoa(i)+"]", word(e, "id")
		if id != "" {
			at = path + "." + id
		}
		f := b.field("weight", at+".weight", "weight")
		if id != "" {
			f.Label = id
		}
		weight, err := strconv.Atoi(f.Value)
		if err != nil || weight < 0 || weight > journey.MaxWeight {
			weight = 0
		}
		for _, t := range b.touched {
			if t == f.Path && len(b.touched) == 1 {
				kept = i
			}
		}
		fields, list = append(fields, f), append(list, weight)
	}
	sum := 0
	for _, w := range list {
		sum += w
	}
	b.begin(i18n.T(b.ctx, "form.weights"))
	b.groups[len(b.groups)-1].Class = "shares"
	for i := range fields {
		if sum > 0 {
			fields[i].Help = share(list[i], sum)
		}
		b.add(fields[i])
	}
	f := view.StepField{Path: path + "#sum", Widget: "sum", Help: i18n.T(b.ctx, "form.sum.even", "n", strconv.Itoa(sum))}
	if even := balanced(list, kept); sum != 100 && even != nil {
		f.Help, f.Warn = i18n.T(b.ctx, "form.sum.uneven", "n", strconv.Itoa(sum)), true
		f.DoText = i18n.T(b.ctx, "form.balance")
		if kept >= 0 {
			f.DoText = i18n.T(b.ctx, "form.balance.rest", "arm", fields[kept].Label)
		}
		f.Do = setWeights(fields, list, even)
	}
	b.add(f)
}

// share is a part of a sum, with a digit after the point when it is not whole:
// what people balance must not look even when it is not.
func share(part, sum int) string {
	tenths := (part*2000 + sum) / (2 * sum)
	if tenths%10 == 0 {
		return strconv.Itoa(tenths/10) + "%"
	}
	return strconv.FormatFloat(float64(tenths)/10, 'f', 1, 64) + "%"
}

// balanced are weights that add up to 100, each 1 at least, in proportion to
// those given; that of the index kept stays as it is, if it can. nil when there
// are no such weights.
func balanced(weights []int, kept int) []int {
	n := len(weights)
	if n == 0 || n > 100 {
		return nil
	}
	if kept >= 0 && (weights[kept] < 1 || weights[kept] > 100-(n-1) || n == 1) {
		kept = -1
	}
	out, left, sum := make([]int, n), 100, 0
	var free []int
	for i, w := range weights {
		if i == kept {
			out[i], left = w, left-w
			continue
		}
		free = append(free, i)
		sum += max(w, 1)
	}
	// Each has 1; what is left is dealt out by what each ought to have, the
	// greatest part that is missing first.
	spare := left - len(free)
	rest := spare
	missing := make([]int, n)
	for _, i := range free {
		due := max(weights[i], 1) * left
		part := min(max(due/sum-1, 0), rest)
		out[i], rest = 1+part, rest-part
		missing[i] = due - out[i]*sum
	}
	slices.SortStableFunc(free, func(a, b int) int { return missing[b] - missing[a] })
	for i := 0; rest > 0; i, rest = i+1, rest-1 {
		out[free[i%len(free)]]++
	}
	return out
}

// setWeights are the commands that give arms other weights than they have.
func setWeights(fields []view.StepField, old, weights []int) string {
	var list []edit.Command
	for i, f := range fields {
		if weights[i] != old[i] {
			list = append(list, edit.Command{Op: edit.Set, Field: f.Path, Value: []byte(strconv.Itoa(weights[i]))})
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return ""
	}
	return string(text)
}
