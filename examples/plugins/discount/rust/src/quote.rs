use crate::envelope::{Call, Failure};
use serde::{Deserialize, Serialize};

/// What a customer is about to buy. Money is in the smallest unit of the
/// currency.
#[derive(Deserialize)]
pub struct Cart {
    currency: String,
    customer: Customer,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Customer {
    tier: String,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    title: String,
    qty: i64,
    price: i64,
    tags: Vec<String>,
}

/// What the customer saves.
#[derive(Serialize, Debug)]
pub struct Quote {
    discounts: Vec<Discount>,
    total: i64,
    counter: i64,
}

#[derive(Serialize, Debug)]
struct Discount {
    line: String,
    amount: i64,
    reason: String,
}

/// Takes a share off the lines with the tag sale.
pub fn quote(call: Call<Cart>) -> Result<Quote, Failure> {
    let counter = crate::count();
    let Cart { currency, customer, lines } = call.input;
    if currency != "CNY" {
        let message = format!("There are no discounts in {}.", currency);
        return Err(Failure::new("currency_not_supported", &message));
    }
    let percent = if customer.tier == "gold" { 10 } else { 5 };
    let discounts: Vec<Discount> = lines
        .into_iter()
        .filter(|line| line.tags.iter().any(|tag| tag == "sale"))
        .map(|line| Discount {
            amount: line.price * line.qty * percent / 100,
            reason: format!("{}% off {} ({})", percent, line.title, customer.tier),
            line: line.id,
        })
        .collect();
    let total = discounts.iter().map(|d| d.amount).sum();
    Ok(Quote { discounts, total, counter })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_discount_is_rounded_down() {
        let cart = serde_json::from_str(
            r#"{"input": {"currency": "CNY", "customer": {"id": "c_1", "tier": "new"}, "lines": [
                {"id": "l1", "sku": "", "title": "Tea", "qty": 1, "price": 39, "tags": ["sale"]}]}}"#,
        );
        assert_eq!(quote(cart.unwrap()).unwrap().total, 1); // 5 % of 39
    }
}
