// The discount plugin: what its files share.
#pragma once
#include "json.h"

// call is what the host asks for. Input and config stand before their values.
typedef struct {
  text action;
  reader input, config;
} call;

// counter is 0 whenever a call begins: the host sets back what calls wrote.
extern int64_t counter;

// An action writes its result envelope, {"output": …} or {"error": …}.
void quote(call *c, writer *result);
void misbehave(call *c, writer *result);
void remember(call *c, writer *result);
void fetch(call *c, writer *result);

// fail writes an error in place of what is in result. The code is of the
// plugin's own, and lower-case; the message is a sentence.
void fail(writer *result, text code, text message);
