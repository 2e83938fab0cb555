// Command survey is a first-party plugin that reckons what answers mean: the
// share of promoters, of the satisfied, and how far what customers met is from
// what they expected. It asks for nothing, and changes nothing.
package main

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/qidong/qidong/sdk/plugin"
)

// Scores are answers on a scale from 0 to 10.
type Scores struct {
	Scores []int `json:"scores" schema:"minItems=1,maxItems=10000" title:"Answers" title-zh-CN:"评分" description:"Whole numbers from 0 to 10." description-zh-CN:"0 至 10 的整数。"`
}

// NPS is the net promoter score, after Reichheld, "The One Number You Need to
// Grow", Harvard Business Review, December 2003.
type NPS struct {
	Score      int `json:"score" schema:"minimum=-100,maximum=100" title:"Net promoter score" title-zh-CN:"净推荐值"`
	Promoters  int `json:"promoters" title:"Promoters, 9 and 10" title-zh-CN:"推荐者（9、10 分）"`
	Passives   int `json:"passives" title:"Passives, 7 and 8" title-zh-CN:"被动者（7、8 分）"`
	Detractors int `json:"detractors" title:"Detractors, 0 to 6" title-zh-CN:"贬损者（0 至 6 分）"`
}

// Ratings are answers on a scale from 1 to 5.
type Ratings struct {
	Ratings []int `json:"ratings" schema:"minItems=1,maxItems=10000" title:"Ratings" title-zh-CN:"评级" description:"Whole numbers from 1 to 5." description-zh-CN:"1 至 5 的整数。"`
	From    int   `json:"from,omitempty" schema:"minimum=2,maximum=5" title:"Satisfied from" title-zh-CN:"满意起始分" description:"4 when nothing is given." description-zh-CN:"不填为 4。"`
}

// CSAT is the share of those who are satisfied.
type CSAT struct {
	Percent   float64 `json:"percent" schema:"minimum=0,maximum=100" title:"Satisfied, %" title-zh-CN:"满意率（%）"`
	Satisfied int     `json:"satisfied" title:"Satisfied" title-zh-CN:"满意人数"`
	Answers   int     `json:"answers" title:"Answers" title-zh-CN:"回答数"`
}

// Pairs are what was expected of each driver before, and what was met.
type Pairs struct {
	Pairs []Pair `json:"pairs" schema:"minItems=1,maxItems=1000" title:"Expected and met" title-zh-CN:"期望与感知"`
}

// Pair is one driver of satisfaction, such as the price or the service.
type Pair struct {
	Driver   string  `json:"driver" schema:"minLength=1,maxLength=64" title:"Driver" title-zh-CN:"驱动因素"`
	Expected float64 `json:"expected" schema:"minimum=0,maximum=10" title:"Expected" title-zh-CN:"期望"`
	Met      float64 `json:"met" schema:"minimum=0,maximum=10" title:"Met" title-zh-CN:"感知"`
}

// Gap is what was met less what was expected: above zero customers approve.
type Gap struct {
	Gap      float64     `json:"gap" title:"Gap" title-zh-CN:"差距"`
	Approves bool        `json:"approves" title:"Approves" title-zh-CN:"认可"`
	Worst    string      `json:"worst" title:"Worst driver" title-zh-CN:"最弱的驱动因素"`
	Drivers  []DriverGap `json:"drivers" title:"By driver, the worst first" title-zh-CN:"按驱动因素，最弱在前"`
}

// DriverGap is the mean gap of one driver.
type DriverGap struct {
	Driver  string  `json:"driver" title:"Driver" title-zh-CN:"驱动因素"`
	Gap     float64 `json:"gap" title:"Gap" title-zh-CN:"差距"`
	Answers int     `json:"answers" title:"Answers" title-zh-CN:"回答数"`
}

