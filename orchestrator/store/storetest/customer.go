package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func testCustomers(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	phone := orchestrator.Identity{Kind: "phone", Value: "+8613800000001"}
	openid := orchestrator.Identity{Kind: "openid", Value: "oABC"}
	lin := orchestrator.Customer{
		Workspace: acme, ID: "c_lin", Name: "林", Locale: "zh-CN", TimeZone: "Asia/Shanghai",
		Traits:     map[string]any{"home": map[string]any{"latitude": 31.2, "address": "x"}, "vip": true},
		Identities: []orchestrator.Identity{phone},
	}
	stored, err := s.PutCustomer(ctx, lin)
	require.NoError(t, err)
	require.EqualValues(t, 1, stored.Revision)
	lin.Revision = 1
	equal(t, lin, stored, ignoreMade)
	require.GreaterOrEqual(t, len(stored.CompanionToken), 22, "128 bits")
	require.False(t, stored.CreatedAt.IsZero())

	got, err := s.Customer(ctx, acme, "c_lin")
	require.NoError(t, err)
	equal(t, stored, got)

	t.Run("an update adds identities and keeps the token", func(t *testing.T) {
		lin.Name, lin.Identities = "林一", []orchestrator.Identity{openid}
		got, err := s.PutCustomer(ctx, lin)
		require.NoError(t, err)
		require.Equal(t, stored.CompanionToken, got.CompanionToken)
		require.Equal(t, stored.CreatedAt, got.CreatedAt)
		require.ElementsMatch(t, []orchestrator.Identity{phone, openid}, got.Identities)
		byPhone, err := s.CustomerByIdentity(ctx, acme, phone)
		require.NoError(t, err)
		require.Equal(t, "林一", byPhone.Name)
	})
	t.Run("the companion token finds its customer", func(t *testing.T) {
		got, err := s.CustomerByCompanionToken(ctx, stored.CompanionToken)
		require.NoError(t, err)
		require.Equal(t, "c_lin", got.ID)
	})
	t.Run("ids and identities differ by case", func(t *testing.T) {
		_, err := s.Customer(ctx, acme, "C_lin")
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
		_, err = s.CustomerByIdentity(ctx, acme, orchestrator.Identity{Kind: "openid", Value: "oabc"})
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
		_, err = s.PutCustomer(ctx, orchestrator.Customer{Workspace: acme, ID: "C_lin", Identities: []orchestrator.Identity{{Kind: "openid", Value: "oabc"}}})
		require.NoError(t, err)
	})
	t.Run("an id is made when there is none", func(t *testing.T) {
		a, err := s.PutCustomer(ctx, orchestrator.Customer{Workspace: acme})
		require.NoError(t, err)
		b, err := s.PutCustomer(ctx, orchestrator.Customer{Workspace: acme})
		require.NoError(t, err)
		require.Regexp(t, `^c_[a-z0-9]{20,}$`, a.ID)
		require.NotEqual(t, a.ID, b.ID)
		require.NotEqual(t, a.CompanionToken, b.CompanionToken)
	})
	t.Run("many at the same time make one customer", func(t *testing.T) {
		require.NoError(t, concurrently(8, func(int) error {
			_, err := s.PutCustomer(ctx, orchestrator.Customer{Workspace: other, ID: "c_1"})
			return err
		}))
		list, _, err := s.Customers(ctx, orchestrator.CustomerFilter{Workspace: other}, orchestrator.Page{})
		require.NoError(t, err)
		require.Len(t, list, 1)
	})
}

func testIdentityConflict(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	phone := orchestrator.Identity{Kind: "phone", Value: "+8613800000001"}
	_, err := s.PutCustomer(ctx, orchestrator.Customer{Workspace: acme, ID: "c_1", Identities: []orchestrator.Identity{phone}})
	require.NoError(t, err)
	_, err = s.PutCustomer(ctx, orchestrator.Customer{Workspace: acme, ID: "c_2", Identities: []orchestrator.Identity{{Kind: "email", Value: "a@b"}, phone}})
	require.ErrorIs(t, err, orchestrator.ErrConflict)
	_, err = s.Customer(ctx, acme, "c_2")
	require.ErrorIs(t, err, orchestrator.ErrNotFound, "nothing is half stored")
	_, err = s.CustomerByIdentity(ctx, acme, orchestrator.Identity{Kind: "email", Value: "a@b"})
	require.ErrorIs(t, err, orchestrator.ErrNotFound, "nothing is half stored")
}

func testCustomerPages(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for i := range 7 {
		_, err := s.PutCustomer(ctx, orchestrator.Customer{
			Workspace: acme, ID: fmt.Sprintf("c_%d", i), Name: fmt.Sprintf("Ünal %d%%", i),
			Identities: []orchestrator.Identity{{Kind: "phone", Value: fmt.Sprintf("+861380000000%d", i)}},
		})
		require.NoError(t, err)
	}
	find := func(query string, limit int) []string {
		var ids []string
		for _, c := range all(t, limit, func(p orchestrator.Page) ([]orchestrator.Customer, string, error) {
			return s.Customers(ctx, orchestrator.CustomerFilter{Workspace: acme, Query: query}, p)
		}) {
			require.Len(t, c.Identities, 1)
			ids = append(ids, c.ID)
		}
		return ids
	}
	everybody := []string{"c_6", "c_5", "c_4", "c_3", "c_2", "c_1", "c_0"}
	for _, limit := range []int{1, 3, 7, 8} {
		require.Equal(t, everybody, find("", limit))
	}
	require.Equal(t, everybody, find("üNAL", 2))
	require.Equal(t, []string{"c_3"}, find("00003", 2))
	require.Equal(t, []string{"c_3"}, find("C_3", 2))
	require.Equal(t, []string{"c_3"}, find("3%", 2))
	require.Empty(t, find("_%_", 2), "there are no wildcards")
}
