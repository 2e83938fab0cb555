// Command calendar is a first-party plugin that reckons with days: when the next
// member day begins, and which day is so many working days from now. It asks for
// nothing, and changes nothing.
package main

import (
	"slices"
	"time"
	_ "time/tzdata" // a module has no files

	"github.com/qidong/qidong/sdk/plugin"
)

// maxAhead bounds how far an action looks, in days.
const maxAhead = 800

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// NextDay asks for the next of some weekdays.
type NextDay struct {
	Weekdays []string  `json:"weekdays" schema:"minItems=1,maxItems=7" title:"Weekdays" title-zh-CN:"星期" description:"In English and lower case: friday." description-zh-CN:"用小写英文填写，例如 friday。"`
	Time     string    `json:"time,omitempty" schema:"pattern=^([01][0-9]|2[0-3]):[0-5][0-9]$" title:"Time" title-zh-CN:"时间" description:"On a clock of 24 hours; 00:00 when nothing is given." description-zh-CN:"24 小时制；不填为 00:00。"`
	Zone     string    `json:"zone" schema:"minLength=1,maxLength=64" title:"Time zone" title-zh-CN:"时区"`
	From     time.Time `json:"from,omitzero" title:"From" title-zh-CN:"起始时刻" description:"The moment of the call when nothing is given." description-zh-CN:"不填为调用时刻。"`
	Except   []string  `json:"except,omitempty" schema:"maxItems=400" title:"Days to pass over" title-zh-CN:"跳过的日期" description:"Dates such as 2026-12-25." description-zh-CN:"日期，例如 2026-12-25。"`
}

// WorkingDays asks for the day that is so many working days on.
type WorkingDays struct {
	Days     int       `json:"days" schema:"minimum=0,maximum=250" title:"Working days" title-zh-CN:"工作日数"`
	Zone     string    `json:"zone" schema:"minLength=1,maxLength=64" title:"Time zone" title-zh-CN:"时区"`
	From     time.Time `json:"from,omitzero" title:"From" title-zh-CN:"起始时刻" description:"The moment of the call when nothing is given." description-zh-CN:"不填为调用时刻。"`
	Holidays []string  `json:"holidays,omitempty" schema:"maxItems=400" title:"Holidays" title-zh-CN:"节假日" description:"Days off that are no weekend." description-zh-CN:"周末以外的休息日。"`
	Worked   []string  `json:"worked,omitempty" schema:"maxItems=400" title:"Weekend days worked" title-zh-CN:"调休上班日" description:"Days of weekends on which one works." description-zh-CN:"需要上班的周末日期。"`
}

// Day is a moment, and how far away it is.
type Day struct {
	At   time.Time `json:"at" title:"Moment" title-zh-CN:"时刻"`
	Date string    `json:"date" schema:"format=date" title:"Date" title-zh-CN:"日期"`
	Days int       `json:"days" schema:"minimum=0" title:"Days from there" title-zh-CN:"相距天数"`
}

// New describes the plugin.
func New() *plugin.Plugin {
	saturday := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	p := plugin.New(plugin.Info{
		Name: "calendar", Version: "1.0.0", Partner: "Qidong",
		Title:       plugin.T("Calendar", "日历"),
		Description: plugin.T("Reckons with weekdays, working days and holidays in a time zone.", "按时区计算星期、工作日与节假日。"),
	})
	plugin.Action(p, "next_day", Next, plugin.None, plugin.Timeout(5*time.Second),
		plugin.Title("Next weekday", "下一个星期几"),
		plugin.Description("When the next member day, delivery day or the like begins.", "下一个会员日、配送日等何时开始。"),
		plugin.Example(NextDay{Weekdays: []string{"friday"}, Time: "10:00", Zone: "Asia/Shanghai", From: saturday},
			Day{At: time.Date(2026, 12, 4, 2, 0, 0, 0, time.UTC), Date: "2026-12-04", Days: 6}))
	plugin.Action(p, "working_days", Working, plugin.None, plugin.Timeout(5*time.Second),
		plugin.Title("Working days on", "若干工作日之后"),
		plugin.Description("The beginning of the day that is so many working days on.", "从起始日起若干个工作日之后那一天的开始。"),
		plugin.Example(WorkingDays{Days: 2, Zone: "Asia/Shanghai", From: saturday, Holidays: []string{"2026-11-30"}},
			Day{At: time.Date(2026, 12, 1, 16, 0, 0, 0, time.UTC), Date: "2026-12-02", Days: 4}))
	return p
}

// Next finds the first moment after the one it begins from that is at this time on one of these
// weekdays.
func Next(c *plugin.Call, in NextDay) (Day, error) {
	zone, err := zoneOf(in.Zone)
	if err != nil {
		return Day{}, err
	}
	except, err := dates(in.Except)
	if err != nil {
		return Day{}, err
	}
	for _, w := range in.Weekdays {
		if !slices.Contains(weekdays, w) {
			return Day{}, plugin.Errorf("bad_weekday", "%q is no weekday; write it in English and lower case, such as friday.", w)
		}
	}
	var hour, minute int
	if clock, err := time.Parse("15:04", in.Time); err == nil { // the schema has looked at it; "" is midnight
		hour, minute = clock.Hour(), clock.Minute()
	}
	now := from(c, in.From).In(zone)
	for n := range maxAhead {
		at := time.Date(now.Year(), now.Month(), now.Day()+n, hour, minute, 0, 0, zone)
		if at.After(now) && slices.Contains(in.Weekdays, weekdays[at.Weekday()]) && !except[at.Format(time.DateOnly)] {
			return day(at, n), nil
		}
	}
	return Day{}, plugin.Errorf("no_day", "None of these weekdays is left within %d days; pass over fewer.", maxAhead)
}

// Working counts working days from the day after on; none is the day itself.
func Working(c *plugin.Call, in WorkingDays) (Day, error) {
	zone, err := zoneOf(in.Zone)
	if err != nil {
		return Day{}, err
	}
	off, err := dates(in.Holidays)
	if err != nil {
		return Day{}, err
	}
	on, err := dates(in.Worked)
	if err != nil {
		return Day{}, err
	}
	now, left := from(c, in.From).In(zone), in.Days
	for n := range maxAhead {
		at := time.Date(now.Year(), now.Month(), now.Day()+n, 0, 0, 0, 0, zone)
		date := at.Format(time.DateOnly)
		weekend := at.Weekday() == time.Saturday || at.Weekday() == time.Sunday
		if n > 0 && !off[date] && (!weekend || on[date]) {
			left--
		}
		if left <= 0 {
			return day(at, n), nil
		}
	}
	return Day{}, plugin.Errorf("no_day", "There are not %d working days within %d days; name fewer holidays.", in.Days, maxAhead)
}

func day(at time.Time, n int) Day { return Day{At: at.UTC(), Date: at.Format(time.DateOnly), Days: n} }

// from is the moment that was asked for, else now.
func from(c *plugin.Call, at time.Time) time.Time {
	if at.IsZero() {
		return c.Now()
	}
	return at
}

func zoneOf(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, plugin.Errorf("bad_zone", "%q is no time zone; use a name such as Asia/Shanghai.", name)
	}
	return zone, nil
}

func dates(list []string) (map[string]bool, error) {
	set := make(map[string]bool, len(list))
	for _, d := range list {
		if _, err := time.Parse(time.DateOnly, d); err != nil {
			return nil, plugin.Errorf("bad_date", "%q is no date; write it like 2026-12-25.", d)
		}
		set[d] = true
	}
	return set, nil
}

func init() { plugin.Serve(New()) }

func main() {} // never runs in a module
