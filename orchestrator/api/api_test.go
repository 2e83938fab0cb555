package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/qidong/qidong/internal/dbtest"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/api"
	"github.com/qidong/qidong/orchestrator/seal"
	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// engine is a Temporal that runs nothing; down makes it unreachable.
type engine struct{ down bool }

func (e *engine) Start(context.Context, orchestrator.Enrollment, orchestrator.Customer, map[string]any) error {
	return nil
}
func (e *engine) Signal(context.Context, string, ...orchestrator.Event) error { return nil }
func (e *engine) Resolve(context.Context, string, orchestrator.Resolution) error {
	return fmt.Errorf("%w: there is no open incident", orchestrator.ErrPrecondition)
}

func (e *engine) Command(context.Context, string, orchestrator.Command) (bool, error) {
	return true, nil
}
func (e *engine) Replay(context.Context, string) error                             { return nil }
func (e *engine) Attempts(context.Context, string) ([]orchestrator.Attempt, error) { return nil, nil }

func (e *engine) Rehearse(context.Context, string, orchestrator.Rehearsal) error {
	return nil
}
func (e *engine) State(context.Context, string) (json.RawMessage, error) { return nil, nil }
func (e *engine) Ping(context.Context) error {
	if e.down {
		return fmt.Errorf("dialing a secret address: %w", orchestrator.ErrUnavailable)
	}
	return nil
}

// plugins is a Wasm host to which JSON is a module that is its own manifest, and
// whose plugins need the ledger, are granted nothing and do badly.
type plugins struct{}

func (plugins) Describe(_ context.Context, module []byte) (json.RawMessage, error) {
	if json.Valid(module) {
		return module, nil
	}
	return nil, &orchestrator.ValidationError{Subject: "plugin", Problems: []orchestrator.Problem{{Code: "NOT_WASM", Message: "This is no WebAssembly module.", Mend: "Upload a .wasm file."}}}
}

func (plugins) Review(_, _, grant json.RawMessage) ([]orchestrator.MissingGrant, error) {
	if len(grant) > 2 {
		return nil, nil
	}
	return []orchestrator.MissingGrant{{Need: "ledger", Reason: map[string]string{"en": "To give points."}}}, nil
}

func (plugins) Try(context.Context, orchestrator.Plugin, orchestrator.PluginTrial) (orchestrator.PluginTried, error) {
	return orchestrator.PluginTried{}, nil
}

func (plugins) Health(string) []orchestrator.PluginHealth {
	return []orchestrator.PluginHealth{{Plugin: "points", Version: "1.0.0", Circuit: "open", Calls: 9, Failures: map[string]int64{"TRAP": 5}, P50: 1000, P99: 9000}}
}

// installation is the API over a real store.
type installation struct {
	*httptest.Server
	engine *engine
	vault  *orchestrator.Vault
	svc    *orchestrator.Service
	// Tokens: admin and events of the workspace demo, admin of another.
	admin, events, other string
}

func install(t *testing.T) *installation {
	t.Helper()
	i := &installation{engine: &engine{}}
	store := dbtest.Open(t)
	vault, err := orchestrator.OpenVault(t.Context(), store, seal.NewKey())
	require.NoError(t, err)
	i.vault = vault
	svc := orchestrator.NewService(orchestrator.Deps{Store: store, Engine: i.engine, Plugins: plugins{}, Vault: vault})
	i.svc = svc
	token := func(workspace, name string, scopes ...string) string {
		secret, err := svc.NewToken(t.Context(), workspace, name, scopes)
		require.NoError(t, err)
		return secret
	}
	i.admin = token("demo", "admin", "admin")
	i.events = token("demo", "events", "events")
	i.other = token("other", "admin", "admin")
	// The session stands for the pages' cookie: whoever has it is demo's admin.
	session := func(r *http.Request) (orchestrator.Actor, bool) {
		_, err := r.Cookie("session")
		return orchestrator.Actor{Workspace: "demo", Name: "person", Scopes: []string{"admin"}}, err == nil
	}
	i.Server = httptest.NewServer(api.New(api.Deps{Service: svc, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Session: session}))
	t.Cleanup(i.Close)
	return i
}

