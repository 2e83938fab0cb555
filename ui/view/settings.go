package view

// AuditRow is one line of the audit log.
type AuditRow struct {
	Seq, At, Actor, Action, Object, Detail string
}

// AuditList is the page of the audit log.
type AuditList struct {
	Rows                  []AuditRow
	Actor, Action, Object string
	Filtered              bool
	CSV                   string // address of the same as a file
	Checked               string // what a check of the chain said, "" when none was asked for
	Broken                bool
	Next                  string
}

// TokenRow is one API token.
type TokenRow struct {
	ID, Name, Created, Expires string
	Scopes                     []string
	Expired                    bool
}

// Settings is the page of settings.
type Settings struct {
	Workspace, Name, Color, Locales string
	Approval                        bool // publishing takes a second person
	PluginSignatures                bool // unsigned plugins are refused
	PluginReview                    bool // what a plugin may do takes a second person
	Problems                        []Problem
	Tokens                          []TokenRow
	Secret                          string // of a token just made, shown once
	SecretName                      string
	Link                            string // that signs somebody in, shown once
	Lives                           []Option
	Rails                           Rails
}

// Rails are the workspace's guardrails as a form.
type Rails struct {
	Marketing          []Option
	Quiet              bool
	From, To           string
	Then               []Option
	TimeZone, Patience string
	Channels           []Option
	Caps               []CapRow
	Problems           []Problem
}

// CapRow is one cap of the form; an empty one is for a new cap.
type CapRow struct {
	Category      []Option
	Messages, Per string
}
