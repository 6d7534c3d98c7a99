//! TFLite Metadata: the flatbuffer (`metadata_schema.fbs`, identifier `M001`) in the entry `TFLITE_METADATA`. It describes
//! inputs and outputs to other runtimes and names the label file.

use super::MAX_NAME;
use super::error::Error;
use super::flat::{Table, Tables};
use super::model::Model;
use super::zip;

/// Name of the metadata entry.
pub const ENTRY: &str = "TFLITE_METADATA";
/// Largest number of tensors, files or process units; more than any real model has.
const MAX_PARTS: usize = 64;
/// Longest text, in bytes; descriptions and licences are paragraphs.
const MAX_TEXT: usize = 16_384;
/// `AssociatedFileType.TENSOR_AXIS_LABELS`.
const AXIS_LABELS: u8 = 2;
/// `ContentProperties.AudioProperties`.
const AUDIO_PROPERTIES: u8 = 4;

/// Description of one input or output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TensorInfo<'a> {
    /// Display name.
    pub name: &'a str,
    /// Description.
    pub description: &'a str,
    /// Sample rate in Hz and number of channels; `None` if the tensor is not audio.
    pub audio: Option<(u32, u32)>,
    /// Name of the file with one label per line for the last dimension.
    pub labels: Option<&'a str>,
}

/// The model's metadata. The fields read here are verified.
#[derive(Debug, Clone, Copy)]
pub struct Metadata<'a> {
    /// Name of the model.
    pub name: &'a str,
    /// Description of the model.
    pub description: &'a str,
    /// Version of the model.
    pub version: &'a str,
    /// Author of the model.
    pub author: &'a str,
    /// Licence of the model.
    pub license: &'a str,
    /// Oldest metadata parser that can read this metadata.
    pub min_parser_version: &'a str,
    inputs: Tables<'a>,
    outputs: Tables<'a>,
}

impl<'a> Metadata<'a> {
    /// Reads the metadata flatbuffer.
    fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let root = Table::root(bytes)?;
        let graphs = root.tables(3, "graphs in the metadata", MAX_PARTS)?;
        if graphs.len() == 0 {
            return Err(Error::Missing("graph in its TFLite Metadata"));
        }
        let graph = graphs.get(0)?;
        Ok(Self {
            name: root.text(0, MAX_TEXT)?,
            description: root.text(1, MAX_TEXT)?,
            version: root.text(2, MAX_TEXT)?,
            author: root.text(4, MAX_TEXT)?,
            license: root.text(5, MAX_TEXT)?,
            min_parser_version: root.text(7, MAX_TEXT)?,
            inputs: graph.tables(2, "inputs in the metadata", MAX_PARTS)?,
            outputs: graph.tables(3, "outputs in the metadata", MAX_PARTS)?,
        })
    }

    /// Returns the description of input `i`.
    ///
    /// # Errors
    /// [`Error::Index`] if there is no such entry; any other error if it is damaged.
    pub fn input(&self, i: usize) -> Result<TensorInfo<'a>, Error> {
        tensor_info(self.inputs.get(i)?)
    }

    /// Returns the description of output `i`.
    ///
    /// # Errors
    /// [`Error::Index`] if there is no such entry; any other error if it is damaged.
    pub fn output(&self, i: usize) -> Result<TensorInfo<'a>, Error> {
        tensor_info(self.outputs.get(i)?)
    }
}

fn tensor_info(table: Table<'_>) -> Result<TensorInfo<'_>, Error> {
    let mut labels = None;
    for file in table.tables(6, "files of a tensor", MAX_PARTS)?.iter() {
        let file = file?;
        if file.number::<u8>(2, 0)? == AXIS_LABELS && labels.is_none() {
            labels = Some(file.text(0, MAX_NAME)?);
        }
    }
    let mut audio = None;
    if let Some(content) = table.table(3)?
        && content.number::<u8>(0, 0)? == AUDIO_PROPERTIES
        && let Some(properties) = content.table(1)?
    {
        audio = Some((properties.number(0, 0)?, properties.number(1, 0)?));
    }
    Ok(TensorInfo { name: table.text(0, MAX_TEXT)?, description: table.text(1, MAX_TEXT)?, audio, labels })
}

/// Class names, one per line of the label file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Labels<'a>(&'a str);

impl<'a> Labels<'a> {
    /// Iterates over the labels in the order of the output's last dimension.
    pub fn iter(&self) -> core::str::Lines<'a> {
        self.0.lines()
    }

    /// Number of labels.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the label of class `i`; `None` past the last.
    pub fn get(&self, i: usize) -> Option<&'a str> {
        self.iter().nth(i)
    }
}

impl<'a> Model<'a> {
    /// Returns the TFLite Metadata; `None` if the file has none.
    ///
    /// # Errors
    /// If the metadata is damaged.
    pub fn tflite_metadata(&self) -> Result<Option<Metadata<'a>>, Error> {
        self.metadata(ENTRY).map(Metadata::parse).transpose()
    }

    /// Returns the labels of the first output: the file that the TFLite Metadata names, from the archive appended to the
    /// model. `None` if the metadata names no label file.
    ///
    /// # Errors
    /// If the metadata or the archive is damaged, or the label file is missing or compressed.
    pub fn labels(&self) -> Result<Option<Labels<'a>>, Error> {
        let Some(metadata) = self.tflite_metadata()? else { return Ok(None) };
        if metadata.outputs.len() == 0 {
            return Ok(None);
        }
        let Some(name) = metadata.output(0)?.labels else { return Ok(None) };
        let file = zip::stored_file(self.bytes(), name)?.ok_or(Error::LabelFileMissing)?;
        core::str::from_utf8(file).map(|text| Some(Labels(text))).map_err(|_| Error::LabelFileDamaged)
    }
}
