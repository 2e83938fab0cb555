#include "json.h"
#include <string.h>

bool text_is(text t, text other) {
  return t.size == other.size && memcmp(t.data, other.data, t.size) == 0;
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static bool is_end(char c) { return is_space(c) || c == ',' || c == ':' || c == ']' || c == '}'; }

// peek skips white space and returns the character after it, 0 at the end.
static char peek(reader *r) {
  char *p = r->at;
  while (p < r->end && is_space(*p))
    p++;
  r->at = p;
  if (p == r->end)
    r->bad = true;
  return r->bad ? 0 : *r->at;
}

static void fail(reader *r) {
  r->bad = true;
  r->at = r->end;
}

static void expect(reader *r, char c) {
  if (peek(r) == c)
    r->at++;
  else
    fail(r);
}

void read_open(reader *r, char bracket) { expect(r, bracket); }

// more tells whether another value follows before the closing bracket, and
// stands before it, or after the bracket.
static bool more(reader *r, char closing) {
  char c = peek(r);
  if (c == closing) {
    r->at++;
    return false;
  }
  if (c == ',')
    r->at++;
  return peek(r) != 0;
}

bool read_item(reader *r) { return more(r, ']'); }

bool read_field(reader *r, text *name) {
  if (!more(r, '}'))
    return false;
  *name = read_text(r);
  expect(r, ':');
  return !r->bad;
}

int64_t read_integer(reader *r) {
  bool negative = peek(r) == '-';
  if (negative)
    r->at++;
  uint64_t n = 0;
  char *first = r->at;
  while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
    n = n * 10 + (uint64_t)(*r->at++ - '0');
  bool fraction = r->at < r->end && (*r->at == '.' || *r->at == 'e' || *r->at == 'E');
  if (r->at == first || fraction)
    fail(r);
  return negative ? -(int64_t)n : (int64_t)n;
}

// skip_text stands at a quote.
static void skip_text(reader *r) {
  char *p = r->at + 1, *end = r->end;
  while (p < end && *p != '"')
    p += *p == '\\' ? 2 : 1;
  r->at = p < end ? p : end;
  expect(r, '"');
}

reader read_any(reader *r) {
  peek(r);
  char *first = r->at;
  int depth = 0;
  do {
    char c = peek(r);
    if (r->bad)
      break;
    if (c == '"') {
      skip_text(r);
    } else if (c == '[' || c == '{') {
      depth++;
      r->at++;
    } else if (c == ']' || c == '}') {
      depth--;
      r->at++;
    } else if (c == ',' || c == ':') {
      r->at++;
    } else { // a number, true, false or null
      while (r->at < r->end && !is_end(*r->at))
        r->at++;
    }
  } while (depth > 0);
  return (reader){first, r->at, r->bad};
}
