//! Reads recordings of every format that people have, in blocks of samples at the recording's own rate.
//!
//! Formats are found by content, never by the file's name. WAV of integers, floats and G.711 is read by
//! [`monitor_model::wav`], as on the device, and so are the plain samples of AIFF and CAF. `symphonia` (pure Rust, MPL-2.0)
//! decodes FLAC, MP3, Ogg Vorbis, AAC and ALAC in MP4 and CAF, AAC in ADTS, and ADPCM in WAV. The delay and padding that encoders
//! add are removed where the file states them, so that compressed recordings have the length and the alignment of the original.
//! Anything else is an error that names the content and the command that converts it.
//!
//! [`RecordingReader`] streams; [`Measure`] adds up on the way what the samples show of the microphone and its wiring.
//!
//! **Cost.** Memory does not depend on the length of the file. On one core of an AMD EPYC (Zen 3) MP3 and AAC are decoded some
//! hundred times faster than real time.
#![forbid(unsafe_code)]
#![warn(unreachable_pub)]

mod caf;
mod compressed;
mod encoding;
mod error;
mod facts;
mod he_aac;
mod mp4;
mod ogg;
mod panics;
mod plain;
mod reader;
mod remark;
mod source;

pub use error::Error;
pub use facts::{ChannelFacts, Facts, Measure};
pub use panics::report_by_file;
pub use reader::{Format, RecordingReader};
pub use remark::Remark;
