//! Messages over HTTP: to a webhook, and to ntfy.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use ureq::Agent;
use ureq::http::Response;
use ureq::{Body, Error};

use super::client::authorization;
use super::config::{NtfyConfig, WebhookConfig};
use super::encoded_word::encode;
use super::notice::{Notice, NoticeKind};
use super::request::Outcome;
use super::url::Url;

/// Longest pause that a server may ask for.
const MOST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Name of the picture at the receiver.
pub(super) const PICTURE: &str = "sound.png";

/// A program that takes JSON.
pub(super) struct Webhook {
    pub(super) host: String,
    agent: Agent,
    address: String,
    authorization: Option<String>,
}

impl Webhook {
    /// The way to it; `None` where the configuration has none.
    ///
    /// # Errors
    /// When the token cannot be read.
    pub(super) fn new(config: &WebhookConfig, agent: &Agent) -> Result<Option<Self>, String> {
        // Checked with the configuration; an empty one is off.
        let Some(url) = Url::parse(&config.url) else { return Ok(None) };
        let authorization = authorization(&config.token_file)?;
        Ok(Some(Self { host: url.host.into(), agent: agent.clone(), address: config.url.clone(), authorization }))
    }

    /// Sends the message, the picture in base64.
    pub(super) fn send(&self, notice: &Notice, picture: Option<&[u8]>) -> Outcome {
        let mut body = json!(notice);
        if let Some(picture) = picture {
            body["picture"] = STANDARD.encode(picture).into();
        }
        let mut request = self.agent.post(&self.address).header("Content-Type", "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        outcome(request.send(body.to_string()))
    }
}

/// An ntfy server and a topic.
pub(super) struct Ntfy {
    pub(super) host: String,
    agent: Agent,
    /// The server's root, and the address of the topic.
    root: String,
    address: String,
    topic: String,
    email: String,
    authorization: Option<String>,
}

impl Ntfy {
    /// The way to it; `None` where the configuration has none.
    ///
    /// # Errors
    /// When the token cannot be read.
    pub(super) fn new(config: &NtfyConfig, agent: &Agent) -> Result<Option<Self>, String> {
        let Some(url) = Url::parse(&config.url) else { return Ok(None) };
        Ok(Some(Self {
            host: url.host.into(),
            agent: agent.clone(),
            root: url.base.into(),
            address: config.url.clone(),
            topic: url.last.into(),
            email: config.email.clone(),
            authorization: authorization(&config.token_file)?,
        }))
    }

    /// Sends the message. With a picture that is the body, and everything else is in headers
    /// (<https://docs.ntfy.sh/publish/#attach-local-file>); without one it is JSON to the server's root
    /// (<https://docs.ntfy.sh/publish/#publish-as-json>).
    pub(super) fn send(&self, notice: &Notice, picture: Option<&[u8]>) -> Outcome {
        let (priority, tag) = rank(notice.kind);
        let optional = [("click", &notice.link), ("email", &self.email)];
        let optional = optional.into_iter().filter(|(_, value)| !value.is_empty());
        let mut request = match picture {
            Some(_) => self.agent.put(&self.address),
            None => self.agent.post(&self.root).header("Content-Type", "application/json"),
        };
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let Some(picture) = picture else {
            let mut body = json!({
                "topic": self.topic, "title": notice.title, "message": notice.text, "priority": priority, "tags": [tag],
            });
            optional.for_each(|(key, value)| body[key] = value.as_str().into());
            return outcome(request.send(body.to_string()));
        };
        request = request
            .header("Filename", PICTURE)
            .header("Title", encode(&notice.title, " "))
            .header("Message", header(&notice.text))
            .header("Priority", priority.to_string())
            .header("Tags", tag);
        for (key, value) in optional {
            request = request.header(key, encode(value, " "));
        }
        outcome(request.send(picture))
    }
}

/// A text of several lines in a header of ntfy, which makes line ends of `\n`, and only newer servers of encoded words.
fn header(text: &str) -> String {
    let is_plain = |byte| matches!(byte, b' '..=b'~' | b'\n');
    if text.bytes().all(is_plain) && !text.contains("=?") { text.replace('\n', "\\n") } else { encode(text, " ") }
}

/// Priority and tag of a message at ntfy: 1 is the lowest, 5 the highest, 3 the default.
fn rank(kind: NoticeKind) -> (u8, &'static str) {
    match kind {
        NoticeKind::Alarm => (4, "rotating_light"),
        NoticeKind::Warning => (3, "warning"),
        NoticeKind::Ended => (2, "white_check_mark"),
        NoticeKind::Digest => (3, "clipboard"),
        NoticeKind::Test => (3, "bell"),
    }
}

/// What an answer, or the lack of one, means.
fn outcome(answer: Result<Response<Body>, Error>) -> Outcome {
    match answer {
        Ok(answer) => {
            let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
            judge(answer.status().as_u16(), retry_after)
        }
        // The address, which may contain a secret, is no part of it.
        Err(Error::BadUri(_)) => Outcome::Failed("its address cannot be used".into(), None),
        Err(error) => Outcome::Failed(error.to_string(), None),
    }
}

/// What the status of an answer means. Only statuses about this very message refuse it: a wrong token or topic may be mended.
fn judge(status: u16, retry_after: Option<&str>) -> Outcome {
    let why = format!("the server answers with status {status}");
    match status {
        200..=299 => Outcome::Delivered,
        400 | 413 | 415 | 422 => Outcome::Refused(why),
        _ => {
            let pause = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
            Outcome::Failed(why, pause.map(|pause| pause.min(MOST_RETRY_AFTER)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_delivers_refuses_or_is_tried_again_after_the_pause_that_it_asks_for() {
        assert_eq!((judge(200, None), judge(204, None)), (Outcome::Delivered, Outcome::Delivered));
        assert!([400, 413, 422].iter().all(|status| matches!(judge(*status, None), Outcome::Refused(_))));
        for status in [301, 401, 403, 404, 500, 503] {
            assert!(matches!(judge(status, None), Outcome::Failed(_, None)), "{status}");
        }
        for (text, seconds) in [("7", Some(7)), ("99999999", Some(3600)), ("soon", None), ("-1", None)] {
            let Outcome::Failed(why, pause) = judge(429, Some(text)) else { panic!("delivered") };
            assert!(why.contains("429"));
            assert_eq!(pause, seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn a_text_of_several_lines_is_one_line_of_ascii() {
        assert_eq!(header("State: on\n2026-11-29"), "State: on\\n2026-11-29");
        assert_eq!(header("Zustand: Mühle\nx"), "=?UTF-8?B?WnVzdGFuZDogTcO8aGxlCng=?=");
        assert!(header("a\r\nEvil: b").starts_with("=?UTF-8?B?"));
    }
}
