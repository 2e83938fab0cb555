package main

import (
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/workflows"
)

var deposited = journey.Send{Category: "service", Text: journey.Text{
	"en":    "Your number is kept for 14 days, ${customer.name}: come to a shop, or pay by yourself.",
	"zh-CN": "${customer.name}，号码为您保留 14 天：请到营业厅办理，或开通自动缴费。",
}}

// Deposit keeps a number for a customer who has paid for it: until they come to
// a shop or pay by themselves, whichever is first. Who does neither gets the
// deposit back.
func Deposit(e *workflows.Enrollment) (string, error) {
	_, err := workflows.Call[struct{}](e, "deposit", "bank.charge",
		map[string]any{"amount": 100, "currency": "CNY", "customer_ref": e.Customer()["id"], "description": "A number"},
		workflows.UndoBy("bank.refund", map[string]any{"charge_key": "${call.key}"}))
	if err != nil {
		return "", err
	}
	if _, err := e.Send("kept", deposited, nil); err != nil {
		return "", err
	}
	taken := false
	until := func(step, event string) func(*workflows.Enrollment) error {
		return func(arm *workflows.Enrollment) error {
			_, came, err := arm.WaitFor(step, 14*day, event)
			taken = taken || came
			return err
		}
	}
	err = e.Parallel("either", 1,
		workflows.Arm{ID: "shop", Do: until("visit", "shop.visited")},
		workflows.Arm{ID: "bank", Do: until("autopay", "subscriber.autopay.enabled")})
	if err != nil {
		return "", err
	}
	if !taken {
		return "not_taken", e.Undo()
	}
	return "taken", nil
}
