package demo

import (
	"fmt"
	"math/rand/v2"
)

// The outcomes that the movie-night journey has.
const (
	completed      = "completed"
	declined       = "declined"
	lapsed         = "lapsed"
	paymentFailed  = "payment_failed"
	paymentTimeout = "payment_timeout"
	noShow         = "no_show"
	showCancelled  = "show_cancelled"
)

// script is what one customer will do.
type script struct {
	Outcome string // what that leads to
	Locale  string
	Show    int  // which card of the promotion is chosen, from 0
	Ride    bool // takes the ride
	Score   int  // answer to the survey; -1 is none
}

// doomedShow is the card that only customers of the cancelled show choose.
const doomedShow = 2

// scripts gives each of n customers a script: of a hundred about sixty buy,
// fifteen decline and ten never answer; from five customers on the bank refuses
// one payment, one show is cancelled (for two customers from twenty on), and
// one customer does not come. The same seed gives the same scripts.
func scripts(n int, seed uint64) []script {
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // no secret
	var outcomes []string
	add := func(count int, outcome string) {
		for range count {
			outcomes = append(outcomes, outcome)
		}
	}
	if n >= 5 {
		add(1, paymentFailed)
		add(1, noShow)
		add(1+min(n/20, 1), showCancelled)
	}
	add(n*15/100, declined)
	add(n*10/100, lapsed)
	add(n-len(outcomes), completed)
	random.Shuffle(n, func(i, j int) { outcomes[i], outcomes[j] = outcomes[j], outcomes[i] })

	out := make([]script, n)
	for i, outcome := range outcomes {
		s := script{Outcome: outcome, Locale: []string{"en", "zh-CN"}[i%2], Show: random.IntN(doomedShow), Ride: random.IntN(3) > 0, Score: random.IntN(11)}
		if random.IntN(5) == 0 {
			s.Score = -1
		}
		if outcome == showCancelled {
			s.Show, s.Ride = doomedShow, true // so that there is a ride to cancel
		}
		out[i] = s
	}
	return out
}

var (
	homes = []struct {
		en, zh              string
		latitude, longitude float64
	}{
		{"12 Anfu Road, Xuhui, Shanghai", "上海市徐汇区安福路12号", 31.2146, 121.4411},
		{"88 Siping Road, Hongkou, Shanghai", "上海市虹口区四平路88号", 31.2640, 121.4891},
		{"5 Dongtai Road, Huangpu, Shanghai", "上海市黄浦区东台路5号", 31.2196, 121.4787},
		{"301 Zhangyang Road, Pudong, Shanghai", "上海市浦东新区张杨路301号", 31.2312, 121.5184},
	}
	names = [][2]string{{"Lin Xia", "林夏"}, {"Zhou Mo", "周墨"}, {"Gu Qing", "顾青"}, {"Xu An", "许安"}, {"Tang Yue", "唐月"}, {"Jiang He", "江禾"}}
)

// person is who follows the i-th script: name and home in the script's language.
func (s script) person(i int) (name string, home map[string]any) {
	h, n, language := homes[i%len(homes)], names[i%len(names)], 0
	address := h.en
	if s.Locale == "zh-CN" {
		address, language = h.zh, 1
	}
	return fmt.Sprintf("%s %d", n[language], i+1), map[string]any{"address": address, "latitude": h.latitude, "longitude": h.longitude}
}
