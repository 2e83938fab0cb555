import { JSON } from "json-as";
import { count } from "./counter";
import { Call, fail, succeed } from "./envelope";

/** One kind of thing in a cart. Money is in the smallest unit of the currency. */
@json
class Line {
  id: string = "";
  sku: string = "";
  title: string = "";
  qty: i64 = 0;
  price: i64 = 0;
  tags: string[] = [];
}

@json
class Customer {
  id: string = "";
  tier: string = "";
}

/** What a customer is about to buy. */
@json
class Cart {
  currency: string = "";
  customer: Customer = new Customer();
  lines: Line[] = [];
}

@json
class Discount {
  line: string = "";
  amount: i64 = 0;
  reason: string = "";
}

/** What the customer saves. */
@json
class Quote {
  discounts: Discount[] = [];
  total: i64 = 0;
  counter: i64 = 0;
}

/** Takes a share off the lines with the tag sale. */
export function quote(call: Call): string {
  const q = new Quote();
  q.counter = count();
  const cart = JSON.parse<Cart>(call.input.data);
  if (cart.currency != "CNY") return fail("currency_not_supported", `There are no discounts in ${cart.currency}.`);

  const percent: i64 = cart.customer.tier == "gold" ? 10 : 5;
  for (let i = 0; i < cart.lines.length; i++) {
    const line = cart.lines[i];
    if (!line.tags.includes("sale")) continue;
    const discount = new Discount();
    discount.line = line.id;
    discount.amount = (line.price * line.qty * percent) / 100;
    discount.reason = `${percent}% off ${line.title} (${cart.customer.tier})`;
    q.discounts.push(discount);
    q.total += discount.amount;
  }
  return succeed(JSON.stringify(q));
}
