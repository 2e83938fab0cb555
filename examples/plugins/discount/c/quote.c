#include "plugin.h"

typedef struct {
  text id, title;
  int64_t qty, price;
  bool sale;
} line;

static bool has_tag(reader *r, text tag) {
  bool found = false;
  for (read_open(r, '['); read_item(r);)
    found |= text_is(read_text(r), tag);
  return found;
}

static line read_line(reader *r) {
  line l = {0};
  text name;
  for (read_open(r, '{'); read_field(r, &name);) {
    if (text_is(name, TEXT("id")))
      l.id = read_text(r);
    else if (text_is(name, TEXT("title")))
      l.title = read_text(r);
    else if (text_is(name, TEXT("qty")))
      l.qty = read_integer(r);
    else if (text_is(name, TEXT("price")))
      l.price = read_integer(r);
    else if (text_is(name, TEXT("tags")))
      l.sale = has_tag(r, TEXT("sale"));
    else
      read_any(r);
  }
  return l;
}

static text read_tier(reader *r) {
  text tier = TEXT(""), name;
  for (read_open(r, '{'); read_field(r, &name);) {
    if (text_is(name, TEXT("tier")))
      tier = read_text(r);
    else
      read_any(r);
  }
  return tier;
}

static void write_discount(writer *w, line l, int64_t percent, text tier, int64_t amount) {
  write_raw(w, TEXT("{\"line\":"));
  write_text(w, l.id);
  write_raw(w, TEXT(",\"amount\":"));
  write_integer(w, amount);
  write_raw(w, TEXT(",\"reason\":\""));
  write_integer(w, percent);
  write_raw(w, TEXT("% off "));
  write_unquoted(w, l.title);
  write_raw(w, TEXT(" ("));
  write_unquoted(w, tier);
  write_raw(w, TEXT(")\"}"));
}

// write_quote takes a share off the lines with the tag sale.
static void write_quote(writer *w, reader *lines, text tier) {
  int64_t percent = text_is(tier, TEXT("gold")) ? 10 : 5, total = 0;
  bool first = true;
  write_raw(w, TEXT("{\"output\":{\"discounts\":["));
  for (read_open(lines, '['); read_item(lines);) {
    line l = read_line(lines);
    if (!l.sale)
      continue;
    if (!first)
      write_raw(w, TEXT(","));
    first = false;
    int64_t amount = l.price * l.qty * percent / 100;
    total += amount;
    write_discount(w, l, percent, tier, amount);
  }
  write_raw(w, TEXT("],\"total\":"));
  write_integer(w, total);
  write_raw(w, TEXT(",\"counter\":"));
  write_integer(w, counter);
  write_raw(w, TEXT("}}"));
}

void quote(call *c, writer *result) {
  counter++;
  text currency = TEXT(""), tier = TEXT(""), name;
  reader lines = {0};
  for (read_open(&c->input, '{'); read_field(&c->input, &name);) {
    if (text_is(name, TEXT("currency")))
      currency = read_text(&c->input);
    else if (text_is(name, TEXT("customer")))
      tier = read_tier(&c->input);
    else if (text_is(name, TEXT("lines")))
      lines = read_any(&c->input); // read when the tier is known
    else
      read_any(&c->input);
  }
  if (!text_is(currency, TEXT("CNY"))) {
    writer message = {0};
    write_raw(&message, TEXT("There are no discounts in "));
    write_raw(&message, currency);
    write_raw(&message, TEXT("."));
    fail(result, TEXT("currency_not_supported"), (text){message.data, message.size});
    return;
  }
  write_quote(result, &lines, tier);
  c->input.bad |= lines.bad;
}
