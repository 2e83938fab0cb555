package orchestrator

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Pattern is the message of an incident with all that differs from one
// enrollment to the next replaced by "…": ids, numbers, what is quoted. At most
// 200 bytes.
func (i Incident) Pattern() string {
	s := strings.Join(strings.Fields(variable.ReplaceAllString(i.Message, "…")), " ")
	if len(s) > maxPattern {
		s = strings.ToValidUTF8(s[:maxPattern], "")
	}
	return s
}

const maxPattern = 200

// variable matches what differs between two messages of the same cause.
var variable = regexp.MustCompile(`"[^"]*"|'[^']*'|https?://\S+|[\w-]*\d[\w-]*(?:[.,:][\w-]+)*`)

// Cause is the key of everything that incidents of one cause have in common:
// journey, step, code, plugin, and the pattern of their messages.
func (i Incident) Cause() string {
	parts := []string{i.Workspace, i.Journey, i.Step, strconv.FormatBool(i.Undo), i.Code, i.Plugin, i.Pattern()}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "g_" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:16]
}

// IncidentFilter narrows incidents; zero fields do not.
type IncidentFilter struct {
	Workspace, Journey, Step, Code, Plugin, Customer, Enrollment string
	Cause                                                        string // as [Incident.Cause]
	ID                                                           string
	// Open leaves out what is resolved.
	Open          bool
	Since, Before time.Time // by when they opened
}

// IncidentGroup is the open incidents of one cause.
type IncidentGroup struct {
	Cause                       string
	Journey, Step, Code, Plugin string
	Undo                        bool
	Pattern                     string
	Count                       int64
	First, Last                 time.Time // opened
}

// IncidentStore lists incidents. [EnrollmentStore.Record] opens and closes them.
type IncidentStore interface {
	// FindIncidents lists, newest first.
	FindIncidents(ctx context.Context, f IncidentFilter, p Page) ([]Incident, string, error)
	// CountIncidents counts what the filter selects.
	CountIncidents(ctx context.Context, f IncidentFilter) (int64, error)
	// IncidentGroups groups the open incidents of a filter by cause, the largest
	// group first, at most limit.
	IncidentGroups(ctx context.Context, f IncidentFilter, limit int) ([]IncidentGroup, error)
}
