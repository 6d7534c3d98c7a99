//! A list of texts: separate texts in memory, one text joined by line ends on the wire. Encoding joins, decoding splits.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Texts in memory that a frame can list.
pub trait TextSource {
    /// The text of this index; `None` from the list's end on. A text has no line end in it.
    fn text(&self, index: usize) -> Option<&str>;
}

impl<const N: usize> TextSource for [&str; N] {
    fn text(&self, index: usize) -> Option<&str> {
        self.get(index).copied()
    }
}

/// A borrowed list of texts, from memory (to encode) or from a frame (decoded).
#[derive(Clone, Copy)]
pub struct TextList<'a>(Inner<'a>);

#[derive(Clone, Copy)]
enum Inner<'a> {
    Memory(&'a dyn TextSource),
    /// Joined by line ends, none after the last text.
    Wire(&'a str),
}

impl<'a> TextList<'a> {
    /// The empty list.
    pub const EMPTY: Self = Self(Inner::Wire(""));

    /// The texts of `source`, where they lie.
    pub fn new(source: &'a dyn TextSource) -> Self {
        Self(Inner::Memory(source))
    }

    /// The texts of a field as it is on the wire, joined by line ends.
    pub const fn from_wire(joined: &'a str) -> Self {
        Self(Inner::Wire(joined))
    }

    /// The text of this index.
    pub fn get(&self, index: usize) -> Option<&'a str> {
        match self.0 {
            Inner::Memory(source) => source.text(index),
            Inner::Wire(joined) => joined.lines().nth(index),
        }
    }

    /// The texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        let (source, joined) = match self.0 {
            Inner::Memory(source) => (Some(source), ""),
            Inner::Wire(joined) => (None, joined),
        };
        let memory = source.into_iter().flat_map(|source| (0..).map_while(|index| source.text(index)));
        memory.chain(joined.lines())
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl PartialEq for TextList<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for TextList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The texts joined by line ends.
struct Joined<'a>(TextList<'a>);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(index, text)| {
            f.write_str(if index == 0 { "" } else { "\n" })?;
            f.write_str(text)
        })
    }
}

impl Serialize for TextList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Joined(*self))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for TextList<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de str>::deserialize(deserializer).map(Self::from_wire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_memory_are_encoded_as_one_text_joined_by_line_ends_and_decoded_as_the_same_list() {
        let texts = ["off_state", "on_state", "söft"];
        let list = TextList::new(&texts);
        let (mut listed, mut joined) = ([0; 64], [0; 64]);
        let listed = postcard::to_slice(&list, &mut listed).unwrap();
        assert_eq!(listed, postcard::to_slice("off_state\non_state\nsöft", &mut joined).unwrap());
        let decoded: TextList<'_> = postcard::from_bytes(listed).unwrap();
        assert_eq!((decoded, decoded.get(2), decoded.get(3)), (list, Some("söft"), None));
        assert_eq!((list.get(0), list.get(3)), (Some("off_state"), None));
    }

    #[test]
    fn an_empty_list_is_an_empty_text() {
        assert_eq!(postcard::to_slice(&TextList::new(&[]), &mut [9; 4]).unwrap(), [0]);
        assert!(TextList::EMPTY.is_empty() && !TextList::from_wire("a").is_empty());
    }
}
