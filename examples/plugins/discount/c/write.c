#include "json.h"
#include <stdlib.h>
#include <string.h>

void write_raw(writer *w, text t) {
  if (t.size == 0)
    return;
  if (w->room - w->size < t.size) {
    w->room = (w->size + t.size) * 2;
    w->data = realloc(w->data, w->room);
    if (w->data == NULL)
      abort(); // the host says MEMORY_EXCEEDED
  }
  memcpy(w->data + w->size, t.data, t.size);
  w->size += t.size;
}

void write_unquoted(writer *w, text t) {
  static const char hex[] = "0123456789abcdef";
  size_t done = 0; // what was written of t
  for (size_t i = 0; i < t.size; i++) {
    unsigned char c = (unsigned char)t.data[i];
    if (c >= 0x20 && c != '"' && c != '\\')
      continue;
    write_raw(w, (text){t.data + done, i - done});
    done = i + 1;
    if (c < 0x20)
      write_raw(w, (text){(char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6});
    else
      write_raw(w, (text){(char[]){'\\', (char)c}, 2});
  }
  write_raw(w, (text){t.data + done, t.size - done});
}

void write_text(writer *w, text t) {
  write_raw(w, TEXT("\""));
  write_unquoted(w, t);
  write_raw(w, TEXT("\""));
}

void write_integer(writer *w, int64_t n) {
  char digits[20]; // of -9223372036854775808
  char *first = digits + sizeof digits;
  uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
  do
    *--first = (char)('0' + rest % 10);
  while (rest /= 10);
  if (n < 0)
    *--first = '-';
  write_raw(w, (text){first, (size_t)(digits + sizeof digits - first)});
}
