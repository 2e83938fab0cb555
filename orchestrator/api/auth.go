package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/sdk/gen/qidong/v1/qidongv1connect"
)

// scopes says which scopes open a procedure to an actor; one of them is enough.
// A procedure that is not listed is open to nobody.
var scopes = map[string][]string{
	qidongv1connect.JourneyServiceValidateJourneyProcedure:           {orchestrator.ScopeAdmin},
	qidongv1connect.JourneyServicePublishJourneyProcedure:            {orchestrator.ScopeAdmin},
	qidongv1connect.JourneyServiceListJourneysProcedure:              {orchestrator.ScopeAdmin},
	qidongv1connect.JourneyServiceGetJourneyProcedure:                {orchestrator.ScopeAdmin},
	qidongv1connect.JourneyServiceSetJourneyStatusProcedure:          {orchestrator.ScopeAdmin},
	qidongv1connect.FragmentServicePublishFragmentProcedure:          {orchestrator.ScopeAdmin},
	qidongv1connect.FragmentServiceGetFragmentProcedure:              {orchestrator.ScopeAdmin},
	qidongv1connect.FragmentServiceListFragmentsProcedure:            {orchestrator.ScopeAdmin},
	qidongv1connect.DraftServiceGetDraftProcedure:                    {orchestrator.ScopeAdmin},
	qidongv1connect.DraftServiceListDraftsProcedure:                  {orchestrator.ScopeAdmin},
	qidongv1connect.DraftServiceCreateDraftProcedure:                 {orchestrator.ScopeAdmin},
	qidongv1connect.DraftServiceEditDraftProcedure:                   {orchestrator.ScopeAdmin},
	qidongv1connect.DraftServiceUndoDraftProcedure:                   {orchestrator.ScopeAdmin},
	qidongv1connect.DraftServiceRedoDraftProcedure:                   {orchestrator.ScopeAdmin},
	qidongv1connect.DraftServiceDiscardDraftProcedure:                {orchestrator.ScopeAdmin},
	qidongv1connect.DraftServicePublishDraftProcedure:                {orchestrator.ScopeAdmin},
	qidongv1connect.DraftServiceWatchDraftProcedure:                  {orchestrator.ScopeAdmin},
	qidongv1connect.DraftServiceListJourneyTemplatesProcedure:        {orchestrator.ScopeAdmin},
	qidongv1connect.PluginServiceUploadPluginProcedure:               {orchestrator.ScopeAdmin},
	qidongv1connect.PluginServiceListPluginsProcedure:                {orchestrator.ScopeAdmin},
	qidongv1connect.PluginServiceGetPluginProcedure:                  {orchestrator.ScopeAdmin},
	qidongv1connect.PluginServiceUpdatePluginProcedure:               {orchestrator.ScopeAdmin},
	qidongv1connect.PluginServiceGetPluginModuleProcedure:            {orchestrator.ScopeAdmin},
	qidongv1connect.PluginServiceListPluginCallsProcedure:            {orchestrator.ScopeAdmin},
	qidongv1connect.PluginServiceGetPluginCallProcedure:              {orchestrator.ScopeAdmin},
	qidongv1connect.PluginServicePromotePluginProcedure:              {orchestrator.ScopeAdmin},
	qidongv1connect.PluginServiceDeprecatePluginProcedure:            {orchestrator.ScopeAdmin},
	qidongv1connect.PluginServiceYankPluginProcedure:                 {orchestrator.ScopeAdmin},
	qidongv1connect.PluginServiceListPluginUsesProcedure:             {orchestrator.ScopeAdmin},
	qidongv1connect.PluginServiceAddPluginKeyProcedure:               {orchestrator.ScopeAdmin},
	qidongv1connect.PluginServiceListPluginKeysProcedure:             {orchestrator.ScopeAdmin},
	qidongv1connect.PluginServiceRevokePluginKeyProcedure:            {orchestrator.ScopeAdmin},
	qidongv1connect.SecretServicePutSecretProcedure:                  {orchestrator.ScopeAdmin},
	qidongv1connect.SecretServiceListSecretsProcedure:                {orchestrator.ScopeAdmin},
	qidongv1connect.SecretServiceDeleteSecretProcedure:               {orchestrator.ScopeAdmin},
	qidongv1connect.CustomerServicePutCustomerProcedure:              {orchestrator.ScopeAdmin},
	qidongv1connect.CustomerServiceGetCustomerProcedure:              {orchestrator.ScopeAdmin},
	qidongv1connect.CustomerServiceListCustomersProcedure:            {orchestrator.ScopeAdmin},
	qidongv1connect.CustomerServiceListMessagesProcedure:             {orchestrator.ScopeAdmin},
	qidongv1connect.CustomerServiceReplyToMessageProcedure:           {orchestrator.ScopeAdmin},
	qidongv1connect.EnrollmentServiceStartEnrollmentProcedure:        {orchestrator.ScopeAdmin},
	qidongv1connect.EnrollmentServiceListEnrollmentsProcedure:        {orchestrator.ScopeAdmin},
	qidongv1connect.EnrollmentServiceGetEnrollmentProcedure:          {orchestrator.ScopeAdmin},
	qidongv1connect.EnrollmentServiceResolveIncidentProcedure:        {orchestrator.ScopeAdmin},
	qidongv1connect.EnrollmentServiceMoveEnrollmentProcedure:         {orchestrator.ScopeAdmin},
	qidongv1connect.EnrollmentServiceRemoveEnrollmentProcedure:       {orchestrator.ScopeAdmin},
	qidongv1connect.EnrollmentServiceListStalledEnrollmentsProcedure: {orchestrator.ScopeAdmin},
	qidongv1connect.IncidentServiceListIncidentsProcedure:            {orchestrator.ScopeAdmin},
	qidongv1connect.IncidentServiceListIncidentGroupsProcedure:       {orchestrator.ScopeAdmin},
	qidongv1connect.IncidentServicePreviewResolutionProcedure:        {orchestrator.ScopeAdmin},
	qidongv1connect.IncidentServiceResolveIncidentsProcedure:         {orchestrator.ScopeAdmin},
	qidongv1connect.JourneyServicePlanPublishProcedure:               {orchestrator.ScopeAdmin},
	qidongv1connect.JourneyServiceRollbackJourneyProcedure:           {orchestrator.ScopeAdmin},
	qidongv1connect.JourneyServiceListJourneyVersionsProcedure:       {orchestrator.ScopeAdmin},
	qidongv1connect.JourneyServiceDiffJourneyVersionsProcedure:       {orchestrator.ScopeAdmin},
	qidongv1connect.JourneyServicePauseJourneyProcedure:              {orchestrator.ScopeAdmin},
	qidongv1connect.JourneyServiceResumeJourneyProcedure:             {orchestrator.ScopeAdmin},
	qidongv1connect.JourneyServiceListBulkJobsProcedure:              {orchestrator.ScopeAdmin},
	qidongv1connect.JourneyServiceGetBulkJobProcedure:                {orchestrator.ScopeAdmin},
	qidongv1connect.JourneyServiceListBulkItemsProcedure:             {orchestrator.ScopeAdmin},
	qidongv1connect.JourneyServiceStopBulkJobProcedure:               {orchestrator.ScopeAdmin},
	qidongv1connect.EventServiceSendEventsProcedure:                  {orchestrator.ScopeAdmin, orchestrator.ScopeEvents},
	qidongv1connect.EventServiceListEventsProcedure:                  {orchestrator.ScopeAdmin},
	qidongv1connect.EventServiceGetInboxProcedure:                    {orchestrator.ScopeAdmin},
	qidongv1connect.EventServiceListDeadEventsProcedure:              {orchestrator.ScopeAdmin},
	qidongv1connect.EventServiceReplayEventProcedure:                 {orchestrator.ScopeAdmin},
	qidongv1connect.EntryServiceListEntryDecisionsProcedure:          {orchestrator.ScopeAdmin},
	qidongv1connect.EntryServiceListQRLinksProcedure:                 {orchestrator.ScopeAdmin},
	qidongv1connect.EntryServiceOpenQRLinkProcedure:                  {orchestrator.ScopeAdmin},
	qidongv1connect.EntryServiceReceiveMessageProcedure:              {orchestrator.ScopeAdmin},
	qidongv1connect.TaskServiceListTasksProcedure:                    {orchestrator.ScopeAdmin},
	qidongv1connect.TaskServiceGetTaskProcedure:                      {orchestrator.ScopeAdmin},
	qidongv1connect.TaskServiceCompleteTaskProcedure:                 {orchestrator.ScopeAdmin},
	qidongv1connect.SurveyServiceGetSurveyResultsProcedure:           {orchestrator.ScopeAdmin},
	qidongv1connect.SurveyServiceListAnswersProcedure:                {orchestrator.ScopeAdmin},
	qidongv1connect.GuardrailServiceGetGuardrailsProcedure:           {orchestrator.ScopeAdmin},
	qidongv1connect.GuardrailServiceSetGuardrailsProcedure:           {orchestrator.ScopeAdmin},
	qidongv1connect.GuardrailServiceGetConsentsProcedure:             {orchestrator.ScopeAdmin},
	qidongv1connect.GuardrailServiceSetConsentProcedure:              {orchestrator.ScopeAdmin},
	qidongv1connect.GuardrailServiceListConsentHistoryProcedure:      {orchestrator.ScopeAdmin},
	qidongv1connect.SegmentServicePutSegmentProcedure:                {orchestrator.ScopeAdmin},
	qidongv1connect.SegmentServiceGetSegmentProcedure:                {orchestrator.ScopeAdmin},
	qidongv1connect.SegmentServiceListSegmentsProcedure:              {orchestrator.ScopeAdmin},
	qidongv1connect.SegmentServiceDeleteSegmentProcedure:             {orchestrator.ScopeAdmin},
	qidongv1connect.SegmentServiceListSegmentMembersProcedure:        {orchestrator.ScopeAdmin},
	qidongv1connect.SegmentServiceListCustomerSegmentsProcedure:      {orchestrator.ScopeAdmin},
	qidongv1connect.SegmentServicePreviewSegmentProcedure:            {orchestrator.ScopeAdmin},
	qidongv1connect.CampaignServiceStartCampaignProcedure:            {orchestrator.ScopeAdmin},
	qidongv1connect.CampaignServiceStopCampaignProcedure:             {orchestrator.ScopeAdmin},
	qidongv1connect.CampaignServicePauseCampaignProcedure:            {orchestrator.ScopeAdmin},
	qidongv1connect.CampaignServiceResumeCampaignProcedure:           {orchestrator.ScopeAdmin},
	qidongv1connect.CampaignServiceGetCampaignProcedure:              {orchestrator.ScopeAdmin},
	qidongv1connect.CampaignServiceListCampaignsProcedure:            {orchestrator.ScopeAdmin},
	qidongv1connect.CampaignServiceListFiringsProcedure:              {orchestrator.ScopeAdmin},
	qidongv1connect.CustomerServiceTagCustomerProcedure:              {orchestrator.ScopeAdmin},
}

