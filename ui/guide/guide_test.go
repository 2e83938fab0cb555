package guide

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func where(name string) string {
	if name == "known" {
		return "/docs/known"
	}
	return ""
}

func TestRender(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ markdown, html string }{
		"a heading has an id":             {"## A step, twice\n", `<h2 id="a-step-twice">A step, twice</h2>`},
		"of any script":                   {"## 暂停 旅程\n", `<h2 id="暂停-旅程">暂停 旅程</h2>`},
		"the same again":                  {"## On\n\n## On\n", `<h2 id="on">On</h2>` + "\n" + `<h2 id="on-1">On</h2>`},
		"a guide":                         {"[x](known.md)", `<p><a href="/docs/known">x</a></p>`},
		"a guide in another language":     {"[x](known.zh-CN.md)", `<p><a href="/docs/known">x</a></p>`},
		"a place in a guide":              {"[x](known.md#on)", `<p><a href="/docs/known#on">x</a></p>`},
		"a place on the page":             {"[x](#on)", `<p><a href="#on">x</a></p>`},
		"outside":                         {"[x](https://temporal.io)", `<p><a href="https://temporal.io">x</a></p>`},
		"a file of the repository":        {"see [`x.go` **now**](../x.go), [y](../y.md)", "<p>see <code>x.go</code> <strong>now</strong>, y</p>"},
		"a picture":                       {"![a cat](img/cat.webp)", `<p><img src="/p/cat.webp" alt="a cat"></p>`},
		"a table":                         {"|a||\n|-|-|\n|b|c|\n", `<div class="across" tabindex="0"><table>` + "\n<thead>\n<tr>\n<th>a</th>\n<td></td>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>b</td>\n<td>c</td>\n</tr>\n</tbody>\n</table></div>"},
		"no HTML of its own":              {"<script>alert(1)</script>\n\nx <b onclick=y>z</b>", "<!-- raw HTML omitted -->\n<p>x <!-- raw HTML omitted -->z<!-- raw HTML omitted --></p>"},
		"no comment":                      {"<!-- generated -->\n\nx\n", "<p>x</p>"},
		"its own language only":           {"[中文](known.zh-CN.md) · Why.\n", "<p>Why.</p>"},
		"no script as an address":         {"[x](javascript:alert(1))", "<p>x</p>"},
		"code is shown as it is":          {"```yaml\na: <b>\n```\n", `<pre tabindex="0"><code class="language-yaml">a: &lt;b&gt;` + "\n</code></pre>"},
		"a link in a link's place, twice": {"[a](../a.go) and [b](known.md) and [c](../c.go)", `<p>a and <a href="/docs/known">b</a> and c</p>`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := Render([]byte(tc.markdown), where, "/p/")
			require.NoError(t, err)
			require.Equal(t, tc.html, strings.TrimSpace(page.HTML))
		})
	}
}

func TestRender_TellsWhatAPageIsAbout(t *testing.T) {
	t.Parallel()
	page, err := Render([]byte("# Guests & *hosts*\n\nWhat `plugins` do,\nand [why](../x.go).\n\nMore.\n\n## One\n\n### Deeper\n\n## Two\n"), where, "")
	require.NoError(t, err)
	require.Equal(t, "Guests & hosts", page.Title)
	require.Equal(t, "What plugins do, and why.", page.Summary)
	require.Equal(t, []Section{{"one", "One"}, {"two", "Two"}}, page.Sections)
	require.NotContains(t, page.HTML, "<h1")
}
