import { JSON } from "json-as";
import { Call, fail, Failure, passOn, succeed } from "./envelope";
import { request } from "./host";

@json
class Page {
  path: string = "";
}

@json
class Answer {
  status: i32 = 0;
  body: string = "";
}

// A request to the host, and its response (ABI-7.1).

@json
class HttpRequest {
  method: string = "GET";
  url: string = "";
}

@json
class HttpResponse {
  status: i32 = 0;
  body: string = "";
  body_base64: string = "";
}

@json
class Request {
  http: HttpRequest = new HttpRequest();
}

@json
class Response {
  http: HttpResponse | null = null;
  error: Failure | null = null;
}

/** Reads a page of the catalog, whatever its status is. */
export function fetch(call: Call): string {
  const base = trimSlashes(call.config.base_url);
  if (base == "") return fail("not_configured", "The address of the catalog is not configured.");
  const question = new Request();
  question.http.url = base + JSON.parse<Page>(call.input.data).path;

  const response = JSON.parse<Response>(request(JSON.stringify(question)));
  if (response.error) return passOn(response.error!);
  if (!response.http) return fail("bad_response", "The host answered with something else.");
  const page = response.http!;
  if (page.body_base64 != "") return fail("not_text", "The page is no text.");
  const answer = new Answer();
  answer.status = page.status;
  answer.body = page.body;
  return succeed(JSON.stringify(answer));
}

function trimSlashes(url: string): string {
  let end = url.length;
  while (end > 0 && url.charAt(end - 1) == "/") end--;
  return url.substring(0, end);
}
