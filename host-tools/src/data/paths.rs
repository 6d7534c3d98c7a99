//! Names of files in reports and tables.

use std::path::Path;

/// `path` relative to `folder` (or to the folder of the manifest `folder`), with `/` on every system; the whole path if it
/// lies elsewhere.
pub(crate) fn relative(path: &Path, folder: &Path) -> String {
    let inside = path.strip_prefix(folder).ok().or_else(|| path.strip_prefix(folder.parent()?).ok());
    match inside {
        Some(inside) => {
            inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
        }
        None => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_folder_of_the_data_or_its_manifest() {
        let file = Path::new("data").join("on").join("a.wav");
        assert_eq!(relative(&file, Path::new("data")), "on/a.wav");
        assert_eq!(relative(&file, &Path::new("data").join("manifest.csv")), "on/a.wav");
    }
}
