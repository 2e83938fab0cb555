package plugins

import (
	"context"
	"errors"

	"github.com/qidong/qidong/plugins/admission"
	"github.com/qidong/qidong/sdk/abi"
)

// admit waits for a place to run in.
func (h *Host) admit(ctx context.Context, m *module, c Call, l Limits, r *Result) (*admission.Ticket, error) {
	key := admission.Key{Workspace: c.Workspace, Plugin: m.manifest.Name + "@" + m.manifest.Version}
	if c.World != nil { // what an example does says nothing about real calls
		key.Plugin += " (example)"
	}
	ticket, err := h.control.Enter(ctx, key, l.Memory)
	var suspended *admission.SuspendedError
	switch {
	case err == nil:
		r.Waited = ticket.Waited()
		return ticket, nil
	case errors.As(err, &suspended):
		f := failf(abi.CodeSuspended, "%s. An operator can see why in its last calls.", sentence(err))
		f.after = suspended.After
		return nil, f
	case errors.Is(err, admission.ErrBusy):
		return nil, failf(abi.CodeBusy, "%s.", sentence(err))
	}
	return nil, err
}

// codeOf is the code that err will have for the caller; "" for none.
func codeOf(err error) string {
	var declared *abi.Error
	var f *failure
	switch {
	case err == nil:
		return ""
	case errors.As(err, &declared):
		return declared.Code
	case errors.As(err, &f):
		return f.code
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return abi.CodeCanceled // before it ran
	}
	return abi.CodeUnavailable
}
