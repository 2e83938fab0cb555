package orchestrator_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"aead.dev/minisign"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// publisher is a partner with a key.
type publisher struct {
	partner string
	public  minisign.PublicKey
	secret  minisign.PrivateKey
}

func newPublisher(t *testing.T, partner string) publisher {
	t.Helper()
	public, secret, err := minisign.GenerateKey(nil)
	require.NoError(t, err)
	return publisher{partner, public, secret}
}

// known is a publisher whose key the workspace has.
func (h *harness) known(t *testing.T, partner string) publisher {
	t.Helper()
	p := newPublisher(t, partner)
	k, err := h.AddPluginKey(t.Context(), admin, partner, p.public.String(), nil)
	require.NoError(t, err)
	require.Equal(t, p.id(), k.ID)
	return p
}

func (p publisher) id() string {
	_, id, _ := strings.Cut(strings.SplitN(string(p.text()), "\n", 2)[0], "key: ")
	return strings.Repeat("0", 16-len(id)) + id
}

func (p publisher) text() []byte {
	text, _ := p.public.MarshalText() // never fails
	return text
}

func (p publisher) sign(module []byte) []byte {
	sum := sha256.Sum256(module)
	return minisign.Sign(p.secret, orchestrator.PluginStatement(hex.EncodeToString(sum[:]), module))
}

// seats is a version of the plugin seats whose manifest names a partner.
func seats(version, partner string) []byte {
	return []byte(strings.NewReplacer(`"name":"points"`, `"name":"seats","partner":"`+partner+`"`).Replace(points(version)))
}

func (h *harness) push(t *testing.T, by publisher, module []byte) (orchestrator.Plugin, error) {
	t.Helper()
	return h.PushPlugin(t.Context(), admin, orchestrator.PluginPush{Module: module, Signature: by.sign(module)})
}

func TestASignatureIsCheckedAtUpload(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	cinema, stranger := h.known(t, "Cinema"), newPublisher(t, "Cinema")
	module := seats("1.0.0", "Cinema")
	p, err := h.push(t, cinema, module)
	require.NoError(t, err)
	require.Equal(t, cinema.id(), p.SignedBy)
	require.Equal(t, "ada", p.UploadedBy)
	stored, err := h.Plugin(ctx, admin, "seats", "1.0.0")
	require.NoError(t, err)
	require.True(t, minisign.Verify(cinema.public, orchestrator.PluginStatement(stored.Digest, stored.Manifest), []byte(stored.Signature)), "whoever has the key can check what is stored")

	_, err = h.push(t, stranger, seats("1.1.0", "Cinema"))
	require.ErrorIs(t, err, orchestrator.ErrForbidden, "a key that is not known")
	for name, signature := range map[string][]byte{
		"no signature at all":         []byte("signed, Cinema"),
		"of another version":          cinema.sign(module),
		"of the digest alone":         minisign.Sign(cinema.secret, []byte("qidong plugin\nsha256 ")),
		"longer than any may be":      append(cinema.sign(seats("1.1.0", "Cinema")), make([]byte, 5000)...),
		"with a changed comment":      []byte(strings.Replace(string(cinema.sign(seats("1.1.0", "Cinema"))), "timestamp", "Timestamp", 1)),
		"of another key with this id": withID(stranger.sign(seats("1.1.0", "Cinema")), cinema.sign(module)),
	} {
		_, err := h.PushPlugin(ctx, admin, orchestrator.PluginPush{Module: seats("1.1.0", "Cinema"), Signature: signature})
		require.ErrorIs(t, err, orchestrator.ErrInvalid, name)
	}
	list, err := h.Plugins(ctx, admin)
	require.NoError(t, err)
	for _, p := range list {
		require.NotEqual(t, "1.1.0", p.Version, "nothing of it is stored")
	}
}

// withID is a signature with the key id of another.
func withID(signature, like []byte) []byte {
	var to, from minisign.Signature
	if to.UnmarshalText(signature) != nil || from.UnmarshalText(like) != nil {
		return nil
	}
	to.KeyID = from.KeyID
	text, _ := to.MarshalText() // both were signatures
	return text
}

func TestAPluginBelongsToWhoSignedItFirst(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	cinema, bank := h.known(t, "Cinema"), h.known(t, "Bank")
	_, err := h.push(t, cinema, seats("1.0.0", "Cinema"))
	require.NoError(t, err)

	_, err = h.push(t, bank, seats("2.0.0", "Bank"))
	require.ErrorIs(t, err, orchestrator.ErrForbidden)
	require.ErrorContains(t, err, "the plugin seats belongs to Cinema")
	_, err = h.push(t, bank, []byte(strings.Replace(string(seats("2.0.0", "Cinema")), "seats", "loans", 1)))
	require.ErrorContains(t, err, "the manifest names Cinema as partner", "nobody signs in another's name")
	_, err = h.UploadPlugin(ctx, admin, seats("1.1.0", "Cinema"), nil, nil)
	require.ErrorContains(t, err, "whose versions are signed")

	eve := orchestrator.Actor{Workspace: "other", Name: "eve", Scopes: admin.Scopes}
	_, err = h.UploadPlugin(ctx, eve, seats("1.1.0", "Bank"), nil, nil)
	require.NoError(t, err, "W01: what a name is elsewhere is no matter")

	_, err = h.UploadPlugin(ctx, admin, []byte(strings.Replace(string(seats("1.0.0", "Cinema")), "seats", "popcorn", 1)), nil, nil)
	require.NoError(t, err, "a workspace that does not ask takes unsigned plugins")
	_, err = h.push(t, bank, []byte(strings.Replace(string(seats("1.1.0", "Bank")), "seats", "popcorn", 1)))
	require.ErrorContains(t, err, "one of Cinema already", "what is unsigned is for the partner that it names")
	require.NoError(t, h.SetSettings(ctx, admin, orchestrator.Settings{PluginSignatures: true}))
	_, err = h.UploadPlugin(ctx, admin, []byte(strings.Replace(string(seats("1.1.0", "Cinema")), "seats", "popcorn", 1)), nil, nil)
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	require.ErrorContains(t, err, "signed plugins only")
}

