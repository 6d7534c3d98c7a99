//! `monitor.toml`: an accepted configuration survives writing and reading.

use firmware::config::Config;

/// Parses the bytes as a configuration.
pub fn read(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let config = match Config::parse(text) {
        Ok(config) => config,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert!((10..=100).contains(&config.listen.hop_columns()));
    let written = toml::to_string(&config).expect("a configuration can be written");
    assert_eq!(Config::parse(&written).expect(&written), config);
}
