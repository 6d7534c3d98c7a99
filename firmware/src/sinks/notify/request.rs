//! One attempt to deliver a message, on one of the ways of the configuration.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use super::Config;
use super::client::client;
use super::email::Mailer;
use super::http::{Ntfy, Webhook};
use super::notice::{Notice, NoticeKind};
use crate::reporting::Folders;
use crate::sinks::clips::drawing::of_clip;
use crate::sinks::clips::picture::Picture;
use crate::system::messages::warn;

/// What has become of an attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Delivered,
    /// The server will never take this message: why.
    Refused(String),
    /// It may take it later: why, and the pause that it asks for.
    Failed(String, Option<Duration>),
}

/// Where messages go.
enum Route {
    Webhook(Webhook),
    Ntfy(Ntfy),
    Email(Mailer),
}

/// A way to one server.
pub(super) struct Sender {
    route: Route,
    /// Where the clips are; `None` if no pictures are sent.
    pictures: Option<Folders>,
    /// Whether it was reported that the server takes no picture.
    warned: AtomicBool,
}

impl Sender {
    /// All ways of the configuration, each with this time for an attempt.
    ///
    /// # Errors
    /// When certificates, a token or a password cannot be read.
    pub(super) fn all(config: &Config, folders: &Folders, timeout: Duration) -> Result<Vec<Self>, String> {
        let agent = client(&config.ca, timeout)?;
        let routes = [
            Webhook::new(&config.webhook, &agent)?.map(Route::Webhook),
            Ntfy::new(&config.ntfy, &agent)?.map(Route::Ntfy),
            Mailer::new(&config.email, &config.ca, timeout)?.map(Route::Email),
        ];
        let pictures = config.picture.then(|| folders.clone());
        let sender = |route| Self { route, pictures: pictures.clone(), warned: AtomicBool::new(false) };
        Ok(routes.into_iter().flatten().map(sender).collect())
    }

    /// Its name in messages, files and metrics.
    pub(super) fn name(&self) -> &'static str {
        match self.route {
            Route::Webhook(_) => "webhook",
            Route::Ntfy(_) => "ntfy",
            Route::Email(_) => "email",
        }
    }

    /// The server's name.
    pub(super) fn host(&self) -> &str {
        match &self.route {
            Route::Webhook(webhook) => &webhook.host,
            Route::Ntfy(ntfy) => &ntfy.host,
            Route::Email(mailer) => mailer.host(),
        }
    }

    /// The keys of the configuration that may be wrong when it cannot be reached.
    pub(super) fn keys(&self) -> &'static str {
        match self.route {
            Route::Webhook(_) | Route::Ntfy(_) => "url, ca and token_file",
            Route::Email(_) => "host, port, encryption, ca and credentials",
        }
    }

    /// Makes one attempt. A picture never holds up its message: one that cannot be read is left out, and where a server does not
    /// take the message with it, because it is too slow or for whatever reason, the message follows at once without it.
    pub(super) fn deliver(&self, notice: &Notice) -> Outcome {
        let picture = self.picture(notice);
        let outcome = self.attempt(notice, picture.as_deref());
        let (Some(_), Outcome::Refused(why) | Outcome::Failed(why, _)) = (picture, &outcome) else { return outcome };
        let without = self.attempt(notice, None);
        if without == Outcome::Delivered && !self.warned.swap(true, Relaxed) {
            warn(format!(
                "notify {} {}: a message was sent without its picture, which the server did not take: {why}",
                self.name(),
                self.host()
            ));
        }
        without
    }

    fn attempt(&self, notice: &Notice, picture: Option<&[u8]>) -> Outcome {
        match &self.route {
            Route::Webhook(webhook) => webhook.send(notice, picture),
            Route::Ntfy(ntfy) => ntfy.send(notice, picture),
            Route::Email(mailer) => mailer.send(notice, picture),
        }
    }

    /// The picture of the message as a PNG file.
    fn picture(&self, notice: &Notice) -> Option<Vec<u8>> {
        let folders = self.pictures.as_ref()?;
        if notice.kind == NoticeKind::Test {
            return Picture::for_test().png().ok();
        }
        of_clip(&folders.get().clips, notice.clip.as_ref()?).ok()
    }
}
