//! Compresses the page's files, its own and those that it has in common with the workstation's pages, so that the program contains
//! them as browsers receive them; names what it is built from.

#[path = "../shared/build/version.rs"]
mod version;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::{Compression, Crc, GzBuilder};
use monitor_page_assets::{FILES, content_type};

/// Where they are.
const FOLDER: &str = "src/sinks/page/assets";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={FOLDER}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../shared/build/version.rs");
    version::emit();
    if std::env::var_os("CARGO_FEATURE_PAGE").is_none() {
        return Ok(());
    }
    let out = std::env::var("OUT_DIR")?;
    let own = fs::read_dir(FOLDER)?.map(|entry| {
        let path = entry?.path();
        let name = path.file_name().ok_or("a file has no name")?.to_string_lossy().into_owned();
        Ok((name, fs::read(&path)?))
    });
    let mut files: Vec<(String, Vec<u8>)> = own.collect::<Result<_, Box<dyn std::error::Error>>>()?;
    files.extend(FILES.iter().map(|file| (file.name.into(), file.content.into())));
    files.sort();
    let mut list = String::new();
    for (name, content) in files {
        let content_type = content_type(&name).ok_or_else(|| format!("{name}: no type for files of this name"))?;
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
