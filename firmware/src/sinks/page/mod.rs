//! The page on the device: what it reports now, for people with a browser (docs/guide/page.md).
//!
//! The sink's thread folds events into messages; a second thread runs [`server`] on one current-thread runtime, at normal
//! priority. Between them is [`hub`]: a bounded queue for each browser, which a slow browser overflows alone. Capture and
//! inference wait for neither: what they pass on goes through the sink's own queue and through a bounded ring of columns.
//!
//! With a certificate, connections begin with a handshake ([`tls`]); they count, and end, as those without.
//!
//! Every request passes [`headers`] (security headers) and the guards of [`access`] (sessions, roles, origin of requests).

#[cfg(feature = "page")]
mod access;
#[cfg(feature = "page")]
mod answer;
#[cfg(feature = "page")]
mod archive;
#[cfg(feature = "page")]
mod assets;
#[cfg(feature = "page")]
mod body;
#[cfg(feature = "page")]
mod clips;
mod config;
#[cfg(feature = "page")]
mod events_table;
#[cfg(feature = "page")]
mod files;
#[cfg(feature = "page")]
mod headers;
#[cfg(feature = "page")]
mod history;
#[cfg(feature = "page")]
mod hub;
#[cfg(feature = "page")]
mod listen;
#[cfg(feature = "page")]
mod live;
#[cfg(feature = "page")]
mod log;
#[cfg(feature = "page")]
mod messages;
#[cfg(feature = "page")]
mod models;
#[cfg(feature = "page")]
pub mod offline;
#[cfg(feature = "page")]
mod parquet;
#[cfg(feature = "page")]
mod ranges;
#[cfg(feature = "page")]
mod recent;
#[cfg(feature = "page")]
mod refit;
#[cfg(feature = "page")]
mod routes;
#[cfg(feature = "page")]
mod server;
#[cfg(feature = "page")]
mod settings;
#[cfg(feature = "page")]
mod shared;
#[cfg(feature = "page")]
mod sink;
#[cfg(feature = "page")]
mod speech_gate;
#[cfg(feature = "page")]
mod tar;
#[cfg(feature = "page")]
mod teach;
#[cfg(feature = "page")]
mod timed_stream;
#[cfg(feature = "page-tls")]
mod tls;
#[cfg(all(feature = "page", not(feature = "page-tls")))]
#[path = "no_tls.rs"]
mod tls;
#[cfg(feature = "page")]
mod trend;

pub use config::{Config, Look, Uploads};

#[cfg(feature = "page")]
pub(crate) use access::password::hash;
