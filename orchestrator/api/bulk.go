package api

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func (s *server) ListBulkJobs(ctx context.Context, r *qidongv1.ListBulkJobsRequest) (*qidongv1.ListBulkJobsResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "bulk", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	page, after, err := s.svc.BulkJobs(ctx, a, r.Journey, p)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListBulkJobsResponse{Jobs: each(page, protoBulkJob), NextPageToken: s.pages.token(a, "bulk", after)}, nil
}

func (s *server) GetBulkJob(ctx context.Context, r *qidongv1.GetBulkJobRequest) (*qidongv1.GetBulkJobResponse, error) {
	job, err := s.svc.BulkJob(ctx, ActorFrom(ctx), r.Id)
	if err != nil {
		return nil, err
	}
	return &qidongv1.GetBulkJobResponse{Job: protoBulkJob(job)}, nil
}

func (s *server) ListBulkItems(ctx context.Context, r *qidongv1.ListBulkItemsRequest) (*qidongv1.ListBulkItemsResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "bulk items", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	page, after, err := s.svc.BulkItems(ctx, a, r.Job, orchestrator.BulkItemState(r.State), p)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListBulkItemsResponse{
		Items: each(page, func(i orchestrator.BulkItem) *qidongv1.BulkItem {
			return &qidongv1.BulkItem{EnrollmentId: i.Enrollment, IncidentId: i.Incident, State: string(i.State), Attempts: int32(i.Attempts), Reason: i.Reason}
		}),
		NextPageToken: s.pages.token(a, "bulk items", after),
	}, nil
}

func (s *server) StopBulkJob(ctx context.Context, r *qidongv1.StopBulkJobRequest) (*qidongv1.StopBulkJobResponse, error) {
	return &qidongv1.StopBulkJobResponse{}, s.svc.StopBulkJob(ctx, ActorFrom(ctx), r.Id)
}

func protoMove(j *orchestrator.BulkJob) *qidongv1.BulkJob {
	if j == nil {
		return nil
	}
	return protoBulkJob(*j)
}

func protoBulkJob(j orchestrator.BulkJob) *qidongv1.BulkJob {
	return &qidongv1.BulkJob{
		Id: j.ID, Journey: j.Journey, Action: j.Action(), State: string(j.State), Rate: int32(j.Rate), CreatedBy: j.By,
		CreateTime: protoTime(j.CreatedAt), EndTime: protoTime(j.EndedAt), Total: j.Counts.Total, Pending: j.Counts.Pending,
		Told: j.Counts.Told, Done: j.Counts.Done, Gone: j.Counts.Gone, Failed: j.Counts.Failed,
	}
}
