//! What the page counts, for its own status and for metrics.

use std::sync::atomic::AtomicU64;

/// Counters and gauges of the page; all stay 0 without one.
#[derive(Debug, Default)]
pub struct PageCounters {
    /// Browsers that follow now.
    pub followers: AtomicU64,
    /// Browsers that listen to live sound now.
    pub listeners: AtomicU64,
    /// Messages that a slow browser lost.
    pub lost_events: AtomicU64,
    /// Columns of the spectrogram that inference found no room for.
    pub dropped_columns: AtomicU64,
    /// Wrong passwords.
    pub refused_logins: AtomicU64,
    /// Requests that were refused: without a session, from other sites, too many or to unknown addresses.
    pub refused_requests: AtomicU64,
    /// Connections beyond their number.
    pub refused_connections: AtomicU64,
}

impl PageCounters {
    /// Each with its name and a line for people.
    pub fn list(&self) -> [(&'static str, &'static str, &AtomicU64); 7] {
        [
            ("followers", "Browsers that follow now.", &self.followers),
            ("listeners", "Browsers that listen to live sound now.", &self.listeners),
            ("lost_events", "Messages that a slow browser lost.", &self.lost_events),
            ("dropped_columns", "Columns of the spectrogram that found no room.", &self.dropped_columns),
            ("refused_logins", "Wrong passwords.", &self.refused_logins),
            ("refused_requests", "Requests that were refused.", &self.refused_requests),
            ("refused_connections", "Connections beyond their number.", &self.refused_connections),
        ]
    }
}
