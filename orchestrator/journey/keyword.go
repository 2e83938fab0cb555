package journey

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/width"
)

// FoldWord is a word as keywords are compared: without space around it, in
// narrow characters, without case. "ＳＴＯＰ " is "stop".
func FoldWord(s string) string {
	return cases.Fold().String(strings.Join(strings.Fields(width.Fold.String(s)), " "))
}
