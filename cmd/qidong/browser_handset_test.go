package main

import (
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
)

// TestBrowser_TwoHandsets drives a journey by what customers type, two of them
// side by side: a keyword begins it, a label typed is the suggested reply, words
// answer a question; each telephone shows its own, with receipts. What is answered
// on the companion page, without a script, arrives as well.
func TestBrowser_TwoHandsets(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.start()
	for _, args := range [][]string{
		{"journey", "publish", filepath.Join("testdata", "film-club.yaml")},
		{"customer", "put", "c_ann", "--name", "Ann"},
		{"customer", "put", "c_lin", "--name", "林夏", "--locale", "zh-CN", "--time-zone", "Asia/Shanghai"},
	} {
		_, stderr, err := i.run(t.Context(), args...)
		require.NoError(t, err, stderr)
	}
	b := browsertest.Start(t)
	p := b.Tab(t, browsertest.Language("en"), browsertest.Size(1440, 900))
	p.Open(i.link())
	p.Click("[data-testid=sign-in]")
	p.WaitVisible("nav.side")
	p.Open("http://" + i.listen + "/handset/c_ann?q=c_lin")
	p.Click("[data-testid=add-phone]")

	ann, lin := "[data-testid=phone-c_ann] ", "[data-testid=phone-c_lin] "
	says := func(phone, words string) {
		p.Click(phone + "[data-testid=say]")
		p.Press(words + kb.Enter)
	}
	says(ann, "club")
	p.WaitText(ann+"[data-testid=message-offer]", "Join the film club, Ann?")
	says(lin, "俱乐部")
	p.WaitText(lin+"[data-testid=message-offer]", "林夏，加入观影俱乐部吗？")
	p.WaitVisible(ann + "[data-testid=message-offer] .receipt.displayed")
	p.Shot("handsets")

	says(ann, "COUNT me in")
	p.WaitVisible(ann + "[data-testid=message-why]")
	says(ann, "Old <i>comedies</i>")
	p.WaitText(ann+"[data-testid=message-thanks]", "Noted: Old <i>comedies</i>")
	p.WaitTrue(`document.querySelectorAll("[data-testid=message-thanks], [data-testid=message-why]").length === 2`) // none of them Lin's

	// Lin answers on her own page, on a small telephone without a script.
	p.Open("http://" + i.listen + "/handset/c_lin")
	page := b.Tab(t, browsertest.Language("zh-CN"), browsertest.Size(360, 780), browsertest.NoScript())
	page.Open(attribute(p, "[data-testid=companion]", "href"))
	page.Click("[data-testid=ask] [data-testid=reply-join]")
	page.WaitText("[role=status]", "已收到您的回答")
	p.WaitText(lin+"[data-testid=message-why]", "您喜欢看什么？")
	page.Open(attribute(p, "[data-testid=companion]", "href"))
	page.Click("[data-testid=ask] [data-testid=write]")
	page.Press("老电影")
	page.Click("[data-testid=write-send]")
	p.WaitText(lin+"[data-testid=message-thanks]", "已记录：老电影")

	p.Open("http://" + i.listen + "/handset?customer=c_ann&customer=c_lin")
	p.Click(lin + "[data-testid=remove-phone]")
	p.WaitVisible(ann + "[data-testid=message-thanks]")
	p.WaitGone(lin + "[data-testid=thread]")
}
