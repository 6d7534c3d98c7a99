//! One self-contained HTML page about a model: what it was trained on, how right it is on recordings that it never heard, and
//! what it cannot do.
//!
//! Style and pictures are inside the page, there is no script, and its policy forbids the browser to fetch anything: it opens
//! on a machine without a network, as an attachment, in ten years. The same data and model give the same bytes.

mod card;
mod html;
mod page;

pub use page::{Page, Picture};
