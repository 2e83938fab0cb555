import { count } from "./counter";
import { Call, fail, member, succeed } from "./envelope";
import { Reader } from "./read";
import { text } from "./write";

/** One kind of thing in a cart. Money is in the smallest unit of the currency. */
class Line {
  id: string = "";
  title: string = "";
  qty: i64 = 0;
  price: i64 = 0;
  sale: bool = false;

  constructor(r: Reader) {
    for (r.open("{"); r.field(); ) {
      if (r.name == "id") this.id = r.text();
      else if (r.name == "title") this.title = r.text();
      else if (r.name == "qty") this.qty = r.integer();
      else if (r.name == "price") this.price = r.integer();
      else if (r.name == "tags") this.sale = has(r, "sale");
      else r.any();
    }
  }
}

function has(r: Reader, tag: string): bool {
  let found = false;
  for (r.open("["); r.item(); ) {
    if (r.text() == tag) found = true;
  }
  return found;
}

/** Takes a share off the lines with the tag sale. */
export function quote(call: Call): string {
  const counter = count();
  const r = call.input;
  let currency = "";
  let tier = "";
  const lines: Line[] = [];
  for (r.open("{"); r.field(); ) {
    if (r.name == "currency") currency = r.text();
    else if (r.name == "customer") tier = member(r, "tier");
    else if (r.name == "lines") for (r.open("["); r.item(); ) lines.push(new Line(r));
    else r.any();
  }
  if (currency != "CNY") return fail("currency_not_supported", `There are no discounts in ${currency}.`);

  const percent: i64 = tier == "gold" ? 10 : 5;
  const discounts: string[] = [];
  let total: i64 = 0;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    if (!line.sale) continue;
    const amount = (line.price * line.qty * percent) / 100;
    const reason = `${percent}% off ${line.title} (${tier})`;
    discounts.push(`{"line":${text(line.id)},"amount":${amount},"reason":${text(reason)}}`);
    total += amount;
  }
  return succeed(`{"discounts":[${discounts.join(",")}],"total":${total},"counter":${counter}}`);
}
