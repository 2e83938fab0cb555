// The envelopes, as plugins/ABI.md has them (sections 6 and 7). Fields that are
// not read are ignored, as ABI-4.4 wants it.
import { Reader } from "./read";
import { text } from "./write";

/** What the host asks for. Input and config stand before their values. */
export class Call {
  action: string = "";
  input: Reader = new Reader("{}");
  config: Reader = new Reader("{}");

  constructor(envelope: string) {
    const r = new Reader(envelope);
    for (r.open("{"); r.field(); ) {
      if (r.name == "action") this.action = r.text();
      else if (r.name == "input") this.input = r.any();
      else if (r.name == "config") this.config = r.any();
      else r.any();
    }
  }
}

/** The text of one member of an object, "" when it is not there. */
export function member(r: Reader, name: string): string {
  let value = "";
  for (r.open("{"); r.field(); ) {
    if (r.name == name) value = r.text();
    else r.any();
  }
  return value;
}

/** The result envelope of a call that gave an output, which is JSON. */
export function succeed(output: string): string {
  return `{"output":${output}}`;
}

/** The result envelope of a call that failed. The message is a sentence. */
export function fail(code: string, message: string): string {
  return `{"error":{"code":${text(code)},"message":${text(message)}}}`;
}
