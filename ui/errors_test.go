package ui

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
)

// TestFailure_RefusalsAreSaidInTheReadersLanguage, with what they are about.
func TestFailure_RefusalsAreSaidInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("doing it: %w", orchestrator.Refuse(orchestrator.ErrConflict,
		journey.Say("there is a journey %s already; choose another name, or edit that one", "movie-night")))
	require.ErrorIs(t, err, orchestrator.ErrConflict)
	for lang, want := range map[string]string{
		"en":    "There is a journey movie-night already; choose another name, or edit that one.",
		"zh-CN": "已有旅程 movie-night；请换一个名称，或编辑那个旅程。",
	} {
		status, f := failure(i18n.With(t.Context(), lang), err)
		require.Equal(t, http.StatusConflict, status)
		require.Equal(t, want, f.Detail)
	}
}
