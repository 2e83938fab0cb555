package backends

import (
	"net/http"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// text is a text in both languages.
type text struct{ en, zh string }

func (t text) in(locale string) string {
	if strings.HasPrefix(strings.ToLower(locale), "zh") {
		return t.zh
	}
	return t.en
}

var languages = language.NewMatcher([]language.Tag{language.English, language.SimplifiedChinese})

// pageLocale is "en" or "zh-CN", by ?lang= or else by the browser's wish.
func pageLocale(r *http.Request) string {
	if _, i := language.MatchStrings(languages, r.URL.Query().Get("lang"), r.Header.Get("Accept-Language")); i == 1 {
		return "zh-CN"
	}
	return "en"
}

// film is what the cinema shows.
type film struct {
	id       string
	title    text
	synopsis text
	length   time.Duration
	reading  []text // paragraphs
}

// house is one cinema of the chain with its one hall for the film.
type house struct {
	id, hall            string
	name, hallName      text
	address             text
	latitude, longitude float64
	evenings            []string // starting times, local
}

// The cinema's town keeps one time all year.
var townTime = time.FixedZone("CST", 8*60*60)

const (
	filmID    = "deep-current"
	seatPrice = 64
)

var films = map[string]*film{filmID: {
	id:    filmID,
	title: text{"Deep Current", "深流"},
	synopsis: text{
		"A hydrophone engineer hears a voice in the trench where her father's boat was lost, and goes down to answer it.",
		"一位水声工程师在父亲失踪的海沟里听见了呼唤，她决定下潜，去回应那个声音。",
	},
	length: 118 * time.Minute,
	reading: []text{
		{
			"Eleven minutes of Deep Current have no music and no words. The sound team lowered six hydrophones four kilometers into the sea and came back with rain, whales, and one tone that nobody could name. The director kept the tone.",
			"《深流》有十一分钟没有音乐，也没有台词。录音组把六支水听器放到四千米深的海里，带回了雨声、鲸歌，还有一个谁也说不清来历的音。导演留下了它。",
		},
		{
			"The submersible is real. It was built for science, seats two, and has a window as wide as a dinner plate. The leading actress learned to steer it; the camera had the other seat, so in the dive you see there was nobody to say cut.",
			"片中的潜水器是真的。它为科考而造，只坐两人，舷窗只有餐盘大小。女主角学会了驾驶；另一个座位给了摄影机，所以您看到的那次下潜，没有人在旁边喊停。",
		},
		{
			"Look out for the father's notebook. Every page was written by a retired ship's navigator, who filled four volumes though the film needed six pages. His handwriting is the last thing on the screen; stay for it.",
			"请留意父亲的笔记本。每一页都出自一位退休的船舶领航员之手，电影只需要六页，他却写满了四本。银幕上最后出现的是他的字迹，请看到最后。",
		},
	},
}}

var houses = []house{
	{
		id: "starcurtain", hall: "3", name: text{"Star Curtain Cinema", "星幕影城"}, hallName: text{"Hall 3", "3号厅"},
		address:  text{"188 Yunjiang Road, Pudong, Shanghai", "上海市浦东新区云江路188号"},
		latitude: 31.2294, longitude: 121.5102, evenings: []string{"19:00", "21:30"},
	},
	{
		id: "magnolia", hall: "1", name: text{"Magnolia Picture House", "玉兰电影院"}, hallName: text{"Hall 1", "1号厅"},
		address:  text{"27 Baiyulan Lane, Xuhui, Shanghai", "上海市徐汇区白玉兰里27号"},
		latitude: 31.1956, longitude: 121.4372, evenings: []string{"19:30"},
	},
	{
		id: "lighthouse", hall: "5", name: text{"Lighthouse Cinema", "灯塔影城"}, hallName: text{"Hall 5", "5号厅"},
		address:  text{"520 Haiyan Road, Yangpu, Shanghai", "上海市杨浦区海雁路520号"},
		latitude: 31.2755, longitude: 121.5218, evenings: []string{"18:40", "20:20"},
	},
}

func houseByID(id string) *house {
	for i := range houses {
		if houses[i].id == id {
			return &houses[i]
		}
	}
	return &houses[0] // unreachable: the book holds only ids from the list
}
