package temporalserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.temporal.io/server/common/headers"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// unfinished is what the version file says while the schema is being made, so
// that a first start that was killed half-way can begin anew.
const unfinished = "unfinished"

// searchAttributes are for people who look at Temporal itself; our own lists
// come from our store. The columns are Temporal's.
var searchAttributes = map[string]string{
	"Keyword01": "QidongWorkspace",
	"Keyword02": "QidongJourney",
	"Keyword03": "QidongCustomer",
	"Keyword04": "QidongVersion",
}

// keptIndexes are the visibility indexes that queries by people or by the
// server itself use. The other 45 double the disk an enrollment needs.
var keptIndexes = []string{
	"default_idx", "by_execution_time", "by_workflow_id", "by_workflow_type", "by_status",
	"by_batcher_user", "by_temporal_scheduled_by_id", "by_temporal_namespace_division",
	"by_keyword_01", "by_keyword_02", "by_keyword_03", "by_keyword_04",
}

// prepareFile makes the database when it is absent, and refuses one that this
// server cannot use.
func prepareFile(ctx context.Context, cfg Config) error {
	marker := cfg.File + ".version"
	version, err := os.ReadFile(marker)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the version of the temporal server's file: %w", err)
	}
	_, err = os.Stat(cfg.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking for the temporal server's file: %w", err)
	}
	exists := err == nil

	switch v := strings.TrimSpace(string(version)); {
	case !exists || v == unfinished:
		return createFile(ctx, cfg, marker)
	case v == headers.ServerVersion:
		return nil
	case v == "":
		return fmt.Errorf("%s has no version file: restore %s, or move the database away to begin anew", cfg.File, marker)
	default:
		return fmt.Errorf("%s was written by Temporal server %s, and this is %s: run the Qidong that wrote it until its enrollments have ended, or move %s and %s away to begin anew",
			cfg.File, v, headers.ServerVersion, cfg.File, marker)
	}
}

func createFile(ctx context.Context, cfg Config, marker string) error {
	if err := os.MkdirAll(filepath.Dir(cfg.File), 0o700); err != nil {
		return fmt.Errorf("making the temporal server's directory: %w", err)
	}
	if err := os.WriteFile(marker, []byte(unfinished+"\n"), 0o600); err != nil {
		return fmt.Errorf("writing the version of the temporal server's file: %w", err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(cfg.File + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing an unfinished database: %w", err)
		}
	}
	if err := createSchema(ctx, cfg); err != nil {
		return fmt.Errorf("creating the temporal server's database %s: %w", cfg.File, err)
	}
	if err := os.WriteFile(marker, []byte(headers.ServerVersion+"\n"), 0o600); err != nil {
		return fmt.Errorf("writing the version of the temporal server's file: %w", err)
	}
	return nil
}

func createSchema(ctx context.Context, cfg Config) error {
	db := database(cfg.File)
	if err := sqliteschema.SetupSchema(db); err != nil {
		return err
	}
	// Not to be canceled: the pool keeps the file open, so this process could
	// not begin anew.
	if err := dropIndexes(context.WithoutCancel(ctx), cfg.File); err != nil {
		return fmt.Errorf("dropping unused indexes: %w", err)
	}
	ns, err := sqliteschema.NewNamespaceConfig(clusterName, cfg.Namespace, false, nil)
	if err != nil {
		return err
	}
	ns.Detail.Config.Retention = durationpb.New(cfg.Retention)
	ns.Detail.Config.CustomSearchAttributeAliases = searchAttributes
	return sqliteschema.CreateNamespaces(db, ns)
}

func dropIndexes(ctx context.Context, file string) (err error) {
	db, err := sql.Open("sqlite", "file:"+escape(file))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	var drops string
	err = db.QueryRowContext(ctx, `SELECT group_concat('DROP INDEX ' || name, ';') FROM sqlite_master
		WHERE type = 'index' AND tbl_name = 'executions_visibility' AND sql IS NOT NULL
		AND name NOT IN ('`+strings.Join(keptIndexes, "','")+`')`).Scan(&drops)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, drops)
	return err
}
