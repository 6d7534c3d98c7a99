//! A self-contained HTML report about a model: its training, its accuracy on recordings, its limits.
//!
//! Style and pictures are inside the page, there is no script, and its policy forbids the browser to fetch anything, so it
//! opens without a network and as an attachment. The same data and model give the same bytes.

mod card;
mod html;
mod one_class;
mod page;

pub(crate) use page::{Accuracy, Page, Picture};
