package api

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/qidong/qidong/orchestrator"
)

// maxPage is the most items that one page has; defaultPage is what page_size 0 is.
const (
	maxPage     = 500
	defaultPage = 50
)

// pager makes page tokens that only work for the list and workspace they were
// made for: a token is a MAC and the store's position.
type pager struct{ key []byte }

// request reads page_size and page_token.
func (p pager) request(a orchestrator.Actor, list string, size int32, token string) (orchestrator.Page, error) {
	if size < 0 || size > maxPage {
		return orchestrator.Page{}, fmt.Errorf("%w: page_size is %d, but a page has from 1 to %d items (0 is %d)",
			orchestrator.ErrInvalid, size, maxPage, defaultPage)
	}
	if size == 0 {
		size = defaultPage
	}
	if token == "" {
		return orchestrator.Page{Limit: int(size)}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < macSize || !hmac.Equal(raw[:macSize], p.mac(a, list, raw[macSize:])) {
		return orchestrator.Page{}, fmt.Errorf("%w: page_token is not one that this list gave: begin again without it", orchestrator.ErrInvalid)
	}
	return orchestrator.Page{Limit: int(size), After: string(raw[macSize:])}, nil
}

// token makes next_page_token of the store's position.
func (p pager) token(a orchestrator.Actor, list, after string) string {
	if after == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(p.mac(a, list, []byte(after)), after...))
}

const macSize = 16

func (p pager) mac(a orchestrator.Actor, list string, after []byte) []byte {
	h := hmac.New(sha256.New, p.key)
	fmt.Fprintf(h, "%s\x00%s\x00%s", a.Workspace, list, after)
	return h.Sum(nil)[:macSize]
}

// paginate cuts a page out of a whole list, ordered by key, which is unique.
func paginate[T any](all []T, key func(T) string, p orchestrator.Page) (page []T, after string) {
	all = slices.SortedFunc(slices.Values(all), func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	first, _ := slices.BinarySearchFunc(all, p.After, func(t T, after string) int {
		if key(t) <= after {
			return -1
		}
		return 1
	})
	if rest := all[first:]; len(rest) > p.Limit {
		return rest[:p.Limit], key(rest[p.Limit-1])
	}
	return all[first:], ""
}
