use crate::envelope::{Call, Failure};
use crate::host;
use serde::{Deserialize, Serialize};

/// Names a page of the catalog.
#[derive(Deserialize)]
pub struct Page {
    path: String,
}

/// What the catalog answered.
#[derive(Serialize)]
pub struct Answer {
    status: u16,
    body: String,
}

/// A request to the host, and its response (ABI-7.1).
#[derive(Serialize)]
struct Request<'a> {
    http: HttpRequest<'a>,
}

#[derive(Serialize)]
struct HttpRequest<'a> {
    method: &'a str,
    url: String,
}

#[derive(Deserialize)]
struct Response {
    http: Option<HttpResponse>,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct HttpResponse {
    status: u16,
    #[serde(default)]
    body: String,
    body_base64: Option<String>,
}

/// Reads a page, whatever its status is.
pub fn fetch(call: Call<Page>) -> Result<Answer, Failure> {
    let base = call.config.base_url.trim_end_matches('/');
    if base.is_empty() {
        return Err(Failure::new("not_configured", "The address of the catalog is not configured."));
    }
    let page = get(format!("{}{}", base, call.input.path))?;
    match page.body_base64 {
        Some(_) => Err(Failure::new("not_text", "The page is no text.")),
        None => Ok(Answer { status: page.status, body: page.body }),
    }
}

/// Makes an HTTP request. The failure is the host's: not granted, not
/// reachable, too slow, too large.
fn get(url: String) -> Result<HttpResponse, Failure> {
    let request = Request { http: HttpRequest { method: "GET", url } };
    let request = serde_json::to_vec(&request).expect("every request can be written as JSON");
    match serde_json::from_slice(&host::request(&request)) {
        Ok(Response { http: Some(http), .. }) => Ok(http),
        Ok(Response { error: Some(failure), .. }) => Err(failure),
        _ => Err(Failure::new("bad_response", "The host answered with something else.")),
    }
}
