package hostfunc

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/abi"
)

type poster func(workspace, customer string, amount int64, reason, key string) (int64, error)

func (p poster) Post(_ context.Context, workspace, customer string, amount int64, reason, key string) (int64, error) {
	return p(workspace, customer, amount, reason, key)
}

func TestPost(t *testing.T) {
	t.Parallel()
	t.Run("P32, P34: customer and key are the call's", func(t *testing.T) {
		t.Parallel()
		var keys []string
		l := Ledger{Caller: caller, Granted: true, Poster: poster(func(workspace, customer string, amount int64, _, key string) (int64, error) {
			require.Equal(t, "demo", workspace)
			require.Equal(t, "c_1", customer)
			keys = append(keys, key)
			return 100 + amount, nil
		})}
		for range 2 {
			r, refusal := l.Post(t.Context(), abi.LedgerRequest{Amount: 20, Reason: "for a test"})
			require.Nil(t, refusal)
			require.EqualValues(t, 120, r.Balance)
		}
		require.Equal(t, []string{"e_1/hold/1", "e_1/hold/1.2"}, keys)
	})
	fails := poster(func(string, string, int64, string, string) (int64, error) { return 0, errors.New("the store is down") })
	nobody := caller
	nobody.Customer = ""
	for title, tt := range map[string]struct {
		ledger  Ledger
		request abi.LedgerRequest
		code    string
		says    string
	}{
		"without a grant":        {Ledger{Caller: caller, Poster: fails}, abi.LedgerRequest{Amount: 1}, abi.CodeDenied, `"ledger": true`},
		"without a ledger":       {Ledger{Caller: caller, Granted: true}, abi.LedgerRequest{Amount: 1}, abi.CodeDenied, "no ledger"},
		"for nobody":             {Ledger{Caller: nobody, Granted: true, Poster: fails}, abi.LedgerRequest{Amount: 1}, abi.CodeBadRequest, "for nobody"},
		"nothing":                {Ledger{Caller: caller, Granted: true, Poster: fails}, abi.LedgerRequest{}, abi.CodeBadRequest, "1 to 100000"},
		"less than nothing":      {Ledger{Caller: caller, Granted: true, Poster: fails}, abi.LedgerRequest{Amount: -5}, abi.CodeBadRequest, "1 to 100000"},
		"too much":               {Ledger{Caller: caller, Granted: true, Poster: fails}, abi.LedgerRequest{Amount: 100_001}, abi.CodeBadRequest, "1 to 100000"},
		"with a long reason":     {Ledger{Caller: caller, Granted: true, Poster: fails}, abi.LedgerRequest{Amount: 1, Reason: strings.Repeat("x", 201)}, abi.CodeBadRequest, "200"},
		"with a reason of lines": {Ledger{Caller: caller, Granted: true, Poster: fails}, abi.LedgerRequest{Amount: 1, Reason: "a\nb"}, abi.CodeBadRequest, "one line"},
		"when the store fails":   {Ledger{Caller: caller, Granted: true, Poster: fails}, abi.LedgerRequest{Amount: 1}, abi.CodeLedger, "the store is down"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			_, refusal := tt.ledger.Post(t.Context(), tt.request)
			require.Equal(t, tt.code, refusal.Code)
			require.Contains(t, refusal.Message, tt.says)
		})
	}
}