func TestAPartnerChangesKeys(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	old, bank, next := h.known(t, "Cinema"), h.known(t, "Bank"), newPublisher(t, "Cinema")
	sign := func(by publisher) []byte { return minisign.Sign(by.secret, []byte(next.public.String())) }

	_, err := h.AddPluginKey(ctx, admin, "Cinema", next.public.String(), sign(bank))
	require.ErrorIs(t, err, orchestrator.ErrForbidden, "another partner's key signs nobody in")
	_, err = h.AddPluginKey(ctx, admin, "Cinema", newPublisher(t, "Cinema").public.String(), sign(old))
	require.ErrorIs(t, err, orchestrator.ErrInvalid, "a signature of another key")
	k, err := h.AddPluginKey(ctx, admin, "Cinema", string(next.text()), sign(old))
	require.NoError(t, err)
	require.Equal(t, old.id(), k.EndorsedBy)
	again, err := h.AddPluginKey(ctx, admin, "Cinema", next.public.String(), nil)
	require.NoError(t, err)
	require.Equal(t, k.EndorsedBy, again.EndorsedBy, "it is the key of before")
	_, err = h.AddPluginKey(ctx, admin, "Bank", next.public.String(), nil)
	require.ErrorIs(t, err, orchestrator.ErrConflict, "a key has one partner")
	_, err = h.AddPluginKey(ctx, admin, "Cinema", "RWQ", nil)
	require.ErrorIs(t, err, orchestrator.ErrInvalid)

	_, err = h.push(t, old, seats("1.0.0", "Cinema"))
	require.NoError(t, err)
	_, err = h.push(t, next, seats("1.1.0", "Cinema"))
	require.NoError(t, err, "the name belongs to the partner, not to the key")
}

func TestRevokingAKey(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	old, next := h.known(t, "Cinema"), h.known(t, "Cinema")
	_, err := h.push(t, old, seats("1.0.0", "Cinema"))
	require.NoError(t, err)
	_, err = h.push(t, next, seats("0.9.0", "Cinema"))
	require.NoError(t, err)

	_, _, err = h.RevokePluginKey(ctx, admin, old.id(), "")
	require.ErrorIs(t, err, orchestrator.ErrInvalid, "a reason is needed")
	eve := orchestrator.Actor{Workspace: "other", Name: "eve", Scopes: admin.Scopes}
	_, _, err = h.RevokePluginKey(ctx, eve, old.id(), "Because.")
	require.ErrorIs(t, err, orchestrator.ErrNotFound, "W01")
	k, deprecated, err := h.RevokePluginKey(ctx, admin, old.id(), "A laptop was stolen.")
	require.NoError(t, err)
	require.True(t, k.Revoked())
	require.Len(t, deprecated, 1)
	p, err := h.Plugin(ctx, admin, "seats", "1.0.0")
	require.NoError(t, err)
	require.Equal(t, orchestrator.PluginDeprecated, p.State, "those under way go on; new definitions may not use it")
	require.Equal(t, "Its key "+old.id()+" was revoked by ada: A laptop was stolen.", p.Reason)
	p, err = h.Plugin(ctx, admin, "seats", "0.9.0")
	require.NoError(t, err)
	require.Equal(t, orchestrator.PluginActive, p.State)

	_, err = h.push(t, old, seats("1.1.0", "Cinema"))
	require.ErrorIs(t, err, orchestrator.ErrForbidden)
	_, err = h.AddPluginKey(ctx, admin, "Cinema", old.public.String(), nil)
	require.ErrorIs(t, err, orchestrator.ErrPrecondition, "it does not come back")
	third := newPublisher(t, "Cinema")
	_, err = h.AddPluginKey(ctx, admin, "Cinema", third.public.String(), minisign.Sign(old.secret, []byte(third.public.String())))
	require.ErrorIs(t, err, orchestrator.ErrForbidden, "nor signs another in")
	p, err = h.push(t, next, seats("1.0.0", "Cinema"))
	require.NoError(t, err)
	require.Equal(t, next.id(), p.SignedBy, "the same bytes are signed by another key")

	log, err := h.store.AuditLog(ctx, acme)
	require.NoError(t, err)
	var told json.RawMessage
	for _, r := range log {
		if r.Action == "plugin.key.revoke" {
			told = r.Detail
		}
	}
	require.JSONEq(t, `{"partner":"Cinema","reason":"A laptop was stolen.","deprecated":["seats 1.0.0"]}`, string(told))
}
