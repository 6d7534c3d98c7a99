//! The parsed file and its graph.

use super::error::Error;
use super::flat::{Table, Tables};
use super::operator::{Indices, Operator};
use super::tensor::{Tensor, contents};
use super::{MAX_BUFFERS, MAX_CODES, MAX_METADATA, MAX_NAME, MAX_OPERATORS, MAX_SUBGRAPHS, MAX_TENSORS};

/// A parsed and verified model. A copy copies a few references.
#[derive(Debug, Clone, Copy)]
pub struct Model<'a> {
    bytes: &'a [u8],
    description: &'a str,
    subgraphs: usize,
    buffers: Tables<'a>,
    metadata: Tables<'a>,
    graph: Graph<'a>,
}

impl<'a> Model<'a> {
    /// Parses `bytes`, the whole file, and verifies every table, tensor, operator, buffer and metadata entry.
    ///
    /// Cost: one pass over the tables, none over the weights.
    ///
    /// # Errors
    /// The first fault found.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.get(4..8) != Some(b"TFL3") {
            return Err(Error::NotTflite);
        }
        let root = Table::root(bytes)?;
        let version: u32 = root.number(0, 0)?;
        if version != 3 {
            return Err(Error::Version(version));
        }
        let buffers = root.tables(4, "buffers", MAX_BUFFERS)?;
        let subgraphs = root.tables(2, "graphs", MAX_SUBGRAPHS)?;
        if subgraphs.len() == 0 {
            return Err(Error::Missing("graph"));
        }
        let graph = Graph::read(subgraphs.get(0)?, root.tables(1, "operator codes", MAX_CODES)?, buffers)?;
        let metadata = root.tables(6, "metadata entries", MAX_METADATA)?;
        let description = root.text(3, MAX_NAME)?;
        let model = Self { bytes, description, subgraphs: subgraphs.len(), buffers, metadata, graph };
        for i in 0..buffers.len() {
            contents(&buffers, i)?;
        }
        for i in 0..metadata.len() {
            model.metadata_entry(i)?;
        }
        graph.verify()?;
        Ok(model)
    }

    /// Returns the bytes of the whole file, including the appended archive.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the model's description; may be empty.
    pub fn description(&self) -> &'a str {
        self.description
    }

    /// Returns the number of graphs in the file. Only the first is read: other runtimes run only that one.
    pub fn graph_count(&self) -> usize {
        self.subgraphs
    }

    /// Returns the graph.
    pub fn graph(&self) -> Graph<'a> {
        self.graph
    }

    /// Returns the contents of the metadata entry `name`; `None` if there is no such entry.
    pub fn metadata(&self, name: &str) -> Option<&'a [u8]> {
        self.metadata_entries().find(|(entry, _)| *entry == name).map(|(_, data)| data)
    }

    /// Iterates over all metadata entries: name and contents.
    pub fn metadata_entries(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let model = *self;
        // `parse` has read each without error.
        (0..model.metadata.len()).map_while(move |i| model.metadata_entry(i).ok())
    }

    fn metadata_entry(&self, i: usize) -> Result<(&'a str, &'a [u8]), Error> {
        let entry = self.metadata.get(i)?;
        let data = contents(&self.buffers, entry.number::<u32>(1, 0)? as usize)?;
        Ok((entry.text(0, MAX_NAME)?, data.unwrap_or(&[])))
    }
}

/// The graph: tensors, and the operators between them in order of execution.
#[derive(Debug, Clone, Copy)]
pub struct Graph<'a> {
    tensors: Tables<'a>,
    operators: Tables<'a>,
    codes: Tables<'a>,
    buffers: Tables<'a>,
    inputs: Indices<'a>,
    outputs: Indices<'a>,
}

impl<'a> Graph<'a> {
    fn read(table: Table<'a>, codes: Tables<'a>, buffers: Tables<'a>) -> Result<Self, Error> {
        let tensors = table.tables(0, "tensors", MAX_TENSORS)?;
        Ok(Self {
            tensors,
            operators: table.tables(3, "operators", MAX_OPERATORS)?,
            codes,
            buffers,
            inputs: Indices::read(&table, 1, tensors.len(), false)?,
            outputs: Indices::read(&table, 2, tensors.len(), false)?,
        })
    }

    fn verify(&self) -> Result<(), Error> {
        for i in 0..self.tensors.len() {
            self.tensor(i)?;
        }
        for i in 0..self.operators.len() {
            self.operator(i)?;
        }
        Ok(())
    }

    /// Number of tensors.
    pub fn tensor_count(&self) -> usize {
        self.tensors.len()
    }

    /// Number of operators.
    pub fn operator_count(&self) -> usize {
        self.operators.len()
    }

    /// Returns the indices of the input tensors.
    pub fn inputs(&self) -> Indices<'a> {
        self.inputs
    }

    /// Returns the indices of the output tensors.
    pub fn outputs(&self) -> Indices<'a> {
        self.outputs
    }

    /// Returns tensor `index`.
    ///
    /// # Errors
    /// [`Error::Index`] past the last tensor; no other error, because the graph is verified.
    pub fn tensor(&self, index: usize) -> Result<Tensor<'a>, Error> {
        Tensor::read(self.tensors.get(index)?, &self.buffers, index)
    }

    /// Returns operator `index`.
    ///
    /// # Errors
    /// [`Error::Index`] past the last operator; no other error, because the graph is verified.
    pub fn operator(&self, index: usize) -> Result<Operator<'a>, Error> {
        Operator::read(self.operators.get(index)?, &self.codes, self.tensors.len(), index)
    }

    /// Iterates over all tensors in order.
    pub fn tensors(&self) -> impl Iterator<Item = Tensor<'a>> + use<'a> {
        let graph = *self;
        // `Model::parse` has read each without error.
        (0..graph.tensor_count()).map_while(move |i| graph.tensor(i).ok())
    }

    /// Iterates over all operators in order of execution.
    pub fn operators(&self) -> impl Iterator<Item = Operator<'a>> + use<'a> {
        let graph = *self;
        // `Model::parse` has read each without error.
        (0..graph.operator_count()).map_while(move |i| graph.operator(i).ok())
    }
}
