//! Tensors: shape, type, constant data and quantisation.

use core::ops::Deref;

use super::error::Error;
use super::flat::{Table, Tables};
use super::scalars::Scalars;
use super::types::TensorType;
use super::{MAX_CHANNELS, MAX_NAME, MAX_RANK};

/// Dimensions of a tensor, outermost first. Dereferences to a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    dims: [usize; MAX_RANK],
    rank: usize,
}

impl Shape {
    /// Creates a shape of at most [`MAX_RANK`] dimensions; `None` for more.
    pub fn new(dims: &[usize]) -> Option<Self> {
        let mut shape = Self { dims: [0; MAX_RANK], rank: dims.len() };
        shape.dims.get_mut(..dims.len())?.copy_from_slice(dims);
        Some(shape)
    }

    /// Returns the product of the dimensions (1 for a scalar); `None` if it overflows.
    pub fn elements(&self) -> Option<usize> {
        self.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim))
    }

    fn read(raw: Scalars<'_, i32>, tensor: usize) -> Result<Self, Error> {
        if raw.len() > MAX_RANK {
            return Err(Error::TooMany { what: "dimensions of a tensor", count: raw.len(), limit: MAX_RANK });
        }
        let mut shape = Self { dims: [0; MAX_RANK], rank: raw.len() };
        for (dim, value) in shape.dims.iter_mut().zip(raw.iter()) {
            *dim = usize::try_from(value).map_err(|_| Error::Shape { tensor })?;
        }
        Ok(shape)
    }
}

impl Deref for Shape {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        &self.dims[..self.rank]
    }
}

/// Affine quantisation: real value = scale * (stored - zero point), one pair for the tensor or one per channel.
#[derive(Debug, Clone, Copy)]
pub struct Quantisation<'a> {
    /// Scales, positive and finite: one, or one per channel.
    pub scales: Scalars<'a, f32>,
    /// Zero points: none (which means 0), one, or one per channel.
    pub zero_points: Scalars<'a, i64>,
    /// Dimension of the channels.
    pub dimension: usize,
}

impl<'a> Quantisation<'a> {
    /// Number of scales: channels, or 1 for the whole tensor.
    pub fn channels(&self) -> usize {
        self.scales.len()
    }

    /// Returns the scale of a channel; a tensor-wide scale applies to every channel. `None` past the last channel.
    pub fn scale(&self, channel: usize) -> Option<f32> {
        self.scales.get(if self.scales.len() == 1 { 0 } else { channel })
    }

    /// Returns the zero point of a channel; a tensor-wide one applies to every channel.
    pub fn zero_point(&self, channel: usize) -> i64 {
        self.zero_points.get(if self.zero_points.len() == 1 { 0 } else { channel }).unwrap_or(0)
    }

    /// Returns scale and zero point if they are tensor-wide; `None` if they are per channel.
    pub fn whole(&self) -> Option<(f32, i64)> {
        if self.channels() == 1 { Some((self.scales.get(0)?, self.zero_point(0))) } else { None }
    }

    fn read(table: Table<'a>, shape: &Shape, kind: TensorType, tensor: usize) -> Result<Option<Self>, Error> {
        let invalid = Error::Quantisation { tensor };
        let scales: Scalars<f32> = table.scalars(2)?;
        let zero_points: Scalars<i64> = table.scalars(3)?;
        if scales.is_empty() {
            return Ok(None);
        }
        if table.number::<u8>(4, 0)? != 0 {
            return Err(Error::Unsupported("custom or block-wise quantisation"));
        }
        let dimension = usize::try_from(table.number::<i32>(6, 0)?).map_err(|_| invalid)?;
        let count = scales.len();
        if count > MAX_CHANNELS {
            return Err(Error::TooMany { what: "scales of a tensor", count, limit: MAX_CHANNELS });
        }
        if count > 1 && shape.get(dimension) != Some(&count) || ![0, 1, count].contains(&zero_points.len()) {
            return Err(invalid);
        }
        let range = match kind {
            TensorType::Int8 => -128..=127,
            TensorType::UInt8 => 0..=255,
            TensorType::Int16 => -32768..=32767,
            _ => i64::from(i32::MIN)..=i64::from(i32::MAX),
        };
        if !scales.iter().all(|s| s.is_finite() && s > 0.0) || !zero_points.iter().all(|z| range.contains(&z)) {
            return Err(invalid);
        }
        Ok(Some(Self { scales, zero_points, dimension }))
    }
}

