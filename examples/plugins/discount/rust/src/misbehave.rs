use crate::envelope::{Call, Failure};
use crate::host;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};

/// Says what to do wrong.
#[derive(Deserialize)]
pub struct Misdeed {
    how: String,
}

/// How many calls the instance has seen.
#[derive(Serialize)]
pub struct Counted {
    counter: i64,
}

#[derive(Deserialize)]
pub struct Nothing {}

/// What is written here the compiler cannot leave out.
static SINK: AtomicU64 = AtomicU64::new(0);

const MEBIBYTE: usize = 1 << 20;

/// Counts, then does what it is told. Only grow and log return.
pub fn misbehave(call: Call<Misdeed>) -> Result<Counted, Failure> {
    let counter = crate::count();
    match call.input.how.as_str() {
        "trap" => std::process::abort(),
        "panic" => panic!("on purpose"),
        "memory" => loop {
            take(MEBIBYTE)
        },
        "loop" => loop {
            SINK.fetch_add(1, Ordering::Relaxed);
        },
        "recurse" => recurse(1),
        "grow" => take(8 * MEBIBYTE),
        "log" => {
            host::log(host::INFO, &format!("call {}", counter));
            host::log(host::ERROR, "on purpose");
        }
        // deadlock and exit: there are no threads to wait for, and no process
        _ => return Err(Failure::new("not_possible", "This cannot be done in Rust without WASI.")),
    }
    Ok(Counted { counter })
}

/// Counts, and does nothing else.
pub fn remember(_: Call<Nothing>) -> Result<Counted, Failure> {
    Ok(Counted { counter: crate::count() })
}

/// Allocates bytes, writes to each of their pages, and never frees them.
fn take(bytes: usize) {
    let mut block = Vec::<u8>::with_capacity(bytes);
    for byte in block.spare_capacity_mut().iter_mut().step_by(4096) {
        byte.write(1);
    }
    SINK.store(block.leak().as_ptr() as u64, Ordering::Relaxed);
}

fn recurse(n: u64) {
    if n > 0 { // always
        recurse(n + 1);
    }
    SINK.fetch_add(n, Ordering::Relaxed);
}
