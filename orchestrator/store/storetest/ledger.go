package storetest

import (
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func grant(id string, amount int64) orchestrator.Posting {
	return orchestrator.Posting{ID: id, Workspace: acme, Debit: "points:issued", Credit: "customer:c_1", Amount: amount, Reason: "r", At: at}
}

func testLedger(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	balance := func(account string) int64 {
		n, err := s.Balance(ctx, acme, account)
		require.NoError(t, err)
		return n
	}
	require.Zero(t, balance("customer:c_1"))
	for _, c := range []struct {
		posting orchestrator.Posting
		want    int64
	}{{grant("a", 100), 100}, {grant("b", 20), 120}, {grant("a", 100), 100}, {grant("A", 1), 121}} {
		n, err := s.Post(ctx, c.posting)
		require.NoError(t, err)
		require.Equal(t, c.want, n, "the balance right after it")
	}
	require.EqualValues(t, 121, balance("customer:c_1"))
	require.EqualValues(t, -121, balance("points:issued"))

	spend := orchestrator.Posting{ID: "s", Workspace: acme, Debit: "customer:c_1", Credit: "points:spent", Amount: 122}
	for name, c := range map[string]struct {
		posting orchestrator.Posting
		want    error
	}{
		"another posting under a known id": {grant("a", 101), orchestrator.ErrConflict},
		"nothing":                          {grant("z", 0), orchestrator.ErrInvalid},
		"less than nothing":                {grant("z", -5), orchestrator.ErrInvalid},
		"no id":                            {grant("", 5), orchestrator.ErrInvalid},
		"more than 64 bits hold":           {grant("z", math.MaxInt64), orchestrator.ErrLimit},
		"more than a customer has":         {spend, orchestrator.ErrPrecondition},
	} {
		t.Run("F10: it refuses "+name, func(t *testing.T) {
			_, err := s.Post(ctx, c.posting)
			require.ErrorIs(t, err, c.want)
			require.EqualValues(t, 121, balance("customer:c_1"))
		})
	}
	spend.Amount = 121
	n, err := s.Post(ctx, spend)
	require.NoError(t, err)
	require.EqualValues(t, 121, n)
	require.Zero(t, balance("customer:c_1"))
}

func testLedgerConcurrently(t *testing.T, s orchestrator.Store) {
	require.NoError(t, concurrently(16, func(i int) error {
		_, err := s.Post(t.Context(), grant(strconv.Itoa(i%4), 10))
		return err
	}))
	n, err := s.Balance(t.Context(), acme, "customer:c_1")
	require.NoError(t, err)
	require.EqualValues(t, 40, n)
}
