//! The file of a baseline: anomaly tables that belong to the bytes of one model.

use monitor_core::anomaly::AnomalyModel;
use monitor_core::sealed::CRC;
use self_cell::self_cell;

/// First bytes of the file.
const MAGIC: [u8; 4] = *b"ENR1";

self_cell!(
    /// The bytes of a file, and the tables in it.
    struct File {
        owner: Vec<u8>,
        #[covariant]
        dependent: AnomalyModel,
    }
    impl {Debug}
);

/// The tables of a baseline, with the bytes of the file that they borrow from.
#[derive(Debug)]
pub struct BaselineTables(File);

impl BaselineTables {
    /// Reads a file that [`seal`] made for the model of the bytes `model`.
    ///
    /// # Errors
    /// If it is of another model or damaged.
    pub fn open(model: &[u8], file: Vec<u8>) -> Result<Self, Refused> {
        File::try_new(file, |file| AnomalyModel::from_bytes(unseal(model, file)?).map_err(|_| Refused::Damaged))
            .map(Self)
    }

    /// Returns the bytes of the file.
    pub fn file(&self) -> &[u8] {
        self.0.borrow_owner()
    }

    /// Returns the tables.
    pub fn tables(&self) -> &AnomalyModel<'_> {
        self.0.borrow_dependent()
    }
}

/// `tables` as a file that belongs to the model of the bytes `model` and to no other.
pub fn seal(model: &[u8], tables: &[u8]) -> Vec<u8> {
    [&MAGIC[..], &CRC.checksum(model).to_le_bytes(), tables].concat()
}

/// The bytes of the tables in a file that [`seal`] made for this very model.
fn unseal<'f>(model: &[u8], file: &'f [u8]) -> Result<&'f [u8], Refused> {
    let (magic, rest) = file.split_first_chunk::<4>().ok_or(Refused::Damaged)?;
    let (crc, tables) = rest.split_first_chunk::<4>().ok_or(Refused::Damaged)?;
    if *magic != MAGIC {
        return Err(Refused::Damaged);
    }
    if u32::from_le_bytes(*crc) != CRC.checksum(model) {
        return Err(Refused::OtherModel);
    }
    Ok(tables)
}

/// Why a baseline is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It was made for another model.
    #[error("it was recorded with another model; run `firmware baseline` again")]
    OtherModel,
    /// It is cut short, changed, or no baseline.
    #[error("it is damaged; run `firmware baseline` again")]
    Damaged,
}
