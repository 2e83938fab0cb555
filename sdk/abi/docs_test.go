package abi

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the files that the tests compare with")

// page is docs/limits.md in one language.
type page struct {
	lang, file           string
	title, made, intro   string
	limits, fixed        string
	manifest, module     string
	codes, heads, heads2 string
	and                  string // between the parts of a list
	audience             map[Audience]string
	retry                map[Retry]string
}

var pages = []page{{
	lang: "en", file: "limits.md",
	title: "Limits and codes of plugins",
	made:  "Generated from `sdk/abi` by `go generate ./abi` in `sdk`; do not edit.",
	intro: `[中文](limits.zh-CN.md) · The rules behind the numbers are in [the plugin ABI](../plugins/ABI.md).

Every limit has a name and a code. The code is in the error of the call, in the log of the journey, in the label ` + "`code`" + ` of the metrics, and here. Fuel, depth, memory, output, log, host calls and JSON depth are counts: the same call exceeds them on every machine, or on none.`,
	limits: `## Limits of a run that an operator may change

They belong to the grant of a plugin version, under ` + "`limits`" + `: ` + "`{\"limits\": {\"fuel\": 250000000}}`" + `. What is not named there is the default. A value above the maximum is refused.`,
	fixed:    "## Other limits of a run\n\nThey are the same for every plugin.",
	manifest: "## Limits of a manifest\n\nThey are checked at the upload.",
	module:   "## Limits of a module\n\nThey are checked at the upload, before anything of the module is run or compiled.",
	codes: `## Codes

Codes are stable: a version of the contract never changes or removes one. Codes in lower case (` + "`sold_out`" + `) are a plugin's own. *Again* says whether the same call may succeed when it is made again.`,
	heads: "limit | default | at most | code | what it bounds", heads2: "code | again | who sees it | what happened",
	and:      ", ",
	audience: map[Audience]string{Uploader: "uploader", Caller: "journey", Guest: "plugin", Operator: "operator"},
	retry:    map[Retry]string{RetryNever: "no", RetryLater: "later", RetryAfter: "after the time that is given"},
}, {
	lang: "zh-CN", file: "limits.zh-CN.md",
	title: "插件的限制与错误码",
	made:  "本页由 `sdk/abi` 生成（在 `sdk` 目录运行 `go generate ./abi`），请勿手工修改。",
	intro: `[English](limits.md) · 这些数字背后的规则见[插件 ABI](../plugins/ABI.md)（英文）。

每项限制都有名称和错误码。错误码出现在调用的错误、旅程日志、指标的 ` + "`code`" + ` 标签以及本页中。指令数、调用深度、内存、输出、日志、能力请求数和 JSON 深度都是计数：同一次调用在任何机器上要么都超限，要么都不超限。`,
	limits: `## 运维人员可调整的运行限制

写在插件版本授权的 ` + "`limits`" + ` 中：` + "`{\"limits\": {\"fuel\": 250000000}}`" + `。未写明的采用默认值，超过上限的值会被拒绝。`,
	fixed:    "## 其他运行限制\n\n对所有插件相同。",
	manifest: "## 清单的限制\n\n上传时检查。",
	module:   "## 模块的限制\n\n上传时检查，先于模块的任何运行或编译。",
	codes: `## 错误码

错误码是稳定的：同一版本的约定不会修改或删除错误码。小写的错误码（` + "`sold_out`" + `）由插件自己定义。“重试”一栏说明同一次调用再次发起时是否可能成功。`,
	heads: "限制 | 默认值 | 上限 | 错误码 | 含义", heads2: "错误码 | 重试 | 谁会看到 | 含义",
	and:      "、",
	audience: map[Audience]string{Uploader: "上传者", Caller: "旅程", Guest: "插件", Operator: "运维人员"},
	retry:    map[Retry]string{RetryNever: "否", RetryLater: "稍后", RetryAfter: "在给定时间之后"},
}}

func TestDocsAreUpToDate(t *testing.T) {
	t.Parallel()
	for _, p := range pages {
		path := filepath.Join("..", "..", "docs", p.file)
		want := p.render()
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("docs/%s is stale: run `go generate ./abi` in sdk", p.file)
		}
	}
}

func (p page) render() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\n<!-- %s -->\n\n%s\n", p.title, p.made, p.intro)
	p.table(&b, p.limits, func(l Limit) bool { return l.Raise })
	p.table(&b, p.fixed, func(l Limit) bool { return l.Scope == ScopeRun && !l.Raise })
	p.table(&b, p.manifest, func(l Limit) bool { return l.Scope == ScopeManifest })
	p.table(&b, p.module, func(l Limit) bool { return l.Scope == ScopeModule })
	fmt.Fprintf(&b, "\n%s\n\n| %s |\n|%s\n", p.codes, p.heads2, strings.Repeat("---|", 4))
	for _, c := range Codes() {
		var seen []string
		for _, a := range c.Seen {
			seen = append(seen, p.audience[a])
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Code, p.retry[c.Retry], strings.Join(seen, p.and), c.Text[p.lang])
	}
	return b.Bytes()
}

// table lists some limits. Only those that can be changed have a maximum.
func (p page) table(b *bytes.Buffer, intro string, which func(Limit) bool) {
	var rows [][]string
	change := false
	for _, l := range Limits() {
		if which(l) {
			change = change || l.Raise
			rows = append(rows, []string{"`" + l.Name + "`", amount(l.Default, l.Unit), amount(l.Max, l.Unit), "`" + l.Code + "`", l.Text[p.lang]})
		}
	}
	heads := strings.Split(p.heads, " | ")
	if !change {
		for i := range rows {
			rows[i] = append(rows[i][:1], rows[i][2:]...)
		}
		heads = append(heads[:1], heads[2:]...)
	}
	fmt.Fprintf(b, "\n%s\n\n| %s |\n|%s\n", intro, strings.Join(heads, " | "), strings.Repeat("---|", len(heads)))
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
}

// amount is a number as people read it.
func amount(n int64, unit string) string {
	switch {
	case unit == "bytes" && n >= 1<<20 && n%(1<<20) == 0:
		return strconv.FormatInt(n>>20, 10) + " MiB"
	case unit == "bytes" && n >= 1<<10 && n%(1<<10) == 0:
		return strconv.FormatInt(n>>10, 10) + " KiB"
	case unit == "bytes":
		return thousands(n) + " B"
	case unit == "ms" && n%1000 == 0:
		return thousands(n/1000) + " s"
	case unit == "ms":
		return thousands(n) + " ms"
	}
	return thousands(n)
}

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
