//! Requests to the page without a connection: for the fuzz target, which is to reach every handler.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;
use tower_service::Service;

use super::access::{Access, Peer, sessions};
use super::routes::router;
use super::shared::Shared;
use super::{Config, Look};
use crate::reporting::{FolderPaths, Operator, OperatorError, OutputContext, UploadedModel};

/// What stands in a request for the cookie's token, and for the token of forms, of a session that has begun.
pub const SESSION: &str = "{session}";
/// See [`SESSION`].
pub const FORM: &str = "{form}";

/// Most headers of a request.
const MOST_HEADERS: usize = 64;

/// Most bytes of an answer that are read, and the time for them: a file is read by another thread.
const MOST: usize = 1 << 20;
const TIMEOUT: Duration = Duration::from_secs(5);

/// Least memory and one pass: a fuzz target is to try many passwords. No password has this hash.
const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// An answer.
#[derive(Debug)]
pub struct OfflineAnswer {
    /// Its status.
    pub status: u16,
    /// The names of its headers.
    pub headers: Vec<String>,
    /// Its body; empty for a live stream.
    pub body: Vec<u8>,
}

/// A page whose requests come from memory.
pub struct OfflinePage {
    runtime: Runtime,
    router: Router,
    session: String,
    peers: AtomicU32,
}

impl OfflinePage {
    /// A page with the folders `clips`, `teach`, `events` and `state` below `folder`.
    ///
    /// # Errors
    /// When there is no randomness or no thread.
    pub fn new(folder: &Path) -> Result<Self, String> {
        let context = OutputContext { operator: Some(Arc::new(Unchanging)), ..OutputContext::default() };
        context.folders.set(FolderPaths {
            state: folder.join("state"),
            events: folder.join("events"),
            clips: folder.join("clips"),
            clips_max_mib: 1,
            teach: folder.join("teach"),
            ..FolderPaths::default()
        });
        let config = Config {
            enabled: true,
            password_hash: HASH.into(),
            look: Look::Password,
            live_sound: true,
            ..Config::default()
        };
        let access = Access::new(&config, &folder.join("state"))?;
        let session = access.begin().map_err(|error| error.to_string())?;
        let shared = Arc::new(Shared::new(&config, &context, access, Arc::default()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        Ok(Self { runtime, router: router(shared), session, peers: AtomicU32::new(0) })
    }

    /// Answers a request as it is sent over HTTP/1.1; `None` for bytes that have no whole head, or none that a server passes on.
    /// Each request comes from another address of this device, since an address may not send many.
    pub fn ask(&self, bytes: &[u8]) -> Option<OfflineAnswer> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        let Ok(httparse::Status::Complete(len)) = head.parse(bytes) else { return None };
        let mut request = Request::builder().method(head.method?).uri(head.path?);
        for header in head.headers {
            request = request.header(header.name, self.with_tokens(header.value));
        }
        let mut request = request.body(Body::from(bytes[len..].to_vec())).ok()?;
        let peer = Ipv4Addr::from_bits(0x7f00_0001 | self.peers.fetch_add(1, Relaxed) << 8 & 0x00ff_ff00);
        request.extensions_mut().insert(Peer(IpAddr::V4(peer)));
        Some(self.runtime.block_on(async {
            let Ok(answer) = self.router.clone().call(request).await;
            let (parts, body) = answer.into_parts();
            let names = parts.headers.keys().map(|name| name.as_str().to_owned());
            let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
            let is_live = ["text/event-stream", "application/octet-stream"].contains(&kind);
            let body = if is_live { None } else { tokio::time::timeout(TIMEOUT, to_bytes(body, MOST)).await.ok() };
            OfflineAnswer {
                status: parts.status.as_u16(),
                headers: names.collect(),
                body: body.and_then(Result::ok).map_or_else(Vec::new, Vec::from),
            }
        }))
    }

    /// A header's value with the tokens in their places.
    fn with_tokens(&self, value: &[u8]) -> Vec<u8> {
        match std::str::from_utf8(value) {
            Ok(text) => {
                text.replace(SESSION, &self.session).replace(FORM, &sessions::form_token(&self.session)).into_bytes()
            }
            Err(_) => value.to_vec(),
        }
    }
}

/// Takes every change, and makes none.
#[derive(Debug)]
struct Unchanging;

impl Operator for Unchanging {
    fn reload(&self) {}

    fn settings(&self) -> Result<Value, OperatorError> {
        Ok(json!({}))
    }

    fn proposal(&self, changes: &Map<String, Value>) -> Result<Value, OperatorError> {
        Ok(json!({ "changes": changes }))
    }

    fn change(&self, changes: &Map<String, Value>, _: &str) -> Result<Value, OperatorError> {
        Ok(json!({ "changes": changes }))
    }

    fn models(&self) -> Result<Value, OperatorError> {
        Ok(json!({}))
    }

    fn use_model(&self, id: &str, _: &str) -> Result<Value, OperatorError> {
        Err(OperatorError::Refused(format!("there is no model {id}")))
    }

    fn install_model(&self, uploaded: UploadedModel, _: &str) -> Result<Value, OperatorError> {
        Err(OperatorError::Refused(format!("{uploaded:?} refused")))
    }
}
