#include "host.h"
#include "plugin.h"
#include <stdlib.h>

enum { MEBIBYTE = 1 << 20 };

static void write_counter(writer *result) {
  write_raw(result, TEXT("{\"output\":{\"counter\":"));
  write_integer(result, counter);
  write_raw(result, TEXT("}}"));
}

static void say(int32_t level, text line) { host_log(level, line.data, line.size); }

// take allocates bytes and writes to each of their pages.
static void take(size_t bytes) {
  volatile char *b = malloc(bytes);
  if (b == NULL)
    abort();
  for (size_t i = 0; i < bytes; i += 4096)
    b[i] = 1;
}

static volatile int64_t deepest;

static int64_t recurse(int64_t n) {
  if (n == 0) // never
    return 0;
  int64_t below = recurse(n + 1);
  deepest = n; // something is left to be done, so this is no loop
  return below + deepest;
}

static text read_how(reader *r) {
  text how = TEXT(""), name;
  for (read_open(r, '{'); read_field(r, &name);) {
    if (text_is(name, TEXT("how")))
      how = read_text(r);
    else
      read_any(r);
  }
  return how;
}

void misbehave(call *c, writer *result) {
  counter++;
  text how = read_how(&c->input);
  if (text_is(how, TEXT("trap"))) {
    __builtin_trap();
  } else if (text_is(how, TEXT("panic"))) {
    say(LOG_ERROR, TEXT("on purpose")); // the last words are shown with the crash
    abort();
  } else if (text_is(how, TEXT("memory"))) {
    for (;;)
      take(MEBIBYTE);
  } else if (text_is(how, TEXT("loop"))) {
    for (;;)
      deepest++;
  } else if (text_is(how, TEXT("recurse"))) {
    recurse(1);
  } else if (text_is(how, TEXT("exit"))) {
    exit(3);
  } else if (text_is(how, TEXT("grow"))) {
    take(8 * MEBIBYTE);
  } else if (text_is(how, TEXT("log"))) {
    say(LOG_INFO, TEXT("call 1"));
    say(LOG_ERROR, TEXT("on purpose"));
  } else { // deadlock: there are no threads to wait for
    fail(result, TEXT("not_possible"), TEXT("This cannot be done in C."));
    return;
  }
  write_counter(result);
}

// remember counts, and does nothing else.
void remember(call *c, writer *result) {
  (void)c;
  counter++;
  write_counter(result);
}
