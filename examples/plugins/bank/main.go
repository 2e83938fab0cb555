// Command plugin is the bank's plugin for Qidong: journeys ask a customer for
// money with it, and give it back. It calls the bank's own HTTP API.
package main

import (
	"time"

	"github.com/qidong/qidong/sdk/plugin"
)

// Config is what a workspace fills in once.
type Config struct {
	BaseURL string `json:"base_url" schema:"format=uri,pattern=^https?://" title:"Address of the payment system" title-zh-CN:"支付系统地址"`
}

// New describes the plugin. Examples are run at upload and by this plugin's
// test; simulations answer with them.
func New() *plugin.Plugin {
	p := plugin.New(plugin.Info{
		Name: "bank", Version: "1.0.0", Partner: "Harbor Bank",
		Title:       plugin.T("Harbor Bank", "港湾银行"),
		Description: plugin.T("Payments and refunds.", "收款与退款。"),
		Config:      Config{BaseURL: "https://bank.example"},
		Needs: []plugin.Need{plugin.NeedHTTP("config.base_url",
			plugin.T("To ask for payments and refunds in the payment system.", "用于在支付系统中发起收款和退款。"))},
	})
	charge := Charge{Amount: 128, Currency: "CNY", CustomerRef: "c_1", Description: "Deep Current × 2"}
	payment := Payment{PaymentID: "pay_1", Status: "pending", PayURL: "https://bank.example/pay/pay_1"}
	refunded := Refunded{Status: "refunded", Amount: 128}

	plugin.Action(p, "charge", ChargeCustomer, plugin.Write, plugin.UndoneBy("refund"), plugin.Timeout(5*time.Second),
		plugin.Title("Ask for a payment", "发起收款"),
		plugin.Description(
			"Makes a payment that the customer approves on the bank's page. The bank then sends bank.payment.succeeded or bank.payment.failed.",
			"创建一笔由客户在银行页面确认的付款，银行随后发送 bank.payment.succeeded 或 bank.payment.failed 事件。"),
		plugin.Example(charge, payment, plugin.Exchange("POST", "/v1/charges", 200, payment)),
		plugin.ExampleError(charge, "cancelled", plugin.Exchange("POST", "/v1/charges", 409,
			map[string]any{"error": map[string]string{"code": "cancelled", "message": "This request was cancelled before it arrived."}})))

	plugin.Action(p, "refund", RefundCharge, plugin.Write, plugin.Timeout(5*time.Second),
		plugin.Title("Refund", "退款"),
		plugin.Description("Gives the money back once; a payment that still waits is cancelled.", "原路退款（仅一次）；未完成的付款会被取消。"),
		plugin.Example(Refund{ChargeKey: "e_1/charge/1"}, refunded, plugin.Exchange("POST", "/v1/refunds", 200, refunded)))
	return p
}

func init() { plugin.Serve(New()) }

func main() {} // never runs in a module
