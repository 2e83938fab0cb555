// The discount plugin in C. The host calls the two exports below.
#include "plugin.h"
#include "host.h"
#include <stdlib.h>

int64_t counter;

// The manifest is a file of its own, put into the module as it is.
__asm__(".section .rodata.manifest,\"\",@\n"
        "manifest: .incbin \"manifest.json\"\n"
        "manifest_end: .int8 0\n"
        ".size manifest, manifest_end - manifest\n"
        ".size manifest_end, 1\n");
extern const char manifest[], manifest_end[];

EXPORT("qidong_describe") void qidong_describe(void) {
  host_output(manifest, (size_t)(manifest_end - manifest));
}

void fail(writer *result, text code, text message) {
  result->size = 0;
  write_raw(result, TEXT("{\"error\":{\"code\":"));
  write_text(result, code);
  write_raw(result, TEXT(",\"message\":"));
  write_text(result, message);
  write_raw(result, TEXT("}}"));
}

// read_call takes the call envelope apart. Fields that it does not know are
// not for it (ABI-4.4).
static call read_call(reader *r) {
  call c = {0};
  text name;
  for (read_open(r, '{'); read_field(r, &name);) {
    if (text_is(name, TEXT("action")))
      c.action = read_text(r);
    else if (text_is(name, TEXT("input")))
      c.input = read_any(r);
    else if (text_is(name, TEXT("config")))
      c.config = read_any(r);
    else
      read_any(r);
  }
  return c;
}

static void run(call *c, writer *result) {
  if (text_is(c->action, TEXT("quote")))
    quote(c, result);
  else if (text_is(c->action, TEXT("misbehave")))
    misbehave(c, result);
  else if (text_is(c->action, TEXT("remember")))
    remember(c, result);
  else if (text_is(c->action, TEXT("fetch")))
    fetch(c, result);
  else
    fail(result, TEXT("unknown_action"), TEXT("The plugin has no such action."));
}

EXPORT("qidong_call") void qidong_call(void) {
  size_t size = host_input(NULL, 0);
  char *envelope = malloc(size);
  if (envelope == NULL)
    abort(); // the host says MEMORY_EXCEEDED
  host_input(envelope, size);

  reader r = {envelope, envelope + size, false};
  call c = read_call(&r);
  writer result = {0};
  run(&c, &result);
  if (r.bad || c.input.bad)
    fail(&result, TEXT("bad_input"), TEXT("The input cannot be read."));
  host_output(result.data, result.size);
  // Nothing is freed: the host sets the memory back (ABI-3.1).
}
