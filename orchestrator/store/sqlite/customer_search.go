package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/qidong/qidong/orchestrator"
)

// Bounds of what a customer is found by.
const (
	maxSearchWords = 16  // of a query
	maxTraitTokens = 200 // leaves of a customer's traits
	minDigits      = 4   // of a phone number that are found
)

// searchDoc is a customer's row in customer_search.
type searchDoc struct{ workspace, words, tags, traits string }

func docOf(c orchestrator.Customer) searchDoc {
	words := []string{spell(c.ID), spell(c.Name)}
	for _, i := range c.Identities {
		words = append(words, spell(i.Value))
		if i.Kind == "phone" {
			digits := strings.TrimLeft(i.Value, "+")
			for from := 1; from+minDigits <= len(digits); from++ {
				words = append(words, digits[from:])
			}
		}
	}
	d := searchDoc{workspace: exact("w", c.Workspace), words: strings.Join(words, "\n")}
	for _, t := range c.Tags {
		d.tags += exact("t", t) + " "
	}
	var traits []string
	leaves("", c.Traits, &traits)
	d.traits = strings.Join(traits, " ")
	return d
}

// exact is a token that only the same text has: a hash, so that any text is one
// word, and a value is not there to be read.
func exact(kind, text string) string { return kind + sha256Hex([]byte(kind + "\x00" + text))[:24] }

func traitToken(name, value string) string { return exact("v", name+"\x00"+strings.ToLower(value)) }

// leaves are the tokens of what the traits hold: each name, and each name with
// its value.
func leaves(path string, v any, out *[]string) {
	if len(*out) >= 2*maxTraitTokens {
		return
	}
	var text string
	switch v := v.(type) {
	case map[string]any:
		if path != "" {
			*out = append(*out, exact("k", path))
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			leaves(strings.TrimPrefix(path+"."+key, "."), v[key], out)
		}
		return
	case []any:
		for _, one := range v {
			leaves(path, one, out)
		}
		return
	case string:
		text = v
	case bool:
		text = strconv.FormatBool(v)
	case float64:
		text = strconv.FormatFloat(v, 'f', -1, 64)
	case nil:
		return
	default:
		text = fmt.Sprint(v)
	}
	*out = append(*out, exact("k", path), traitToken(path, text))
}

// spell writes text as the tokenizer is to see it: runs of letters and digits,
// each Han character a word of its own.
func spell(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
			b.WriteString(" " + string(r) + " ")
		case unicode.IsLetter(r), unicode.IsNumber(r), unicode.IsMark(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// match writes a filter as a query of the index; ok is false when nothing can
// match it.
func match(f orchestrator.CustomerFilter) (query string, ok bool) {
	parts := []string{"workspace : " + exact("w", f.Workspace)}
	for i, chunk := range strings.Fields(f.Query) {
		if i == maxSearchWords {
			break
		}
		phrase := spell(chunk)
		if phrase == "" {
			return "", false
		}
		// Few digits begin every other phone number: they are a word or nothing.
		star := "*"
		if len(phrase) < minDigits && strings.Trim(phrase, "0123456789") == "" {
			star = ""
		}
		parts = append(parts, `words : "`+phrase+`"`+star)
	}
	if f.Tag != "" {
		parts = append(parts, "tags : "+exact("t", f.Tag))
	}
	switch {
	case f.Trait != "" && f.Value != "":
		parts = append(parts, "traits : "+traitToken(f.Trait, f.Value))
	case f.Trait != "":
		parts = append(parts, "traits : "+exact("k", f.Trait))
	}
	return strings.Join(parts, " AND "), true
}

// indexCustomer stores what a customer is found by, if it is not so already.
func indexCustomer(ctx context.Context, q querier, seq int64, c orchestrator.Customer) error {
	d := docOf(c)
	var old searchDoc
	err := q.QueryRowContext(ctx, `SELECT workspace, words, tags, traits FROM customer_search WHERE rowid = ?`, seq).
		Scan(&old.workspace, &old.words, &old.tags, &old.traits)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err == nil && old == d {
		return nil
	}
	_, err = q.ExecContext(ctx, `INSERT OR REPLACE INTO customer_search (rowid, workspace, words, tags, traits) VALUES (?, ?, ?, ?, ?)`,
		seq, d.workspace, d.words, d.tags, d.traits)
	return err
}

// Customers lists customers, newest first.
func (s *Store) Customers(ctx context.Context, f orchestrator.CustomerFilter, p orchestrator.Page) ([]orchestrator.Customer, string, error) {
	const doing = "listing customers"
	where, args := []string{`workspace = ?`}, []any{f.Workspace}
	if f.Query != "" || f.Tag != "" || f.Trait != "" {
		limit, after, err := bounds(p)
		if err != nil {
			return nil, "", kind(err, doing)
		}
		query, ok := match(f)
		if !ok {
			return nil, "", nil
		}
		// The index walks back from where the page begins and stops at its end.
		found := `SELECT rowid FROM customer_search WHERE customer_search MATCH ?`
		args = append(args, query)
		if p.After != "" {
			found += ` AND rowid < ?`
			args = append(args, after)
		}
		where = append(where, `seq IN (`+found+` ORDER BY rowid DESC LIMIT ?)`)
		args = append(args, limit+1)
	}
	q := s.read(ctx)
	list, next, err := page(ctx, q, p, newestFirst, customerColumns, "customers", where, args, scanCustomer)
	for i := range list {
		if err == nil {
			err = addIdentities(ctx, q, &list[i])
		}
	}
	return list, next, kind(err, doing)
}

// columnsOf16 are those of scanCustomer, as far as migration 16 has them.
const columnsOf16 = `seq, workspace, id, name, locale, time_zone, traits, tags, companion_token, created_at, 0, '{}'`

// indexAll fills the index of customers that were stored before there was one.
func indexAll(ctx context.Context, tx *sql.Tx) error {
	for last := int64(0); ; {
		found, err := rows(ctx, tx, scanNumbered, `SELECT `+columnsOf16+` FROM customers WHERE seq > ? ORDER BY seq LIMIT 500`, last)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, c := range found {
			last = c.Seq
			if err := addIdentities(ctx, tx, &c.Customer); err != nil {
				return err
			}
			if err := indexCustomer(ctx, tx, c.Seq, c.Customer); err != nil {
				return err
			}
		}
	}
}
