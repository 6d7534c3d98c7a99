//! Compresses the page's files, so that the program contains them as browsers receive them.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::{Compression, Crc, GzBuilder};

/// Where they are.
const FOLDER: &str = "src/sinks/page/assets";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={FOLDER}");
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_PAGE").is_none() {
        return Ok(());
    }
    let out = std::env::var("OUT_DIR")?;
    let mut paths: Vec<_> =
        fs::read_dir(FOLDER)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let mut list = String::new();
    for path in paths {
        let name = path.file_name().ok_or("a file has no name")?.to_string_lossy().into_owned();
        let content_type = match path.extension().and_then(|extension| extension.to_str()) {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => return Err(format!("{}: no type for files of this name", path.display()).into()),
        };
        let content = fs::read(&path)?;
        let mut sum = Crc::new();
        sum.update(&content);
        let compressed = Path::new(&out).join(format!("{name}.gz"));
        // Without time and system, so that builds are reproducible.
        let mut writer =
            GzBuilder::new().operating_system(255).write(fs::File::create(&compressed)?, Compression::best());
        writer.write_all(&content)?;
        writer.finish()?;
        let etag = format!("\"{:08x}-{:x}\"", sum.sum(), content.len());
        writeln!(
            list,
            "Asset {{ name: {name:?}, content_type: {content_type:?}, etag: {etag:?}, gzip: include_bytes!({:?}) }},",
            compressed.display().to_string()
        )?;
    }
    fs::write(Path::new(&out).join("assets.rs"), format!("static ASSETS: &[Asset] = &[\n{list}];\n"))?;
    Ok(())
}
