package demo

import (
	"context"
	"errors"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func part(t *testing.T, body string) *qidongv1.Part {
	t.Helper()
	v := new(structpb.Value)
	require.NoError(t, v.UnmarshalJSON([]byte(body)))
	return &qidongv1.Part{Body: v}
}

func TestAMessageIsReadAsAPhoneShowsIt(t *testing.T) {
	t.Parallel()
	film := func(data string) string {
		return `{"title":"t","description":"seats ` + data + `","suggestions":[{"reply":{"displayText":"Book","postback":{"data":"` + data + `"}}},
			{"action":{"urlAction":{"openUrl":{"url":"http://partner/` + data + `"}},"displayText":"Read"}}]}`
	}
	m := &qidongv1.Message{Parts: []*qidongv1.Part{
		part(t, `{"message":{"generalPurposeCardCarousel":{"layout":{},"content":[`+film("z")+`,`+film("a")+`]}}}`),
		part(t, `{"suggestions":[{"reply":{"displayText":"No","postback":{"data":"m"}}}]}`),
	}}
	require.Equal(t, []reply{{"Book", "z"}, {"Book", "a"}, {"No", "m"}}, replies(m), "cards in order, then the chip list")
	require.Equal(t, []string{"http://partner/z", "http://partner/a"}, links(m))
	require.Equal(t, "seats z", describe(m))
	require.Empty(t, replies(&qidongv1.Message{Parts: []*qidongv1.Part{part(t, `"text"`)}}))
}

func TestInsist(t *testing.T) {
	t.Parallel()

	t.Run("a server that is away is asked again", func(t *testing.T) {
		t.Parallel()
		r, asked := &run{}, 0
		err := r.insist(t.Context(), func(context.Context) error {
			asked++
			if asked < 3 {
				return connect.NewError(connect.CodeUnavailable, errors.New("connection refused"))
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 3, asked)
		require.False(t, r.away.Load())
	})

	t.Run("a plain no is an answer", func(t *testing.T) {
		t.Parallel()
		asked := 0
		err := (&run{}).insist(t.Context(), func(context.Context) error {
			asked++
			return connect.NewError(connect.CodeNotFound, errors.New("no such journey"))
		})
		require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
		require.Equal(t, 1, asked)
	})

	t.Run("when time is up it says what was wrong last", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		err := (&run{}).insist(ctx, func(context.Context) error { return errors.New("connection refused") })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "connection refused")
	})
}

func TestRunRefusesNobodyAndTooMany(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, -1, MaxCustomers + 1} {
		_, err := Run(t.Context(), Config{Customers: n})
		require.ErrorContains(t, err, "must be from 1 to 1000")
	}
}
