//! Flatbuffer primitives: tables, their fields, vectors and strings. Every access is bounds-checked.
//!
//! The reader does not recurse, and it follows references only forward (the offsets are unsigned) and only to the depth of
//! the schema, so no file can make it loop. No length, offset or vtable is trusted.

use super::error::Error;
use super::scalars::{Scalar, Scalars};

/// Bytes of an offset, a length and a vector count.
const WORD: usize = 4;

/// A table of the file. Its vtable gives the place of each field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
    size: usize,
    vtable: &'a [u8],
}

/// Reads the number at byte `at` of the file.
pub(super) fn scalar<T: Scalar>(bytes: &[u8], at: usize) -> Result<T, Error> {
    slice(bytes, at, T::SIZE).and_then(|raw| T::from_le(raw).ok_or(Error::OutOfBounds { at }))
}

/// Returns the `len` bytes that begin at `at`.
pub(super) fn slice(bytes: &[u8], at: usize, len: usize) -> Result<&[u8], Error> {
    at.checked_add(len).and_then(|end| bytes.get(at..end)).ok_or(Error::OutOfBounds { at })
}

/// Returns the position that the offset stored at `at` refers to.
fn follow(bytes: &[u8], at: usize) -> Result<usize, Error> {
    let offset: u32 = scalar(bytes, at)?;
    at.checked_add(offset as usize).ok_or(Error::OutOfBounds { at })
}

impl<'a> Table<'a> {
    /// Returns the root table of the flatbuffer `bytes`.
    pub(crate) fn root(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::new(bytes, follow(bytes, 0)?)
    }

    fn new(bytes: &'a [u8], at: usize) -> Result<Self, Error> {
        let out_of_bounds = Error::OutOfBounds { at };
        // The vtable lies at `at - offset`, and the offset is signed.
        let offset: i32 = scalar(bytes, at)?;
        let vtable_at = i64::try_from(at).ok().and_then(|at| usize::try_from(at - i64::from(offset)).ok());
        let vtable_at = vtable_at.ok_or(out_of_bounds)?;
        let vtable_size = usize::from(scalar::<u16>(bytes, vtable_at)?);
        let size = usize::from(scalar::<u16>(bytes, vtable_at.checked_add(2).ok_or(out_of_bounds)?)?);
        if vtable_size < 4 || vtable_size % 2 != 0 || size < WORD {
            return Err(out_of_bounds);
        }
        slice(bytes, at, size)?;
        Ok(Self { bytes, at, size, vtable: slice(bytes, vtable_at, vtable_size)? })
    }

    /// Returns the position of field `id`, which has `size` bytes; `None` if the table omits the field (default value).
    fn field(&self, id: usize, size: usize) -> Result<Option<usize>, Error> {
        let slot = 4 + 2 * id;
        let Some(raw) = self.vtable.get(slot..slot + 2) else { return Ok(None) };
        match <u16 as Scalar>::from_le(raw).map(usize::from) {
            Some(0) | None => Ok(None),
            Some(offset) if offset >= WORD && offset + size <= self.size => Ok(Some(self.at + offset)),
            Some(_) => Err(Error::OutOfBounds { at: self.at }),
        }
    }

    /// Returns whether field `id` is set.
    pub(crate) fn has(&self, id: usize) -> bool {
        matches!(self.field(id, 1), Ok(Some(_)))
    }

    /// Returns the number in field `id`, or `default` if it is not set.
    pub(crate) fn number<T: Scalar>(&self, id: usize, default: T) -> Result<T, Error> {
        match self.field(id, T::SIZE)? {
            Some(at) => scalar(self.bytes, at),
            None => Ok(default),
        }
    }

    /// Returns the boolean in field `id`; `false` if it is not set.
    pub(crate) fn flag(&self, id: usize) -> Result<bool, Error> {
        Ok(self.number::<u8>(id, 0)? != 0)
    }

    /// Returns the table that field `id` refers to; `None` if it is not set.
    pub(crate) fn table(&self, id: usize) -> Result<Option<Table<'a>>, Error> {
        match self.field(id, WORD)? {
            Some(at) => Self::new(self.bytes, follow(self.bytes, at)?).map(Some),
            None => Ok(None),
        }
    }

    /// Returns position and bytes of the elements, `size` bytes each, of the vector that field `id` refers to.
    fn elements(&self, id: usize, size: usize) -> Result<Option<(usize, &'a [u8])>, Error> {
        let Some(at) = self.field(id, WORD)? else { return Ok(None) };
        let at = follow(self.bytes, at)?;
        let count: u32 = scalar(self.bytes, at)?;
        let length = (count as usize).checked_mul(size).ok_or(Error::OutOfBounds { at })?;
        Ok(Some((at + WORD, slice(self.bytes, at + WORD, length)?)))
    }

    /// Returns the vector of numbers that field `id` refers to; empty if it is not set.
    pub(crate) fn scalars<T: Scalar>(&self, id: usize) -> Result<Scalars<'a, T>, Error> {
        Ok(Scalars::new(self.elements(id, T::SIZE)?.map_or(&[], |(_, raw)| raw)))
    }

    /// Returns the string of at most `limit` bytes that field `id` refers to; empty if it is not set.
    pub(crate) fn text(&self, id: usize, limit: usize) -> Result<&'a str, Error> {
        let Some((at, raw)) = self.elements(id, 1)? else { return Ok("") };
        if raw.len() > limit {
            return Err(Error::TooMany { what: "bytes of text", count: raw.len(), limit });
        }
        if self.bytes.get(at + raw.len()) != Some(&0) {
            return Err(Error::Text { at });
        }
        core::str::from_utf8(raw).map_err(|_| Error::Text { at })
    }

    /// Returns the vector of at most `limit` tables that field `id` refers to; empty if it is not set. `what` names the
    /// tables in errors.
    pub(crate) fn tables(&self, id: usize, what: &'static str, limit: usize) -> Result<Tables<'a>, Error> {
        let (at, raw) = self.elements(id, WORD)?.unwrap_or((0, &[]));
        let len = raw.len() / WORD;
        if len > limit {
            return Err(Error::TooMany { what, count: len, limit });
        }
        Ok(Tables { bytes: self.bytes, at, len, what })
    }
}

/// A vector of tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tables<'a> {
    bytes: &'a [u8],
    at: usize,
    len: usize,
    what: &'static str,
}

impl<'a> Tables<'a> {
    /// Number of tables.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Returns table `i`.
    pub(crate) fn get(&self, i: usize) -> Result<Table<'a>, Error> {
        if i >= self.len {
            return Err(Error::Index { what: self.what, index: i64::try_from(i).unwrap_or(i64::MAX), count: self.len });
        }
        Table::new(self.bytes, follow(self.bytes, self.at + WORD * i)?)
    }

    /// Iterates over all tables in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Result<Table<'a>, Error>> + use<'a> {
        let tables = *self;
        (0..tables.len).map(move |i| tables.get(i))
    }
}
