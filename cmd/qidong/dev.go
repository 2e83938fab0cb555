package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/examples/backends"
	"github.com/qidong/qidong/orchestrator"
)

// devOptions are the flags of `qidong dev`.
type devOptions struct {
	data, listen string
	verbose      bool
}

func newDevCommand() *cobra.Command {
	o := devOptions{}
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run everything in this process: Temporal, store, pages, partner backends, the movie-night demo",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDev(cmd.Context(), o, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&o.data, "data", "", "data directory (default: "+dataDir()+")")
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:7780", "loopback address of API and pages")
	cmd.Flags().BoolVar(&o.verbose, "verbose", false, "log what happens")
	return cmd
}

// runDev runs until the context ends.
func runDev(ctx context.Context, o devOptions, out io.Writer) error {
	began := time.Now()
	if o.data == "" {
		o.data = dataDir()
	}
	dir, err := filepath.Abs(o.data)
	if err != nil {
		return fmt.Errorf("finding the data directory %s: %w", o.data, err)
	}
	lock, err := claimDataDir(dir)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }()
	listener, err := listenLoopback(ctx, o.listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()

	logger := devLogger(o.verbose)
	baseURL := "http://" + listener.Addr().String()
	s, err := newServer(ctx, dir, baseURL, logger)
	if err != nil {
		return err
	}
	defer s.close()
	demo, err := startBackends(ctx, s, dir, baseURL, logger)
	if err != nil {
		return err
	}
	if err := s.seed(ctx, dir, demo); err != nil {
		return err
	}
	if err := s.work(ctx); err != nil {
		return err
	}
	link, err := s.service.NewSignInLink(ctx, orchestrator.DemoWorkspace)
	if err != nil {
		return fmt.Errorf("making the sign-in link: %w", err)
	}
	if err := writeDevFile(dir, devFile{API: baseURL, Backends: backendURLs(demo), Temporal: s.temporalAddress}); err != nil {
		return err
	}
	s.serve(listener) // last: who is answered finds everything in place
	greet(out, dir, baseURL, link, s.temporalAddress, time.Since(began))
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "\nStopping; the next start on the same data goes on where this one stops.")
		return nil
	case err := <-s.failed:
		return err
	}
}

// greet says where to go.
func greet(out io.Writer, dir, baseURL, link, temporal string, took time.Duration) {
	fmt.Fprintf(out, `Qidong is ready (%.1f s).

  Open   %s/signin?link=%s
         (signs you in once, within 15 minutes)
  Then   choose "Movie night", "Try it", and take a customer through it on the handset
  Or     qidong demo movie-night --customers 20
  Data   %s
  Also   Temporal for workers of your own is at %s, see examples/worker

Ctrl-C stops it; the next start goes on where it was.
`, took.Seconds(), baseURL, link, dir, temporal)
}

// listenLoopback takes the address, or says why it cannot.
func listenLoopback(ctx context.Context, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("--listen %s is not an address; write it like 127.0.0.1:7780", addr)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("--listen %s is not a loopback address; dev serves this machine only, use 127.0.0.1 or [::1]", addr)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the address %s is in use, perhaps by another qidong; stop that one or choose another port with --listen", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("the address %s cannot be listened on (%w); choose another with --listen", addr, err)
	}
	return l, nil
}

// startBackends starts the partners' simulated servers on the ports after the
// listener's, or on the ones they had before.
func startBackends(ctx context.Context, s *server, dir, baseURL string, logger *slog.Logger) (*backends.Set, error) {
	token, err := secretFile(filepath.Join(dir, "partners.token"))
	if err != nil {
		return nil, err
	}
	if err := s.service.EnsureToken(ctx, orchestrator.DemoWorkspace, "partner backends", token, []string{"events"}); err != nil {
		return nil, fmt.Errorf("giving the partner backends a token: %w", err)
	}
	set, err := backends.Start(ctx, backends.Config{
		Dir: filepath.Join(dir, "backends"), Addr: backendAddrs(dir, baseURL),
		NotifyURL: baseURL + "/events", NotifyToken: token, Logger: logger,
	})
	if err != nil {
		return nil, fmt.Errorf("starting the partner backends: %w", err)
	}
	s.onClose(func() { _ = set.Close(context.WithoutCancel(ctx)) })
	return set, nil
}

// backendNames are the simulated partners.
var backendNames = []string{"cinema", "bank", "ride"}

// backendAddrs keeps each backend on its port, since links to it are in
// messages already sent.
func backendAddrs(dir, baseURL string) map[string]string {
	addrs := make(map[string]string, len(backendNames))
	last, _ := readDevFile(dir) // none at the first start
	_, port, _ := net.SplitHostPort(baseURL[len("http://"):])
	n, _ := strconv.Atoi(port)
	for i, name := range backendNames {
		addrs[name] = fmt.Sprintf("127.0.0.1:%d", n+1+i)
		if u, ok := last.Backends[name]; ok {
			addrs[name] = u[len("http://"):]
		}
	}
	return addrs
}

func backendURLs(set *backends.Set) map[string]string {
	urls := make(map[string]string, len(backendNames))
	for _, name := range backendNames {
		urls[name] = set.URL(name)
	}
	return urls
}

// devLogger writes warnings, or with verbose all, to standard error.
func devLogger(verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}
