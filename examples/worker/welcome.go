package main

import (
	"cmp"
	"errors"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/workflows"
)

const day = 24 * time.Hour

// Welcome accompanies a new subscriber through the first months: the price of
// the SIM card, a welcome that explains the coming bills, a word with each of the
// first three bills, points for those who read, and at last a question.
func Welcome(e *workflows.Enrollment) (string, error) {
	link, err := charge(e)
	if err != nil {
		return "", err
	}
	reply, answered, err := e.Ask("welcome", welcome, map[string]any{"pay_url": link}, 3*day)
	if err != nil {
		return "", err
	}
	if answered && reply.Reply == "explain" {
		if err := explain(e); err != nil {
			return "", err
		}
	}
	for bill := 1; bill <= 3; bill++ {
		event, came, err := e.WaitFor("bill", 40*day, "billing.issued")
		if err != nil {
			return "", err
		}
		if !came {
			return "no_bill", nil // somebody else must look at that
		}
		values := map[string]any{"number": bill, "bill": event.Data}
		if _, err := e.Send("bill_card", billCard, values); err != nil {
			return "", err
		}
	}
	answer, err := e.Do(journey.Step{ID: "effort", Survey: &journey.Survey{
		Kind: "ces", Wait: journey.Duration(7 * day), Driver: "service", Scene: "learn",
		Question: journey.Text{"en": "How easy are your bills to understand?", "zh-CN": "您觉得账单容易看懂吗？"},
	}}, nil)
	if err != nil {
		return "", err
	}
	if answer["answered"] != true {
		return "silent", nil
	}
	return "", nil
}

// charge asks for the price of the SIM card and returns where it is paid. When
// the bank does not answer for long, the customer is held for an operator; who
// leaves gets the money back.
func charge(e *workflows.Enrollment) (payURL string, err error) {
	type payment struct {
		PayURL string `json:"pay_url"`
	}
	p, err := workflows.Call[payment](e, "sim_card", "bank.charge",
		map[string]any{"amount": 30, "currency": "CNY", "customer_ref": e.Customer()["id"], "description": "SIM card"},
		workflows.UndoBy("bank.refund", map[string]any{"charge_key": "${call.key}"}),
		workflows.WithRetry(journey.Retry{Attempts: 3, Interval: journey.Duration(time.Second), Max: journey.Duration(2 * time.Second)}))
	return cmp.Or(p.PayURL, "https://telco.example/pay"), err // an operator may have skipped the charge
}

// explain tells why the first bill differs, and thanks for reading.
func explain(e *workflows.Enrollment) error {
	if _, err := e.Send("explanation", explanation, nil); err != nil {
		return err
	}
	type granted struct {
		Balance int64 `json:"balance"`
	}
	points, err := workflows.Call[granted](e, "reading_points", "points.grant",
		map[string]any{"amount": 20, "reason": "Read how bills work"}, workflows.ReturnFailure())
	var refused *workflows.StepError
	if errors.As(err, &refused) {
		return nil // points are a courtesy: without them the journey goes on
	}
	if err != nil {
		return err
	}
	_, err = e.Send("thanks", thanks, map[string]any{"balance": points.Balance})
	return err
}
