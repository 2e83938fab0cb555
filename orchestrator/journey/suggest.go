package journey

import (
	"slices"
	"strings"
)

// suggest makes the mend for a name that does not exist out of those that do:
// the nearest, or all when none is near.
func suggest(name string, known []string) string {
	slices.Sort(known)
	best, distance := "", len(name)/2+1
	for _, k := range known {
		if d := editDistance(name, k); d < distance {
			best, distance = k, d
		}
	}
	switch {
	case best != "":
		return "Did you mean " + best + "?"
	case len(known) == 0:
		return ""
	case len(known) > 12:
		known = append(known[:12:12], "…")
	}
	return "Known are " + strings.Join(known, ", ") + "."
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
