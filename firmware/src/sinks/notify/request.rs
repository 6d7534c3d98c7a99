//! One attempt to deliver a message, and what its answer means.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

use super::Config;
use super::client::{authorization, client};
use super::notice::{Notice, NoticeKind};
use super::url::Url;

/// Longest pause that a server may ask for.
const MOST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Where messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    Webhook,
    /// ntfy (<https://docs.ntfy.sh/publish/#publish-as-json>): JSON to the server's root, so that every text arrives as it is.
    Ntfy,
}

/// What has become of an attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Delivered,
    /// The server will never take this message: why.
    Refused(String),
    /// It may take it later: why, and the pause that it asks for.
    Failed(String, Option<Duration>),
}

/// A way to one server.
pub(super) struct Sender {
    pub(super) route: Route,
    pub(super) host: String,
    agent: Agent,
    address: String,
    topic: String,
    email: String,
    authorization: Option<String>,
}

impl Route {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Ntfy => "ntfy",
        }
    }
}

impl Sender {
    /// All ways of the configuration, each with this time for an attempt.
    ///
    /// # Errors
    /// When certificates or a token cannot be read.
    pub(super) fn all(config: &Config, timeout: Duration) -> Result<Vec<Self>, String> {
        let agent = client(&config.ca, timeout)?;
        let (webhook, ntfy) = (&config.webhook, &config.ntfy);
        let mut senders = Vec::new();
        for (route, text, token) in
            [(Route::Webhook, &webhook.url, &webhook.token_file), (Route::Ntfy, &ntfy.url, &ntfy.token_file)]
        {
            // Checked with the configuration; an empty one is off.
            let Some(url) = Url::parse(text) else { continue };
            let address = if route == Route::Ntfy { url.base } else { text };
            senders.push(Self {
                route,
                host: url.host.into(),
                agent: agent.clone(),
                address: address.into(),
                topic: url.last.into(),
                email: ntfy.email.clone(),
                authorization: authorization(token)?,
            });
        }
        Ok(senders)
    }

    /// Makes one attempt.
    pub(super) fn deliver(&self, notice: &Notice) -> Outcome {
        let body = match self.route {
            Route::Webhook => json!(notice),
            Route::Ntfy => self.ntfy(notice),
        };
        let mut request = self.agent.post(&self.address).header("Content-Type", "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        match request.send(body.to_string()) {
            Ok(answer) => {
                let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
                judge(answer.status().as_u16(), retry_after)
            }
            // The address, which may contain a secret, is no part of it.
            Err(ureq::Error::BadUri(_)) => Outcome::Failed("its address cannot be used".into(), None),
            Err(error) => Outcome::Failed(error.to_string(), None),
        }
    }

    /// The message as ntfy takes it.
    fn ntfy(&self, notice: &Notice) -> Value {
        // 1 is the lowest, 5 the highest, 3 the default.
        let (priority, tag) = match notice.kind {
            NoticeKind::Alarm => (4, "rotating_light"),
            NoticeKind::Warning => (3, "warning"),
            NoticeKind::Ended => (2, "white_check_mark"),
            NoticeKind::Digest => (3, "clipboard"),
            NoticeKind::Test => (3, "bell"),
        };
        let mut body = json!({
            "topic": self.topic, "title": notice.title, "message": notice.text, "priority": priority, "tags": [tag],
        });
        for (key, value) in [("click", &notice.link), ("email", &self.email)] {
            if !value.is_empty() {
                body[key] = value.as_str().into();
            }
        }
        body
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
}