// New describes the plugin.
func New() *plugin.Plugin {
	p := plugin.New(plugin.Info{
		Name: "survey", Version: "1.0.0", Partner: "Qidong",
		Title:       plugin.T("Survey scores", "调查评分"),
		Description: plugin.T("Reckons NPS, CSAT, and the gap of what was expected and met.", "计算 NPS、CSAT 以及期望与感知的差距。"),
	})
	plugin.Action(p, "nps", ScoreNPS, plugin.None, plugin.Timeout(5*time.Second),
		plugin.Title("Net promoter score", "净推荐值"),
		plugin.Description("From answers to: how likely are you to recommend us?", "根据“您有多大可能推荐我们？”的回答计算。"),
		plugin.Example(Scores{Scores: []int{10, 9, 8, 3}}, NPS{Score: 25, Promoters: 2, Passives: 1, Detractors: 1}))
	plugin.Action(p, "csat", ScoreCSAT, plugin.None, plugin.Timeout(5*time.Second),
		plugin.Title("Share of the satisfied", "满意率"),
		plugin.Description("From ratings of 1 to 5.", "根据 1 至 5 的评级计算。"),
		plugin.Example(Ratings{Ratings: []int{5, 4, 2}}, CSAT{Percent: 66.7, Satisfied: 2, Answers: 3}))
	plugin.Action(p, "gap", ScoreGap, plugin.None, plugin.Timeout(5*time.Second),
		plugin.Title("Gap of expectation", "期望差距"),
		plugin.Description("From what was expected before and met after, by driver.", "按驱动因素比较事前期望与事后感知。"),
		plugin.Example(Pairs{Pairs: []Pair{{"price", 6, 8}, {"network", 9, 6}}},
			Gap{Gap: -0.5, Worst: "network", Drivers: []DriverGap{{"network", -3, 1}, {"price", 2, 1}}}))
	return p
}

// ScoreNPS is the share of promoters less that of detractors, in percent.
func ScoreNPS(_ *plugin.Call, in Scores) (NPS, error) {
	var out NPS
	for i, s := range in.Scores {
		switch {
		case s < 0 || s > 10:
			return NPS{}, plugin.Errorf("bad_score", "Answer %d is %d; a score is 0 to 10.", i+1, s)
		case s >= 9:
			out.Promoters++
		case s >= 7:
			out.Passives++
		default:
			out.Detractors++
		}
	}
	out.Score = int(math.Round(100 * float64(out.Promoters-out.Detractors) / float64(len(in.Scores))))
	return out, nil
}

// ScoreCSAT is the share of ratings from a bound on.
func ScoreCSAT(_ *plugin.Call, in Ratings) (CSAT, error) {
	out := CSAT{Answers: len(in.Ratings)}
	for i, r := range in.Ratings {
		if r < 1 || r > 5 {
			return CSAT{}, plugin.Errorf("bad_rating", "Rating %d is %d; a rating is 1 to 5.", i+1, r)
		}
		if r >= cmp.Or(in.From, 4) {
			out.Satisfied++
		}
	}
	out.Percent = rounded(100 * float64(out.Satisfied) / float64(out.Answers))
	return out, nil
}

// ScoreGap is the mean of what was met less what was expected, of all and of
// each driver.
func ScoreGap(_ *plugin.Call, in Pairs) (Gap, error) {
	var all float64
	sums, counts := map[string]float64{}, map[string]int{}
	for _, p := range in.Pairs {
		all += p.Met - p.Expected
		sums[p.Driver] += p.Met - p.Expected
		counts[p.Driver]++
	}
	out := Gap{Gap: rounded(all / float64(len(in.Pairs))), Approves: all > 0}
	for driver, n := range counts {
		out.Drivers = append(out.Drivers, DriverGap{driver, rounded(sums[driver] / float64(n)), n})
	}
	slices.SortFunc(out.Drivers, func(a, b DriverGap) int {
		return cmp.Or(cmp.Compare(a.Gap, b.Gap), cmp.Compare(a.Driver, b.Driver))
	})
	out.Worst = out.Drivers[0].Driver
	return out, nil
}

// rounded keeps one decimal.
func rounded(v float64) float64 { return math.Round(v*10) / 10 }

func init() { plugin.Serve(New()) }

func main() {} // never runs in a module