func (i *installation) as(token string) *client.Client { return client.New(i.URL, token) }

// call posts a body; headers are pairs.
func (i *installation) call(t *testing.T, path, body string, headers ...string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, i.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	for n := 0; n < len(headers); n += 2 {
		req.Header.Set(headers[n], headers[n+1])
	}
	resp, err := i.Client().Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(raw)
}

// procedures are the paths of every RPC of the schema.
func procedures() []string {
	var out []string
	protoregistry.GlobalFiles.RangeFilesByPackage("qidong.v1", func(f protoreflect.FileDescriptor) bool {
		for s := range f.Services().Len() {
			service := f.Services().Get(s)
			for m := range service.Methods().Len() {
				out = append(out, "/"+string(service.FullName())+"/"+string(service.Methods().Get(m).Name()))
			}
		}
		return true
	})
	return out
}

func TestEveryProcedureIsClosedByDefault(t *testing.T) {
	t.Parallel()
	i := install(t)
	all := procedures()
	require.GreaterOrEqual(t, len(all), 32, "the list is not whole")
	for _, p := range all {
		t.Run(p, func(t *testing.T) {
			t.Parallel()
			status, answer := i.call(t, p, "{}")
			require.Equal(t, http.StatusUnauthorized, status, "without a token: %s", answer)
			status, answer = i.call(t, p, "{}", "Authorization", "Bearer guess")
			require.Equal(t, http.StatusUnauthorized, status, "with an unknown token: %s", answer)
			require.NotContains(t, answer, "guess", "the token is not told to anybody")

			status, answer = i.call(t, p, "{}", "Authorization", "Bearer "+i.events)
			if strings.HasSuffix(p, "/SendEvents") {
				require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, status, answer)
			} else {
				require.Equal(t, http.StatusForbidden, status, "with a token for events: %s", answer)
			}
			status, answer = i.call(t, p, "{}", "Authorization", "Bearer "+i.admin)
			require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusInternalServerError}, status, "with an admin's token: %s", answer)
		})
	}

	t.Run("a procedure that does not exist is open to nobody", func(t *testing.T) {
		t.Parallel()
		status, _ := i.call(t, "/qidong.v1.EventService/DropAll", "{}", "Authorization", "Bearer "+i.admin)
		require.Equal(t, http.StatusForbidden, status)
	})
}

func TestSessionsDoNotServeOtherSites(t *testing.T) {
	t.Parallel()
	i := install(t)
	const path = "/qidong.v1.JourneyService/ListJourneys"
	for _, c := range []struct {
		name    string
		headers []string
		status  int
	}{
		{"the same origin is served", []string{"Sec-Fetch-Site", "same-origin"}, http.StatusOK},
		{"another site is not", []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"nor is a subdomain", []string{"Sec-Fetch-Site", "same-site"}, http.StatusForbidden},
		{"nor is another origin", []string{"Origin", "http://evil.example"}, http.StatusForbidden},
		{"nor is no origin", []string{"Origin", "null"}, http.StatusForbidden},
		{"nor is a form", []string{"Sec-Fetch-Site", "same-origin", "Content-Type", "text/plain"}, http.StatusUnsupportedMediaType},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			status, answer := i.call(t, path, "{}", append(c.headers, "Cookie", "session=1")...)
			require.Equal(t, c.status, status, answer)
		})
	}

	t.Run("a token of another site's program is", func(t *testing.T) {
		t.Parallel()
		status, answer := i.call(t, path, "{}", "Origin", "http://partner.example", "Authorization", "Bearer "+i.admin)
		require.Equal(t, http.StatusOK, status, answer)
	})
}

