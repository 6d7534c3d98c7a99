//! Additions to the flatbuffers builder: tables by field number, and vectors aligned to 16 bytes.

use flatbuffers::{FlatBufferBuilder, ForwardsUOffset, Push, TableFinishedWIPOffset, VOffsetT, Vector, WIPOffset};

/// The builder.
pub(super) type Builder = FlatBufferBuilder<'static>;
/// A finished table.
pub(super) type Table = WIPOffset<TableFinishedWIPOffset>;
/// A finished vector of tables.
pub(super) type Tables = WIPOffset<Vector<'static, ForwardsUOffset<TableFinishedWIPOffset>>>;
/// Alignment that the schema requires for the contents of buffers (`force_align: 16`).
const ALIGNMENT: usize = 16;

/// Returns the offset of field `id` in a vtable.
fn slot(id: u16) -> VOffsetT {
    4 + 2 * id
}

/// Writes a table whose fields `fill` sets. Strings, vectors and tables must be finished first.
pub(super) fn table(builder: &mut Builder, fill: impl FnOnce(&mut Fields<'_>)) -> Table {
    let start = builder.start_table();
    fill(&mut Fields(builder));
    builder.end_table(start)
}

/// Writes a vector of tables.
pub(super) fn tables(builder: &mut Builder, items: &[Table]) -> Tables {
    WIPOffset::new(builder.create_vector(items).value())
}

/// Writes a vector of bytes that is aligned to 16 bytes in the finished file.
pub(super) fn aligned_bytes(builder: &mut Builder, bytes: &[u8]) -> WIPOffset<Vector<'static, u8>> {
    // The builder writes from the end to the beginning, and `finish` pads the file to a multiple of 16 bytes.
    pad(builder, bytes.len());
    builder.create_vector(bytes)
}

/// Finishes the file with a length that is a multiple of 16 bytes.
pub(super) fn finish(mut builder: Builder, root: Table, identifier: &str) -> Vec<u8> {
    // Root offset and identifier.
    pad(&mut builder, 8);
    builder.finish(root, Some(identifier));
    builder.finished_data().to_vec()
}

/// Adds padding so that the length is a multiple of 16 after `next` more bytes.
fn pad(builder: &mut Builder, next: usize) {
    while !(builder.unfinished_data().len() + next).is_multiple_of(ALIGNMENT) {
        builder.push(0u8);
    }
}

/// The fields of a table that is being written.
pub(super) struct Fields<'b>(&'b mut Builder);

impl Fields<'_> {
    /// Sets field `id` to a number, unless it is the default.
    pub(crate) fn number<T: Push + PartialEq>(&mut self, id: u16, value: T, default: T) {
        self.0.push_slot(slot(id), value, default);
    }

    /// Sets field `id` to a string, vector or table.
    pub(crate) fn offset<T>(&mut self, id: u16, value: WIPOffset<T>) {
        self.0.push_slot_always(slot(id), value);
    }
}
