//! Pages for a browser on this computer: a server on loopback whose address has a secret.
//!
//! Another site that the browser shows, or another user's program, does not know the secret ([`guard`]); a name that is made to
//! lead to this computer (DNS rebinding) is refused by the header `Host`; what changes something must come from the page itself.
//! [`server`] runs every connection on the calling thread; [`assets`] has the files that all pages share; [`answer`] makes
//! answers and reads requests.

pub(crate) mod answer;
pub(crate) mod assets;
mod guard;
mod open;
mod server;

pub(crate) use server::{Options, Server};
