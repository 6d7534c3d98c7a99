//! Pages that show what devices report and what recordings hold, in a browser on this computer.
//!
//! [`fleet`] shows the devices at a broker, [`recordings`] what a model finds in recordings ([`analysis`]).

mod analysis;
pub(crate) mod fleet;
pub(crate) mod recordings;

use monitor_page_assets::File;

/// The files of both pages.
static FILES: [File; 7] = [
    File { name: "de.js", content: include_str!("assets/de.js") },
    File { name: "en.js", content: include_str!("assets/en.js") },
    File { name: "fleet.js", content: include_str!("assets/fleet.js") },
    File { name: "index.html", content: include_str!("assets/index.html") },
    File { name: "main.js", content: include_str!("assets/main.js") },
    File { name: "pages.css", content: include_str!("assets/pages.css") },
    File { name: "recordings.js", content: include_str!("assets/recordings.js") },
];
