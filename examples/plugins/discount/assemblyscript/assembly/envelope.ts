// The envelopes, as plugins/ABI.md has them (sections 6 and 7). Fields that are
// not here are ignored, as ABI-4.4 wants it.
import { JSON } from "json-as";

/** What a workspace fills in once. Only fetch uses it. */
@json
export class Config {
  base_url: string = "";
}

/** What the host asks for. The action reads its input. */
@json
export class Call {
  action: string = "";
  input: JSON.Raw = new JSON.Raw("{}");
  config: Config = new Config();
}

/** A failure that the plugin declares, or passes on from the host. */
@json
export class Failure {
  code: string = "";
  message: string = ""; // a sentence
  retry: string = "never";
  @omitif((self: Failure) => self.after == 0)
  after: i32 = 0;
}

/** The result envelope of a call that gave an output, which is JSON. */
export function succeed(output: string): string {
  return `{"output":${output}}`;
}

/** The result envelope of a call that failed. */
export function fail(code: string, message: string): string {
  const failure = new Failure();
  failure.code = code;
  failure.message = message;
  return passOn(failure);
}

export function passOn(failure: Failure): string {
  return `{"error":${JSON.stringify(failure)}}`;
}
