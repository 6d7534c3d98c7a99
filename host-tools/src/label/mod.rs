//! Labelling of recordings: cuts them into stretches of one sound, proposes labels, keeps what a person decides.
//!
//! [`segment`] divides a recording where its sound changes; [`material`] keeps its spectrum and the model's results; [`session`] is
//! the state of the work, [`choose`] its order; [`manifest`] is the file that `train` reads; [`routes`] has the addresses of the
//! page.

mod choose;
pub(crate) mod manifest;
pub(crate) mod material;
pub(crate) mod routes;
mod segment;
pub(crate) mod session;

pub(crate) use segment::DEFAULT_CHANGE;
