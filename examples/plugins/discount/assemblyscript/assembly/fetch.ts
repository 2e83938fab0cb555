import { Call, fail, member, succeed } from "./envelope";
import { request } from "./host";
import { Reader } from "./read";
import { text } from "./write";

/** Reads a page of the catalog, whatever its status is. */
export function fetch(call: Call): string {
  const base = trimSlashes(member(call.config, "base_url"));
  if (base == "") return fail("not_configured", "The address of the catalog is not configured.");
  const url = base + member(call.input, "path");

  const r = new Reader(request(`{"http":{"method":"GET","url":${text(url)}}}`)); // ABI-7.1
  for (r.open("{"); r.field(); ) {
    if (r.name == "http") return page(r);
    if (r.name == "error") return `{"error":${r.any().raw()}}`; // the host's, which has the form of our own
    r.any();
  }
  return fail("bad_response", "The host answered with something else.");
}

/** Answers with the status and text of an HTTP response. */
function page(r: Reader): string {
  let status: i64 = 0;
  let body = "";
  for (r.open("{"); r.field(); ) {
    if (r.name == "status") status = r.integer();
    else if (r.name == "body") body = r.text();
    else if (r.name == "body_base64") return fail("not_text", "The page is no text.");
    else r.any();
  }
  return succeed(`{"status":${status},"body":${text(body)}}`);
}

function trimSlashes(url: string): string {
  let end = url.length;
  while (end > 0 && url.charAt(end - 1) == "/") end--;
  return url.substring(0, end);
}
