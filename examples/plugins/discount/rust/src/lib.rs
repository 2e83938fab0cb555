//! The discount plugin in Rust. The host calls the two exports below.

mod envelope;
mod fetch;
mod host;
mod misbehave;
mod quote;

use envelope::{answer, Call, Failure, Head};
use std::sync::atomic::{AtomicI64, Ordering};

static COUNTER: AtomicI64 = AtomicI64::new(0);

/// Counts a call. The counter is 0 whenever a call begins: the host sets back
/// what calls wrote.
fn count() -> i64 {
    COUNTER.fetch_add(1, Ordering::Relaxed) + 1
}

#[no_mangle]
pub extern "C" fn qidong_describe() {
    host::output(include_bytes!("../manifest.json"));
    // What describe leaves in memory is where every call starts: from now on a
    // panic says why in the log, before it ends the run.
    std::panic::set_hook(Box::new(|panic| host::log(host::ERROR, &panic.to_string())));
}

#[no_mangle]
pub extern "C" fn qidong_call() {
    host::output(&run(&host::input()));
}

/// Runs the call of an envelope, and returns the result envelope.
fn run(envelope: &[u8]) -> Vec<u8> {
    let head: Head = match serde_json::from_slice(envelope) {
        Ok(head) => head,
        Err(_) => Head { action: String::new() },
    };
    match head.action.as_str() {
        "quote" => answer(envelope, quote::quote),
        "misbehave" => answer(envelope, misbehave::misbehave),
        "remember" => answer(envelope, misbehave::remember),
        "fetch" => answer(envelope, fetch::fetch),
        _ => answer(envelope, |_: Call<serde::de::IgnoredAny>| -> Result<(), _> {
            Err(Failure::new("unknown_action", "The plugin has no such action."))
        }),
    }
}