func TestOtherWorkspacesDoNotExist(t *testing.T) {
	t.Parallel()
	i := install(t)
	ctx := t.Context()
	_, err := i.as(i.admin).Customers.PutCustomer(ctx, &qidongv1.PutCustomerRequest{Customer: &qidongv1.Customer{Id: "c_1", Name: "Lin Xia"}})
	require.NoError(t, err)
	stranger := i.as(i.other)
	missing := func(_ any, err error) {
		t.Helper()
		require.Equal(t, connect.CodeNotFound, connect.CodeOf(err), "%v", err)
	}
	missing(stranger.Customers.GetCustomer(ctx, &qidongv1.GetCustomerRequest{Id: "c_1"}))
	missing(stranger.Customers.ListMessages(ctx, &qidongv1.ListMessagesRequest{CustomerId: "c_1"}))
	missing(stranger.Customers.ReplyToMessage(ctx, &qidongv1.ReplyToMessageRequest{CustomerId: "c_1", MessageId: "m"}))
	missing(stranger.Events.ListEvents(ctx, &qidongv1.ListEventsRequest{CustomerId: "c_1"}))
	missing(stranger.Enrollments.GetEnrollment(ctx, &qidongv1.GetEnrollmentRequest{Id: "e_1"}))
	missing(stranger.Journeys.GetJourney(ctx, &qidongv1.GetJourneyRequest{Name: "movie-night"}))
	list, err := stranger.Customers.ListCustomers(ctx, &qidongv1.ListCustomersRequest{Query: "Lin"})
	require.NoError(t, err)
	require.Empty(t, list.GetCustomers())
}

func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	i := install(t)
	ctx := t.Context()

	t.Run("a journey of more than 1 MiB", func(t *testing.T) {
		t.Parallel()
		_, err := i.as(i.admin).Journeys.ValidateJourney(ctx, &qidongv1.ValidateJourneyRequest{Source: make([]byte, api.MaxRequest)})
		require.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(err), "%v", err)
	})

	t.Run("a plugin of more than 9 MiB", func(t *testing.T) {
		t.Parallel()
		_, err := i.as(i.admin).Plugins.UploadPlugin(ctx, &qidongv1.UploadPluginRequest{Module: make([]byte, api.MaxUpload)})
		require.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(err), "%v", err)
	})

	t.Run("a bomb: little that unpacks to much", func(t *testing.T) {
		t.Parallel()
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, err := w.Write(make([]byte, 64<<20))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		status, answer := i.call(t, "/qidong.v1.JourneyService/ValidateJourney", packed.String(), "Content-Encoding", "gzip", "Authorization", "Bearer "+i.admin)
		require.Equal(t, http.StatusTooManyRequests, status, answer)
		require.Contains(t, answer, "resource_exhausted")
	})

	t.Run("JSON that is 10,001 deep", func(t *testing.T) {
		t.Parallel()
		deep := `{"events":[{"data":` + strings.Repeat("[", 10001) + strings.Repeat("]", 10001) + `}]}`
		status, answer := i.call(t, "/qidong.v1.EventService/SendEvents", deep, "Authorization", "Bearer "+i.admin)
		require.Equal(t, http.StatusBadRequest, status, answer)
	})

	t.Run("a protobuf whose string is not UTF-8", func(t *testing.T) {
		t.Parallel()
		status, answer := i.call(t, "/qidong.v1.CustomerService/GetCustomer", "\x0a\x01\xff", "Content-Type", "application/proto", "Authorization", "Bearer "+i.admin)
		require.Equal(t, http.StatusBadRequest, status, answer)
	})

	t.Run("a page of 501", func(t *testing.T) {
		t.Parallel()
		_, err := i.as(i.admin).Events.ListEvents(ctx, &qidongv1.ListEventsRequest{PageSize: 501})
		require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err))
		require.ErrorContains(t, err, "from 1 to 500")
	})
}

func TestHealth(t *testing.T) {
	t.Parallel()
	i := install(t)
	get := func(path string) (int, string) {
		resp, err := http.Get(i.URL + path)
		require.NoError(t, err)
		defer func() { require.NoError(t, resp.Body.Close()) }()
		raw, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(raw)
	}
	status, _ := get("/readyz")
	require.Equal(t, http.StatusOK, status)

	i.engine.down = true
	status, answer := get("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.NotContains(t, answer, "secret", "why is only in the log")
	status, _ = get("/livez")
	require.Equal(t, http.StatusOK, status, "it lives all the same")
}