/// A tensor of the graph.
#[derive(Debug, Clone, Copy)]
pub struct Tensor<'a> {
    /// Index in the graph.
    pub index: usize,
    /// Name; may be empty.
    pub name: &'a str,
    /// Dimensions.
    pub shape: Shape,
    /// Type of the elements.
    pub kind: TensorType,
    /// Little-endian contents of a constant, unaligned, with the length that shape and type require; `None` for a computed
    /// tensor.
    pub data: Option<&'a [u8]>,
    /// Mapping from stored integers to real numbers; `None` if the tensor is not quantised.
    pub quantisation: Option<Quantisation<'a>>,
}

impl<'a> Tensor<'a> {
    /// Number of elements; `Model::parse` has checked that it does not overflow.
    pub fn elements(&self) -> usize {
        self.shape.elements().unwrap_or(0)
    }

    /// Returns the contents of a constant of 32-bit floats; `None` for any other tensor.
    pub fn f32s(&self) -> Option<Scalars<'a, f32>> {
        (self.kind == TensorType::Float32).then_some(self.data?).map(Scalars::new)
    }

    /// Returns the contents of a constant of 32-bit integers; `None` for any other tensor.
    pub fn i32s(&self) -> Option<Scalars<'a, i32>> {
        (self.kind == TensorType::Int32).then_some(self.data?).map(Scalars::new)
    }

    /// Returns the contents of a constant of 8-bit signed integers; `None` for any other tensor.
    pub fn i8s(&self) -> Option<&'a [i8]> {
        (self.kind == TensorType::Int8).then_some(self.data?).map(bytemuck::cast_slice)
    }

    /// Returns the tensor-wide scale and zero point; `None` without quantisation or with per-channel values.
    pub fn scale_and_zero_point(&self) -> Option<(f32, i64)> {
        self.quantisation?.whole()
    }

    /// Reads and verifies one tensor.
    pub(super) fn read(table: Table<'a>, buffers: &Tables<'a>, index: usize) -> Result<Self, Error> {
        let shape = Shape::read(table.scalars(0)?, index)?;
        let kind = TensorType::from_code(table.number(1, 0)?);
        let elements = shape.elements().ok_or(Error::Shape { tensor: index })?;
        if table.has(6) {
            return Err(Error::Unsupported("sparse tensors"));
        }
        let quantisation = match table.table(4)? {
            Some(table) => Quantisation::read(table, &shape, kind, index)?,
            None => None,
        };
        let data = contents(buffers, table.number::<u32>(2, 0)? as usize)?;
        if let (Some(data), Some(size)) = (data, kind.bytes()) {
            let expected = elements.checked_mul(size).ok_or(Error::Shape { tensor: index })?;
            if data.len() != expected {
                return Err(Error::DataSize { tensor: index, expected, found: data.len() });
            }
        }
        Ok(Self { index, name: table.text(3, MAX_NAME)?, shape, kind, data, quantisation })
    }
}

/// Returns the bytes of a buffer; `None` for an empty one (buffer 0 is empty by convention).
pub(super) fn contents<'a>(buffers: &Tables<'a>, index: usize) -> Result<Option<&'a [u8]>, Error> {
    let buffer = buffers.get(index)?;
    // Fields 1 and 2 place the contents after the flatbuffer, as files over 2 GB do.
    if buffer.number::<u64>(1, 0)? > 1 {
        return Err(Error::Unsupported("buffers outside the flatbuffer"));
    }
    let raw = buffer.scalars::<u8>(0)?.raw();
    Ok((!raw.is_empty()).then_some(raw))
}
