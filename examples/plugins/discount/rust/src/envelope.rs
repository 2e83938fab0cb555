//! The envelopes, as plugins/ABI.md has them (sections 6 and 7). Fields that are
//! not here are ignored, as ABI-4.4 wants it.

use serde::{de::DeserializeOwned, Deserialize, Serialize};

/// Names the action that the host asks for.
#[derive(Deserialize)]
pub struct Head {
    pub action: String,
}

/// What the host hands over to an action with the input I.
#[derive(Deserialize)]
pub struct Call<I> {
    pub input: I,
    #[serde(default)]
    pub config: Config,
}

/// What a workspace fills in once. Only fetch uses it.
#[derive(Deserialize, Default)]
pub struct Config {
    #[serde(default)]
    pub base_url: String,
}

/// What an action answers. In JSON it is {"output": …} or {"error": …}.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer<O> {
    Output(O),
    Error(Failure),
}

/// A failure that the plugin declares, or passes on from the host.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
pub struct Failure {
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
}

impl Failure {
    /// A failure that no repetition mends. The message is a sentence.
    pub fn new(code: &str, message: &str) -> Self {
        Failure { code: code.into(), message: message.into(), retry: None, after: None }
    }
}

/// Reads an envelope for an action, runs it, and writes the result envelope.
pub fn answer<I: DeserializeOwned, O: Serialize>(
    envelope: &[u8],
    action: impl FnOnce(Call<I>) -> Result<O, Failure>,
) -> Vec<u8> {
    let answer = match serde_json::from_slice(envelope) {
        Ok(call) => action(call),
        Err(error) => Err(Failure::new("bad_input", &format!("The input cannot be read: {}.", error))),
    };
    let answer = match answer {
        Ok(output) => Answer::Output(output),
        Err(failure) => Answer::Error(failure),
    };
    serde_json::to_vec(&answer).expect("every answer can be written as JSON")
}
