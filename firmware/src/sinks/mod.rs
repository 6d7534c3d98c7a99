//! The outputs of events: each sink is a thread with its own bounded queue, and a failure of one sink affects no other.
//!
//! A sink is a type that implements [`Sink`], made by its section of the configuration: a type `Config` in the sink's module
//! that implements [`SinkConfig`]. To add a sink, write one file, and one line in the list below.

/// The list of sinks, passed to the macro `$with`.
///
/// A line `mod name;` declares the module `sinks/name.rs` (or `sinks/name/mod.rs`), the section `[name]` of the configuration,
/// which is the module's `Config`, and the thread that runs the sink.
macro_rules! for_each_sink {
    ($with:ident) => {
        $with! {
            mod stdout;
            mod serial;
            mod gpio;
            mod status;
            mod events;
            mod clips;
            mod teach;
            mod mqtt;
            mod prometheus;
            mod modbus;
            mod page;
            mod notify;
        }
    };
}

pub(crate) use for_each_sink;

mod columns;
pub(crate) mod csv;
mod running;
mod server;
pub mod speech;
mod writer;

use std::time::Duration;

pub use running::{Sinks, run};

use crate::reporting::{Item, OutputContext};
use crate::setting::InvalidSetting;

/// Events that may wait for most sinks.
pub const QUEUE: usize = 32;

/// Stack of most sinks' threads, in bytes.
pub const STACK: usize = 128 * 1024;

/// An output of events, driven by its own thread.
pub trait Sink {
    /// Handles one event. `context.snapshot` includes it already.
    fn handle(&mut self, item: &Item, context: &OutputContext);

    /// Longest time between two calls of [`poll`](Self::poll).
    fn poll_interval(&self) -> Duration {
        Duration::from_secs(3600)
    }

    /// Performs work that is due without an event. Called first, and after every few events.
    fn poll(&mut self, _context: &OutputContext) {}

    /// Called once, after the last event.
    fn finish(&mut self, _context: &OutputContext) {}
}

/// A sink's section of the configuration.
pub trait SinkConfig {
    /// How many events may wait for the sink; `None` when it is off.
    fn queue(&self) -> Option<usize>;

    /// Makes the sink, in its thread.
    ///
    /// # Errors
    /// Why it cannot be created: it then stays off, and the program continues.
    fn start(&self, context: &OutputContext) -> Result<Box<dyn Sink>, String>;

    /// Checks the settings beyond their types.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    fn validate(&self) -> Result<(), InvalidSetting> {
        Ok(())
    }

    /// Stack of the thread, in bytes.
    fn stack(&self) -> usize {
        STACK
    }

    /// Whether a recording that is played as fast as possible waits for this sink.
    fn is_lossless(&self) -> bool {
        false
    }
}

macro_rules! declare {
    ($(mod $name:ident;)*) => {
        $(pub mod $name;)*

        /// The sections of all sinks.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct SinkConfigs {
            $(
                #[doc = concat!("`[", stringify!($name), "]`.")]
                pub $name: $name::Config,
            )*
        }

        /// A sink of the list, by the name of its section.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(non_camel_case_types)]
        enum Kind { $($name,)* }

        impl Kind {
            const ALL: &'static [Self] = &[$(Self::$name,)*];

            const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }

        impl SinkConfigs {
            fn get(&self, kind: Kind) -> &dyn SinkConfig {
                match kind { $(Kind::$name => &self.$name,)* }
            }

            fn is_same(&self, other: &Self, kind: Kind) -> bool {
                match kind { $(Kind::$name => self.$name == other.$name,)* }
            }
        }
    };
}

for_each_sink!(declare);

impl SinkConfigs {
    /// Checks every section.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        Kind::ALL.iter().try_for_each(|kind| self.get(*kind).validate())
    }
}
