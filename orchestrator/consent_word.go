package orchestrator

import (
	"strings"

	"github.com/qidong/qidong/orchestrator/journey"
)

// OptWord is what a customer's own words decide about messages to them.
type OptWord string

// The words. A message decides only when it is nothing but the word.
const (
	WordStop    OptWord = "stop"     // no more marketing on this channel
	WordStopAll OptWord = "stop_all" // nothing but transactional messages on this channel
	WordStart   OptWord = "start"    // takes either back
)

// optWords are what customers write, as [journey.FoldWord] folds it. "Yes" is
// none of them: it answers questions.
var optWords = map[string]OptWord{
	"stop": WordStop, "unsubscribe": WordStop, "cancel": WordStop, "end": WordStop, "quit": WordStop,
	"revoke": WordStop, "optout": WordStop, "opt out": WordStop, "opt-out": WordStop,
	"td": WordStop, "t": WordStop, "r": WordStop, "退订": WordStop, "退訂": WordStop, "拒收": WordStop, "取消订阅": WordStop,
	"stopall": WordStopAll, "stop all": WordStopAll, "全部退订": WordStopAll, "全部拒收": WordStopAll,
	"start": WordStart, "unstop": WordStart, "恢复": WordStart, "恢复订阅": WordStart,
}

// maxOptWord is more than a text that is one of the words has, in bytes.
const maxOptWord = 100

// OptWordOf tells what a customer's own words decide about messages to them;
// "" is nothing. Space around them, a point or exclamation mark at the end, the
// width of the letters and their case make no difference.
func OptWordOf(text string) OptWord {
	if text = strings.TrimSpace(text); len(text) > maxOptWord {
		return ""
	}
	return optWords[strings.TrimSpace(strings.TrimRight(journey.FoldWord(text), ".!。｡"))]
}
