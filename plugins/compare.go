package plugins

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/qidong/qidong/sdk/abi"
)

// Difference is one thing that two recordings of a call do not have in common.
type Difference struct {
	// What differs: "output", "error", "request", "log", "fuel", "memory" or
	// "stack".
	What string `json:"what"`
	// Path is where in it: "seats[0].row" of an output, "code" of an error, "3"
	// for the third request, "2" for the second line of a log. "" is all of it.
	Path string `json:"path,omitempty"`
	// Old and New are JSON; nil where there is nothing.
	Old json.RawMessage `json:"old,omitempty"`
	New json.RawMessage `json:"new,omitempty"`
	// Message is what else there is to say, a sentence, or "".
	Message string `json:"message,omitempty"`
}

// maxDifferences bounds how many places of one output are told apart.
const maxDifferences = 20

// Compare tells what differs between a recorded call and its replay: nothing
// when they are the same bit for bit. After a request that is not the recorded
// one nothing else can be compared, so it is the only difference. When a call
// took and how long it took is not compared.
func Compare(old, replayed *Recording) []Difference {
	if replayed.Error != nil && replayed.Error.Code == abi.CodeDiverged {
		n := len(replayed.Exchanges)
		d := Difference{What: "request", Path: strconv.Itoa(n + 1), Message: replayed.Error.Message}
		if n < len(old.Exchanges) {
			d.Old = quote(string(old.Exchanges[n].Request))
		}
		return []Difference{d}
	}
	var all []Difference
	if n, m := len(old.Exchanges), len(replayed.Exchanges); n != m {
		all = append(all, Difference{What: "request", Path: strconv.Itoa(min(n, m) + 1), Message: fmt.Sprintf("It made %d of the %d requests.", m, n)})
	}
	all = append(all, compareEnds(old, replayed)...)
	all = append(all, compareLogs(old.Log, replayed.Log)...)
	if old.Fuel != replayed.Fuel {
		all = append(all, Difference{What: "fuel", Old: number(old.Fuel), New: number(replayed.Fuel), Message: otherMeter(old, replayed)})
	}
	if old.Memory != replayed.Memory {
		all = append(all, Difference{What: "memory", Old: number(old.Memory), New: number(replayed.Memory)})
	}
	if !slices.Equal(old.Stack, replayed.Stack) {
		all = append(all, Difference{What: "stack", Old: quote(strings.Join(old.Stack, ", ")), New: quote(strings.Join(replayed.Stack, ", "))})
	}
	return all
}

func otherMeter(old, replayed *Recording) string {
	if old.Meter == replayed.Meter {
		return ""
	}
	return fmt.Sprintf("It was measured by version %d of the meter, now by %d.", old.Meter, replayed.Meter)
}

// compareEnds compares how the calls ended.
func compareEnds(old, replayed *Recording) []Difference {
	switch {
	case old.Error != nil && replayed.Error != nil:
		return within("error", encode(old.Error), encode(replayed.Error))
	case old.Error != nil || replayed.Error != nil:
		return []Difference{{What: "error", Old: ending(old), New: ending(replayed)}}
	case old.Output == replayed.Output:
		return nil
	}
	all := within("output", json.RawMessage(old.Output), json.RawMessage(replayed.Output))
	if len(all) == 0 {
		all = append(all, Difference{What: "output", Old: quote(old.Output), New: quote(replayed.Output), Message: "It means the same and is written otherwise."})
	}
	return all
}

// ending is a whole result envelope.
func ending(r *Recording) json.RawMessage {
	if r.Error != nil {
		return encode(abi.Result{Error: r.Error})
	}
	if !json.Valid([]byte(r.Output)) { // of a recording that was changed by hand
		return quote(r.Output)
	}
	return json.RawMessage(`{"output":` + r.Output + `}`)
}

// compareLogs finds the first line that differs.
func compareLogs(old, replayed string) []Difference {
	if old == replayed {
		return nil
	}
	a, b := strings.Split(old, "\n"), strings.Split(replayed, "\n")
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	line := func(all []string) json.RawMessage {
		if n >= len(all) || n == len(all)-1 && all[n] == "" { // after the last line end
			return nil
		}
		return quote(all[n])
	}
	return []Difference{{What: "log", Path: strconv.Itoa(n + 1), Old: line(a), New: line(b)}}
}

func quote(s string) json.RawMessage { return encode(s) }

func number(n int64) json.RawMessage { return encode(n) }

// encode is for what can always be written.
func encode(v any) json.RawMessage {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	return json.RawMessage(strings.TrimSuffix(b.String(), "\n"))
}
