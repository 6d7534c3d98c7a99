//! The columns of a table.

use std::sync::Arc;

use anyhow::Context;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::Type;

/// Columns in the order of the file. `settings` is the same in every row: engines that filter or join tables drop the metadata
/// of the file, and keep columns. `part_start_s` and `part_end_s` are both 0 where the whole file is one recording.
const SCHEMA: &str = "
message windows {
  REQUIRED BYTE_ARRAY label (UTF8);
  REQUIRED BYTE_ARRAY group (UTF8);
  REQUIRED BYTE_ARRAY recording (UTF8);
  REQUIRED BYTE_ARRAY file (UTF8);
  REQUIRED BYTE_ARRAY sha256 (UTF8);
  REQUIRED INT32 rate_hz;
  REQUIRED DOUBLE seconds;
  REQUIRED DOUBLE part_start_s;
  REQUIRED DOUBLE part_end_s;
  REQUIRED DOUBLE time_s;
  REQUIRED FLOAT level_dbfs;
  REQUIRED GROUP features (LIST) { REPEATED GROUP list { REQUIRED FLOAT element; } }
  REQUIRED GROUP statistics (LIST) { REPEATED GROUP list { REQUIRED FLOAT element; } }
  REQUIRED GROUP rumble (LIST) { REPEATED GROUP list { REQUIRED FLOAT element; } }
  REQUIRED GROUP spectrum (LIST) { REPEATED GROUP list { REQUIRED FLOAT element; } }
  REQUIRED BYTE_ARRAY settings (UTF8);
}";

/// The schema of a table.
pub(super) fn schema() -> anyhow::Result<Arc<Type>> {
    parse_message_type(SCHEMA).map(Arc::new).context("the schema of the table cannot be read: please report this")
}
