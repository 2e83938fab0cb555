// The discount plugin in AssemblyScript. The host calls the two exports below.
import { Call, fail } from "./envelope";
import { fetch } from "./fetch";
import { input, output } from "./host";
import { manifest } from "./manifest";
import { misbehave, remember } from "./misbehave";
import { quote } from "./quote";

export function qidong_describe(): void {
  output(manifest);
}

export function qidong_call(): void {
  const call = new Call(input());
  const result = run(call);
  output(call.input.bad ? fail("bad_input", "The input cannot be read.") : result);
}

function run(call: Call): string {
  if (call.action == "quote") return quote(call);
  if (call.action == "misbehave") return misbehave(call);
  if (call.action == "remember") return remember();
  if (call.action == "fetch") return fetch(call);
  return fail("unknown_action", "The plugin has no such action.");
}
