// JSON, as much of it as a plugin needs. The reader takes apart a buffer that
// it may change: a text without its escapes is not longer than with them, so it
// is written over them and nothing is allocated. The writer makes one buffer.
//
// The host has checked what it hands over (ABI-4.1), so the reader is not
// strict. It never leaves its buffer, whatever is in there.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// text is UTF-8 without a zero at its end.
typedef struct {
  const char *data;
  size_t size;
} text;

#define TEXT(literal) ((text){literal, sizeof(literal) - 1})

bool text_is(text t, text other);

// reader stands before a value. Once something is not as it was expected, bad
// is set, and everything reads as nothing.
typedef struct {
  char *at, *end;
  bool bad;
} reader;

// An object or an array is read like this, and its values in the loop:
//
//   for (read_open(r, '{'); read_field(r, &name);)
//   for (read_open(r, '['); read_item(r);)
void read_open(reader *r, char bracket);
bool read_field(reader *r, text *name);
bool read_item(reader *r);

text read_text(reader *r);
int64_t read_integer(reader *r);

// read_any skips a value and returns where it is, to be read later.
reader read_any(reader *r);

// writer grows as it is written to. A zero value is empty.
typedef struct {
  char *data;
  size_t size, room;
} writer;

void write_raw(writer *w, text t);      // as it is
void write_text(writer *w, text t);     // between quotes, with escapes
void write_unquoted(writer *w, text t); // with escapes: a part of a text
void write_integer(writer *w, int64_t n);
