//! Shared, immutable texts: the class names of a model, reasons.

use std::ops::Deref;
use std::sync::Arc;

use monitor_wire::{TextList, TextSource};

/// Texts in order. Cloning shares them and allocates nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts(Arc<[String]>);

impl Texts {
    /// The texts as a frame or a line lists them.
    pub fn list(&self) -> TextList<'_> {
        TextList::new(self)
    }
}

impl Deref for Texts {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl TextSource for Texts {
    fn text(&self, index: usize) -> Option<&str> {
        self.0.get(index).map(String::as_str)
    }
}

impl<S: Into<String>> FromIterator<S> for Texts {
    fn from_iter<I: IntoIterator<Item = S>>(texts: I) -> Self {
        Self(texts.into_iter().map(Into::into).collect())
    }
}
