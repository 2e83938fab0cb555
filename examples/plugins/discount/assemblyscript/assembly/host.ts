// The functions of the host, as plugins/ABI.md has them (ABI-1.3). Strings are
// UTF-16 in AssemblyScript, and UTF-8 for the host.

@external("qidong_v1", "input")
declare function host_input(ptr: usize, cap: usize): usize;
@external("qidong_v1", "output")
declare function host_output(ptr: usize, len: usize): void;
@external("qidong_v1", "log")
declare function host_log(level: i32, ptr: usize, len: usize): void;
@external("qidong_v1", "request")
declare function host_request(ptr: usize, len: usize): usize;
@external("qidong_v1", "result")
declare function host_result(ptr: usize, cap: usize): usize;

export const INFO = 0;
export const ERROR = 1;

/** The call envelope. */
export function input(): string {
  const bytes = new ArrayBuffer(<i32>host_input(0, 0)); // with no room, the size of the whole
  host_input(changetype<usize>(bytes), bytes.byteLength);
  return String.UTF8.decode(bytes);
}

/** Hands over the manifest or the result envelope. */
export function output(text: string): void {
  const bytes = String.UTF8.encode(text);
  host_output(changetype<usize>(bytes), bytes.byteLength);
}

/** Writes a line for developers. */
export function log(level: i32, line: string): void {
  const bytes = String.UTF8.encode(line);
  host_log(level, changetype<usize>(bytes), bytes.byteLength);
}

/** Asks for a capability, and returns the response. */
export function request(text: string): string {
  const question = String.UTF8.encode(text);
  const answer = new ArrayBuffer(<i32>host_request(changetype<usize>(question), question.byteLength));
  host_result(changetype<usize>(answer), answer.byteLength);
  return String.UTF8.decode(answer);
}

/** What `throw` comes to: the log says why, and the run ends. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  log(ERROR, `${message ? message : "abort"} at ${file ? file : "?"}:${line}:${column}`);
  unreachable();
}
