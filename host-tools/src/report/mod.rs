//! A self-contained HTML report about a model: a verdict in words, its accuracy on recordings, its training, its limits.
//!
//! Style and pictures are inside the page, there is no script, and its policy forbids the browser to fetch anything, so it
//! opens without a network and as an attachment. The same data and model give the same bytes.

mod anomaly_curve;
mod card;
mod html;
mod one_class;
mod page;
mod verdict;

pub(crate) use anomaly_curve::{ClassScores, pictures as anomaly_pictures};
pub(crate) use page::{Accuracy, Page, Picture};
