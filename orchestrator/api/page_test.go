package api

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/qidong/qidong/orchestrator"
)

func TestPageTokens(t *testing.T) {
	t.Parallel()
	p := pager{key: []byte("key")}
	a := orchestrator.Actor{Workspace: "demo"}
	token := p.token(a, "events", "position 7")

	page, err := p.request(a, "events", 0, token)
	require.NoError(t, err)
	require.Equal(t, orchestrator.Page{Limit: 50, After: "position 7"}, page)
	require.Empty(t, p.token(a, "events", ""), "the last page has no token")

	for _, c := range []struct {
		name, list, workspace, token string
		size                         int32
	}{
		{"of another list", "customers", "demo", token, 0},
		{"of another workspace", "events", "other", token, 0},
		{"that was altered", "events", "demo", token[:len(token)-1] + "A", 0},
		{"that is too short", "events", "demo", "AAAA", 0},
		{"that is no base64", "events", "demo", "!", 0},
		{"with a negative size", "events", "demo", "", -1},
		{"with a size over 500", "events", "demo", "", 501},
	} {
		t.Run("a page is refused "+c.name, func(t *testing.T) {
			t.Parallel()
			_, err := p.request(orchestrator.Actor{Workspace: c.workspace}, c.list, c.size, c.token)
			require.ErrorIs(t, err, orchestrator.ErrInvalid)
		})
	}
}

func TestPaginateGivesEveryItemOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfDistinct(rapid.IntRange(0, 100), rapid.ID[int]).Draw(t, "all")
		limit := rapid.IntRange(1, 10).Draw(t, "limit")
		seen := map[int]bool{}
		p := orchestrator.Page{Limit: limit}
		for {
			page, after := paginate(all, strconv.Itoa, p)
			if len(page) > limit {
				t.Fatalf("a page of %d items, but the limit is %d", len(page), limit)
			}
			for _, v := range page {
				if seen[v] {
					t.Fatalf("%d is on two pages", v)
				}
				seen[v] = true
			}
			if p.After = after; after == "" {
				break
			}
		}
		if len(seen) != len(all) {
			t.Fatalf("%d of %d items seen", len(seen), len(all))
		}
	})
}
