#include "host.h"
#include "plugin.h"
#include <stdlib.h>

// read_member reads one text of an object, "" when it is not there.
static text read_member(reader r, text member) {
  text value = TEXT(""), name;
  for (read_open(&r, '{'); read_field(&r, &name);) {
    if (text_is(name, member))
      value = read_text(&r);
    else
      read_any(&r);
  }
  return value;
}

// ask sends a request to the host and returns its response, to be read.
static reader ask(text request) {
  size_t size = host_request(request.data, request.size);
  char *response = malloc(size);
  if (response == NULL)
    abort(); // the host says MEMORY_EXCEEDED
  host_result(response, size);
  return (reader){response, response + size, false};
}

// write_page answers with the status and text of an HTTP response.
static void write_page(writer *result, reader *http) {
  int64_t status = 0;
  text body = TEXT(""), name;
  for (read_open(http, '{'); read_field(http, &name);) {
    if (text_is(name, TEXT("status"))) {
      status = read_integer(http);
    } else if (text_is(name, TEXT("body"))) {
      body = read_text(http);
    } else if (text_is(name, TEXT("body_base64"))) {
      fail(result, TEXT("not_text"), TEXT("The page is no text."));
      return;
    } else {
      read_any(http);
    }
  }
  write_raw(result, TEXT("{\"output\":{\"status\":"));
  write_integer(result, status);
  write_raw(result, TEXT(",\"body\":"));
  write_text(result, body);
  write_raw(result, TEXT("}}"));
}

// pass_on answers with the host's error, which has the form of our own.
static void pass_on(writer *result, reader error) {
  write_raw(result, TEXT("{\"error\":"));
  write_raw(result, (text){error.at, (size_t)(error.end - error.at)});
  write_raw(result, TEXT("}"));
}

void fetch(call *c, writer *result) {
  text path = read_member(c->input, TEXT("path"));
  text base = c->config.at ? read_member(c->config, TEXT("base_url")) : TEXT("");
  if (base.size == 0) {
    fail(result, TEXT("not_configured"), TEXT("The address of the catalog is not configured."));
    return;
  }
  while (base.size > 0 && base.data[base.size - 1] == '/')
    base.size--;
  writer request = {0};
  write_raw(&request, TEXT("{\"http\":{\"method\":\"GET\",\"url\":\""));
  write_unquoted(&request, base);
  write_unquoted(&request, path);
  write_raw(&request, TEXT("\"}}"));

  reader response = ask((text){request.data, request.size});
  text name;
  for (read_open(&response, '{'); read_field(&response, &name);) {
    if (text_is(name, TEXT("http"))) {
      write_page(result, &response);
      return;
    }
    if (text_is(name, TEXT("error"))) {
      pass_on(result, read_any(&response));
      return;
    }
    read_any(&response);
  }
  fail(result, TEXT("bad_response"), TEXT("The host answered with something else."));
}
