package main

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
)

// TestBrowser_MovieNight goes from the sign-in link to a finished movie night
// by clicking, in both languages: as a designer who tries the journey, and as
// the customer on the handset, at the bank's page and at the cinema's door.
func TestBrowser_MovieNight(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.start()
	b := browsertest.Start(t)
	tests := []struct{ name, language, dark, ended string }{
		{"in English", "en", "", "Ended"},
		{"in Chinese, dark", "zh-CN", "dark", "已结束"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if tc.dark != "" {
				i.restart() // for a fresh link
			}
			p := b.Tab(t, browsertest.Language(tc.language), browsertest.Size(1440, 900))
			p.Open(i.link())
			p.Click("[data-testid=sign-in]")
			p.Click("[data-testid=nav-journeys]")
			p.WaitText("h1, h2, table", map[string]string{"en": "Movie night", "zh-CN": "电影之夜"}[tc.language])
			if tc.dark != "" {
				p.Open("http://" + i.listen + "/preferences?theme=dark&back=/journeys")
			}
			p.Shot("journeys-" + tc.language)
			p.Open("http://" + i.listen + "/journeys/movie-night")
			p.WaitVisible("[data-testid=step-promo]")
			p.Shot("canvas-" + tc.language)
			p.Click("[data-testid=try]")
			p.Click("[data-testid=pace-2s]")
			p.Click("[data-testid=try-start]")
			watchAFilm(t, b, p, tc.language)

			p.Click("[data-testid=run]")
			p.WaitTrue("!!document.querySelector('[data-testid=status][data-status=ended]')")
			p.WaitText("[data-testid=status]", tc.ended)
			p.Shot("enrollment-" + tc.language)
		})
	}
}

// watchAFilm is the customer's evening, on the handset that p shows.
func watchAFilm(t *testing.T, b *browsertest.Browser, p *browsertest.Page, language string) {
	t.Helper()
	p.Click("[data-testid=message-promo] [data-testid=reply-choose]")
	p.WaitVisible("[data-testid=message-pay_card]")
	p.Shot("handset-pay-" + language)
	companion := attribute(p, "[data-testid=companion]", "href")

	bank := b.Tab(t, browsertest.Language(language), browsertest.Phone())
	bank.Open(attribute(p, "[data-testid=message-pay_card] [data-testid=open-url]", "href"))
	bank.Click("[data-testid=approve]")

	p.WaitVisible("[data-testid=message-ticket_card]")
	phone := b.Tab(t, browsertest.Language(language), browsertest.Phone())
	phone.Open(companion)
	phone.WaitVisible("[data-testid=qr]")
	phone.Shot("companion-" + language)

	p.Click("[data-testid=message-ride_offer] [data-testid=reply-accept]")
	p.WaitVisible("[data-testid=message-reading]")
	p.Shot("handset-ride-" + language)

	door := b.Tab(t, browsertest.Language(language), browsertest.Phone())
	door.Open(attribute(p, "[data-testid=message-ticket_card] [data-testid=scan-qr]", "href"))
	door.Click("[data-testid=check-in]")

	p.WaitVisible("[data-testid=message-nps]")
	p.Do("answering nine", chromedp.Evaluate[chromedp.Void](
		`[...document.querySelectorAll("[data-testid=reply-score]")].find(b => b.innerText.trim() === "9").click()`))
	p.WaitVisible("[data-testid=message-thanks]")
	p.WaitText("[data-testid=message-thanks]", "120")
	p.Shot("handset-thanks-" + language)
}

func attribute(p *browsertest.Page, css, name string) string {
	return browsertest.Eval[string](p, "new URL(document.querySelector('"+css+"').getAttribute('"+name+"'), location.href).href")
}

// restart stops and starts the server as an operator would.
func (i *installation) restart() {
	i.t.Helper()
	require.NoError(i.t, i.interrupt())
	i.start()
}
