#include "json.h"
#include <string.h>

// hex4 reads the four digits of \u1234.
static uint32_t hex4(reader *r) {
  uint32_t n = 0;
  for (int i = 0; i < 4 && r->at < r->end; i++) {
    char c = *r->at++;
    uint32_t digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; // | 0x20: lower case
    n = n << 4 | (digit & 15);
  }
  return n;
}

// code_point reads what is after \u. Characters beyond U+FFFF are written as
// two of them, a surrogate pair.
static uint32_t code_point(reader *r) {
  uint32_t c = hex4(r);
  if (c < 0xd800 || c > 0xdbff || r->end - r->at < 6)
    return c;
  r->at += 2;
  return 0x10000 + ((c - 0xd800) << 10) + (hex4(r) - 0xdc00);
}

static char *put_utf8(char *to, uint32_t c) {
  if (c < 0x80) {
    *to++ = (char)c;
  } else if (c < 0x800) {
    *to++ = (char)(0xc0 | c >> 6);
    *to++ = (char)(0x80 | (c & 63));
  } else if (c < 0x10000) {
    *to++ = (char)(0xe0 | c >> 12);
    *to++ = (char)(0x80 | (c >> 6 & 63));
    *to++ = (char)(0x80 | (c & 63));
  } else {
    *to++ = (char)(0xf0 | (c >> 18 & 7));
    *to++ = (char)(0x80 | (c >> 12 & 63));
    *to++ = (char)(0x80 | (c >> 6 & 63));
    *to++ = (char)(0x80 | (c & 63));
  }
  return to;
}

// put_escaped reads what is after a backslash. What it writes at to is never
// longer than what it has read.
static char *put_escaped(reader *r, char *to) {
  char c = *r->at++;
  switch (c) {
  case 'u':
    return put_utf8(to, code_point(r));
  case 'b':
    c = '\b';
    break;
  case 'f':
    c = '\f';
    break;
  case 'n':
    c = '\n';
    break;
  case 'r':
    c = '\r';
    break;
  case 't':
    c = '\t';
    break;
  }
  *to++ = c;
  return to;
}

text read_text(reader *r) {
  reader value = read_any(r); // with its quotes
  if (value.bad || *value.at != '"') {
    r->bad = true;
    return TEXT("");
  }
  value.at++;
  value.end--;
  char *first = value.at;
  size_t size = (size_t)(value.end - first);
  if (memchr(first, '\\', size) == NULL)
    return (text){first, size};
  char *to = first;
  while (value.at < value.end) {
    char c = *value.at++;
    if (c == '\\' && value.at < value.end)
      to = put_escaped(&value, to);
    else
      *to++ = c;
  }
  return (text){first, (size_t)(to - first)};
}
