package main

import "github.com/qidong/qidong/orchestrator/journey"

// The messages of the journey. Texts are templates: customer, now and the values
// given to Send, as vars.
var (
	welcome = journey.Send{
		Category: "service",
		Card: &journey.Card{
			Title:       journey.Text{"en": "Welcome, ${customer.name}", "zh-CN": "${customer.name}，欢迎您"},
			Description: journey.Text{"en": "Your SIM card costs 30 CNY. Your first bill covers part of a month: shall we explain it?", "zh-CN": "SIM 卡工本费 30 元。首月账单只包含部分天数，需要为您说明吗？"},
			Media:       &journey.Media{URL: "https://telco.example/welcome.jpg", Type: "image/jpeg", Height: "MEDIUM_HEIGHT"},
			Suggestions: []journey.Suggestion{
				{Text: journey.Text{"en": "Pay for the card", "zh-CN": "支付卡费"}, OpenURL: "${vars.pay_url}"},
				{Text: journey.Text{"en": "Explain", "zh-CN": "说明一下"}, Reply: "explain"},
				{Text: journey.Text{"en": "All clear", "zh-CN": "我清楚了"}, Reply: "clear"},
			},
		},
	}
	explanation = journey.Send{Category: "service", Text: journey.Text{
		"en":    "The first bill counts from the day your service began; the eleven that follow count whole months.",
		"zh-CN": "首月账单从开通日起计算，之后十一个月按整月计算。",
	}}
	thanks = journey.Send{Category: "service", Text: journey.Text{
		"en": "Thank you for reading: you have ${vars.balance} points.", "zh-CN": "感谢阅读，您现有 ${vars.balance} 积分。",
	}}
	billCard = journey.Send{Category: "transactional", Text: journey.Text{
		"en": "Bill ${vars.number} is here: ${vars.bill.amount} CNY.", "zh-CN": "第 ${vars.number} 期账单：${vars.bill.amount} 元。",
	}}
)
