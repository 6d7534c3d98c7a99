//! Operators: code, tensors and options.

use super::MAX_OPERANDS;
use super::error::Error;
use super::flat::{Table, Tables};
use super::options::Options;
use super::scalars::Scalars;
use super::types::BuiltinOp;
use super::{MAX_NAME, flat};

/// Tensor indices of an operator or a graph. Every index refers to an existing tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indices<'a>(Scalars<'a, i32>);

impl<'a> Indices<'a> {
    /// Number of places, omitted optional inputs included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no places.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the tensor index at place `i`; `None` past the end and for an omitted optional input.
    pub fn get(&self, i: usize) -> Option<usize> {
        self.0.get(i).and_then(|index| usize::try_from(index).ok())
    }

    /// Iterates over the indices in order; `None` for an omitted optional input.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<usize>> + use<'a> {
        self.0.iter().map(|index| usize::try_from(index).ok())
    }

    /// Reads the vector in field `id`. Every index must be below `tensors`, or -1 if `optional`.
    pub(super) fn read(table: &Table<'a>, id: usize, tensors: usize, optional: bool) -> Result<Self, Error> {
        let raw: Scalars<i32> = table.scalars(id)?;
        if raw.len() > MAX_OPERANDS {
            return Err(Error::TooMany { what: "tensors of an operator", count: raw.len(), limit: MAX_OPERANDS });
        }
        let exists = |index: i32| usize::try_from(index).map_or(optional && index == -1, |index| index < tensors);
        match raw.iter().find(|&index| !exists(index)) {
            Some(index) => Err(Error::Index { what: "tensor", index: i64::from(index), count: tensors }),
            None => Ok(Self(raw)),
        }
    }
}

/// An operator of the graph.
#[derive(Debug, Clone, Copy)]
pub struct Operator<'a> {
    /// Index in the graph.
    pub index: usize,
    /// Operator code: the computation.
    pub code: BuiltinOp,
    /// Version of the operator, from 1.
    pub version: i32,
    /// Name of a custom operator; otherwise empty.
    pub custom: &'a str,
    /// Input tensors.
    pub inputs: Indices<'a>,
    /// Output tensors.
    pub outputs: Indices<'a>,
    /// Parameters.
    pub options: Options,
}

impl<'a> Operator<'a> {
    /// Reads and verifies one operator of a graph with `tensors` tensors.
    pub(super) fn read(
        table: flat::Table<'a>,
        codes: &Tables<'a>,
        tensors: usize,
        index: usize,
    ) -> Result<Self, Error> {
        let code = codes.get(table.number::<u32>(0, 0)? as usize)?;
        // Codes below 127 are stored in the first field, for old readers; greater codes only in the last field.
        let builtin = code.number::<i32>(3, 0)?.max(i32::from(code.number::<i8>(0, 0)?));
        let builtin = u32::try_from(builtin).map_err(|_| Error::Unsupported("a negative operator code"))?;
        Ok(Self {
            index,
            code: BuiltinOp(builtin),
            version: code.number(2, 1)?,
            custom: code.text(1, MAX_NAME)?,
            inputs: Indices::read(&table, 1, tensors, true)?,
            outputs: Indices::read(&table, 2, tensors, false)?,
            options: Options::read(table.number(3, 0)?, table.table(4)?)?,
        })
    }
}
