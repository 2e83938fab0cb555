package journey

import (
	"cmp"
	"slices"
	"strings"
)

// findings collects the problems of one source. It keeps the first
// [MaxProblems], so that a hostile source costs neither memory nor a reader's
// time.
type findings struct {
	list []Problem
	more bool // than the list holds, or not looked for any further
}

func (f *findings) add(p Problem) {
	if len(f.list) == MaxProblems {
		f.more = true
		return
	}
	f.list = append(f.list, p)
}

func (f *findings) empty() bool { return len(f.list) == 0 }

// full tells whether more problems would not be shown, so that whoever asks
// need not look for them.
func (f *findings) full() bool {
	f.more = f.more || len(f.list) == MaxProblems
	return f.more
}

// sorted returns the problems in the order of the source.
func (f *findings) sorted() []Problem {
	slices.SortStableFunc(f.list, func(a, b Problem) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column, strings.Compare(a.Path, b.Path), strings.Compare(a.Code, b.Code))
	})
	// A text given once for all languages has its problems once for each.
	f.list = slices.CompactFunc(f.list, func(a, b Problem) bool {
		return a.Line > 0 && a.Line == b.Line && a.Column == b.Column && a.Code == b.Code && a.Message == b.Message
	})
	if !f.more {
		return f.list
	}
	return append(f.list[:len(f.list):len(f.list)], Problem{Code: "TOO_MANY_PROBLEMS"}.Saying(
		Say("There may be more problems than the first %d.", MaxProblems), Say("Mend these first.")))
}

// suggest makes the mend for a name that does not exist out of those that do:
// the nearest, or all when none is near. It says nothing when nobody will read it.
func (f *findings) suggest(name string, known []string) Sentence {
	if f.full() {
		return Sentence{}
	}
	slices.Sort(known)
	best, distance := "", len(name)/2+1
	for _, k := range known {
		if d := editDistance(name, k); d < distance {
			best, distance = k, d
		}
	}
	switch {
	case best != "":
		return Say("Did you mean %s?", best)
	case len(known) == 0:
		return Sentence{}
	case len(known) > 12:
		known = append(known[:12:12], "…")
	}
	return Say("Known are %s.", strings.Join(known, ", "))
}

// editDistance is Levenshtein's, over bytes; names are short.
func editDistance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
