// Package guide makes HTML of the documentation's Markdown, for the pages that
// show it.
package guide

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/a-h/templ"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// A Page is a guide as it is shown.
type Page struct {
	Title    string    // its first heading, which HTML lacks
	Summary  string    // the words of its first paragraph
	Sections []Section // its headings of the second level, in order
	HTML     string    // safe: raw HTML of the Markdown is left out
}

// A Section is a part of a page that can be linked to.
type Section struct {
	ID    string // of the heading's element
	Title string
}

// other is the link to the page in another language that a page begins with; the
// program knows its reader's language.
var other = regexp.MustCompile(`(?m)^\[[^\]]+\]\([a-z-]+(\.zh-CN)?\.md\) · `)

// accessible lets the keyboard scroll what is wider than the page, and takes
// empty cells out of what a screen reader announces as headings. The renderer
// writes these elements without attributes, and escapes them in text.
var accessible = strings.NewReplacer(
	"<pre>", `<pre tabindex="0">`, "<th></th>", "<td></td>",
	"<table>", `<div class="across" tabindex="0"><table>`, "</table>", "</table></div>",
)

// Body is the HTML as a part of a page. It is not escaped once more: the renderer
// has escaped all text, and left out the HTML that the Markdown had.
func (p Page) Body() templ.Component { return templ.Raw(p.HTML) }

// Render makes a page of Markdown as GitHub writes it. Links to guides lead to
// where, which gets a guide's name and returns its address, "" for none; links to
// pictures begin with pictures. A link to any other file is shown as its words:
// the program does not hold the repository.
func Render(markdown []byte, where func(name string) string, pictures string) (Page, error) {
	var page Page
	md := goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Linkify, extension.Strikethrough),
		goldmark.WithParserOptions(parser.WithAutoHeadingID(), parser.WithASTTransformers(
			util.Prioritized(&transformer{page: &page, where: where, pictures: pictures}, 500),
		)),
	)
	markdown = other.ReplaceAll(markdown, nil)
	var out bytes.Buffer
	err := md.Convert(markdown, &out, parser.WithContext(parser.NewContext(parser.WithIDs(&ids{used: map[string]bool{}}))))
	if err != nil {
		return Page{}, fmt.Errorf("rendering a guide: %w", err)
	}
	page.HTML = accessible.Replace(out.String())
	return page, nil
}

// transformer fills a page while it goes through its syntax tree.
type transformer struct {
	page     *Page
	where    func(string) string
	pictures string
}

// Transform implements parser.ASTTransformer.
func (t *transformer) Transform(doc *ast.Document, reader text.Reader, _ parser.Context) {
	source := reader.Source()
	var drop []ast.Node
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			if n.Level == 1 && t.page.Title == "" {
				t.page.Title = words(n, source)
				drop = append(drop, n)
			} else if n.Level == 2 {
				id, _ := n.AttributeString("id")
				t.page.Sections = append(t.page.Sections, Section{ID: fmt.Sprintf("%s", id), Title: words(n, source)})
			}
		case *ast.Paragraph:
			if t.page.Summary == "" {
				t.page.Summary = words(n, source)
			}
		case *ast.HTMLBlock:
			if n.HTMLBlockType == ast.HTMLBlockType2 { // a comment, for whoever edits the file
				drop = append(drop, n)
			}
		}
	}
	for _, n := range drop {
		doc.RemoveChild(doc, n)
	}
	t.links(doc)
}

// links leads links and pictures to where the program has them.
func (t *transformer) links(doc *ast.Document) {
	var away []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, enter bool) (ast.WalkStatus, error) { // the function returns no error
		switch n := n.(type) {
		case *ast.Image:
			if file, ok := strings.CutPrefix(string(n.Destination), "img/"); ok && enter {
				n.Destination = []byte(t.pictures + file)
			}
		case *ast.Link:
			if to := t.address(string(n.Destination)); to != "" {
				n.Destination = []byte(to)
			} else if !enter {
				away = append(away, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, n := range away {
		for c := n.FirstChild(); c != nil; c = n.FirstChild() {
			n.Parent().InsertBefore(n.Parent(), n, c)
		}
		n.Parent().RemoveChild(n.Parent(), n)
	}
}

// address is where a link leads: outside, to a place on the page, to another
// guide; "" for a file of the repository. Doing it twice is doing it once.
func (t *transformer) address(to string) string {
	if strings.Contains(to, "://") || strings.HasPrefix(to, "#") || strings.HasPrefix(to, "/") {
		return to
	}
	file, place, _ := strings.Cut(to, "#")
	if path.Dir(file) != "." || path.Ext(file) != ".md" {
		return ""
	}
	guide := t.where(strings.TrimSuffix(strings.TrimSuffix(file, ".md"), ".zh-CN"))
	if guide != "" && place != "" {
		guide += "#" + place
	}
	return guide
}

// words are the text of a node without its markup.
func words(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, enter bool) (ast.WalkStatus, error) { // the function returns no error
		switch n := n.(type) {
		case *ast.Text:
			if enter {
				b.Write(n.Segment.Value(source))
				if n.SoftLineBreak() {
					b.WriteByte(' ')
				}
			}
		case *ast.String:
			if enter {
				b.Write(n.Value)
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// ids names headings as GitHub does, so that the same links work there: letters
// of any script, small, with hyphens for spaces.
type ids struct{ used map[string]bool }

// Generate implements parser.IDs.
func (g *ids) Generate(value []byte, _ ast.NodeKind) []byte {
	name := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, strings.TrimSpace(string(value)))
	id := name
	for n := 1; g.used[id]; n++ {
		id = name + "-" + strconv.Itoa(n)
	}
	g.used[id] = true
	return []byte(id)
}

// Put implements parser.IDs.
func (g *ids) Put(value []byte) { g.used[string(value)] = true }
