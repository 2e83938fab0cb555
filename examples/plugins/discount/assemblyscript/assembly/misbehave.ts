import { count } from "./counter";
import { Call, fail, member, succeed } from "./envelope";
import { ERROR, INFO, log } from "./host";

const MEBIBYTE = 1 << 20;

/** What is written here the compiler cannot leave out. */
export let sink: i64 = 0;

/** Counts, then does what it is told. Only grow and log return. */
export function misbehave(call: Call): string {
  const counter = count();
  const how = member(call.input, "how");
  if (how == "trap") {
    unreachable();
  } else if (how == "panic") {
    throw new Error("on purpose");
  } else if (how == "memory") {
    while (true) take(MEBIBYTE);
  } else if (how == "loop") {
    while (true) sink++;
  } else if (how == "recurse") {
    recurse(1);
  } else if (how == "grow") {
    take(8 * MEBIBYTE);
  } else if (how == "log") {
    log(INFO, `call ${counter}`);
    log(ERROR, "on purpose");
  } else {
    // deadlock and exit: there are no threads to wait for, and no process
    return fail("not_possible", "This cannot be done in AssemblyScript without WASI.");
  }
  return counted(counter);
}

/** Counts, and does nothing else. */
export function remember(): string {
  return counted(count());
}

function counted(counter: i64): string {
  return succeed(`{"counter":${counter}}`);
}

/** Allocates bytes and writes to each of their pages. */
function take(bytes: i32): void {
  const block = heap.alloc(bytes);
  for (let i = 0; i < bytes; i += 4096) store<u8>(block + i, 1);
}

function recurse(n: i64): void {
  if (n > 0) recurse(n + 1); // always
  sink += n;
}
