package main

import "github.com/qidong/qidong/sdk/plugin"

// Charge asks a customer for money.
type Charge struct {
	Amount      int    `json:"amount" schema:"minimum=1,maximum=1000000" title:"Amount, yuan" title-zh-CN:"金额（元）"`
	Currency    string `json:"currency" schema:"enum=CNY" title:"Currency" title-zh-CN:"币种"`
	CustomerRef string `json:"customer_ref" schema:"minLength=1,maxLength=128" title:"Customer" title-zh-CN:"客户"`
	Description string `json:"description" schema:"minLength=1,maxLength=200" title:"What it is for" title-zh-CN:"用途"`
}

// Payment waits for the customer's approval at PayURL.
type Payment struct {
	PaymentID string `json:"payment_id" title:"Payment" title-zh-CN:"付款编号"`
	Status    string `json:"status" title:"Status" title-zh-CN:"状态"`
	PayURL    string `json:"pay_url" schema:"format=uri,pattern=^https?://" title:"Payment page" title-zh-CN:"付款页面"`
}

// Refund names the charge by the key of the call that made it.
type Refund struct {
	ChargeKey string `json:"charge_key" schema:"minLength=1,maxLength=255" title:"Key of the charge" title-zh-CN:"收款调用的键"`
}

// Refunded says what happened: refunded, cancelled (it was not yet paid), or
// none (there was nothing to give back), and how much money went back.
type Refunded struct {
	Status string `json:"status" schema:"enum=refunded|cancelled|none" title:"Status" title-zh-CN:"状态"`
	Amount int    `json:"amount" schema:"minimum=0" title:"Amount, yuan" title-zh-CN:"金额（元）"`
}

// ChargeCustomer makes a payment. A repeated call gets the same payment,
// because the host sends the same idempotency key.
func ChargeCustomer(c *plugin.Call, in Charge) (Payment, error) {
	var out Payment
	bank, err := connect(c)
	if err != nil {
		return out, err
	}
	err = bank.Post("/v1/charges", in, &out)
	return out, err
}

// RefundCharge undoes ChargeCustomer, also when the charge never arrived.
func RefundCharge(c *plugin.Call, in Refund) (Refunded, error) {
	var out Refunded
	bank, err := connect(c)
	if err != nil {
		return out, err
	}
	err = bank.Post("/v1/refunds", in, &out)
	return out, err
}

func connect(c *plugin.Call) (*plugin.Client, error) {
	var config Config
	err := c.Config(&config)
	return c.HTTP(config.BaseURL), err
}
