//! The columns of the event log as a table: the CSV of `firmware events --csv`, and the Parquet tables of the page and of
//! `host-tools history --parquet`, which programs of the user read alike. Described in `docs/guide/event-log.md`.

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 64 bits with a sign.
    Integer,
    /// A moment in UTC, in milliseconds since 1970.
    Time,
    /// A number of 64 bits.
    Real,
    /// True or false.
    Truth,
    /// A text in UTF-8.
    Text,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name, the same in every format.
    pub name: &'static str,
    /// What its cells are.
    pub kind: Kind,
    /// Whether events have no value in it: empty in CSV, null in Parquet.
    pub is_optional: bool,
}

/// All columns, in their order.
pub const COLUMNS: [Column; 16] = [
    every("number", Kind::Integer),
    every("time", Kind::Time),
    every("clock", Kind::Text),
    every("up_s", Kind::Real),
    every("event", Kind::Text),
    some("state", Kind::Text),
    some("previous", Kind::Text),
    some("confidence", Kind::Real),
    some("active", Kind::Truth),
    some("cause", Kind::Text),
    some("unacknowledged", Kind::Truth),
    some("by", Kind::Text),
    some("seconds", Kind::Real),
    some("detail", Kind::Text),
    some("clip", Kind::Text),
    some("explanation", Kind::Text),
];

/// A column in which every event has a value.
const fn every(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, is_optional: false }
}

/// A column in which some events have a value.
const fn some(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, is_optional: true }
}