type actorKey struct{}

// WithActor returns a context whose requests are a's.
func WithActor(ctx context.Context, a orchestrator.Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom returns whose request it is. Without one it is the zero Actor,
// which has no workspace and no scope, so that nothing is open to it.
func ActorFrom(ctx context.Context) orchestrator.Actor {
	a, _ := ctx.Value(actorKey{}).(orchestrator.Actor)
	return a
}

// authenticator finds out whose request it is, before a body is read.
type authenticator struct {
	svc      *orchestrator.Service
	session  func(*http.Request) (orchestrator.Actor, bool)
	origins  http.CrossOriginProtection
	writer   *connect.ErrorWriter
	mapError func(context.Context, error) *connect.Error
}

// actor takes the bearer token, which no browser sends by itself, or else the
// session, which a browser sends for other sites as well.
func (a *authenticator) actor(r *http.Request) (orchestrator.Actor, error) {
	if secret, ok := bearer(r.Header); ok {
		return a.svc.Authenticate(r.Context(), secret)
	}
	if a.session != nil {
		if actor, ok := a.session(r); ok {
			if err := a.origins.Check(r); err != nil {
				return orchestrator.Actor{}, fmt.Errorf("%w: the request comes from another site", orchestrator.ErrForbidden)
			}
			return actor, nil
		}
	}
	return orchestrator.Actor{}, fmt.Errorf("%w: send the header Authorization: Bearer <API token>", orchestrator.ErrUnauthorized)
}

func bearer(h http.Header) (string, bool) {
	scheme, secret, ok := strings.Cut(h.Get("Authorization"), " ")
	secret = strings.TrimSpace(secret)
	return secret, ok && strings.EqualFold(scheme, "Bearer") && secret != ""
}

// wrap refuses requests of nobody, and of actors without the scope of the
// procedure that the path names, before any of the body is read.
func (a *authenticator) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, err := a.actor(r)
		if err == nil {
			err = allowed(actor, scopes[r.URL.Path])
		}
		if err != nil {
			if errors.Is(err, orchestrator.ErrUnauthorized) {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
			_ = a.writer.Write(w, r, a.mapError(r.Context(), err)) // fails only when the client is gone
			return
		}
		next.ServeHTTP(w, r.WithContext(WithActor(r.Context(), actor)))
	})
}

func allowed(a orchestrator.Actor, anyOf []string) error {
	for _, scope := range a.Scopes {
		if slices.Contains(anyOf, scope) {
			return nil
		}
	}
	if len(anyOf) == 0 {
		return fmt.Errorf("%w: nobody may do this", orchestrator.ErrForbidden)
	}
	return fmt.Errorf("%w: this needs the scope %s", orchestrator.ErrForbidden, strings.Join(anyOf, " or "))
}
