//! Recordings named on the command line.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::console::shown;
use crate::data::dataset::{Role, irregular, role};

/// The recordings that `inputs` name: a file names itself, a folder names all WAV files below it in order of their paths (so
/// that a shell without patterns, such as PowerShell, can name many). Files named twice stay twice.
///
/// # Errors
/// When an input does not exist, a folder cannot be read or holds no WAV file.
pub(crate) fn wav_files(inputs: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for input in inputs {
        if !input.is_dir() {
            match input.metadata() {
                Ok(_) => {}
                Err(error) if input.is_symlink() => bail!("{}: a link that leads to no file: {error}", shown(input)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    bail!("{}: there is no such file or folder", shown(input))
                }
                Err(error) => bail!("{}: {error}", shown(input)),
            }
            files.push(input.clone());
            continue;
        }
        let before = files.len();
        collect(input, &mut files)?;
        if files.len() == before {
            bail!("{}: no WAV file in this folder or below", input.display());
        }
    }
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let context = || format!("cannot read the folder {}", folder.display());
    let entries =
        std::fs::read_dir(folder).with_context(context)?.collect::<Result<Vec<_>, _>>().with_context(context)?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        // Links to folders are not followed: they could form a cycle.
        if path.is_dir() && !path.is_symlink() {
            collect(&path, files)?;
        } else if !is_hidden(&path) {
            match (role(&path), irregular(&path)) {
                (Role::Recording, None) => files.push(path),
                (Role::Recording, Some(kind)) => tracing::warn!("{}: {kind}, not a recording; left out", shown(&path)),
                (Role::Doubtful(kind), _) => {
                    tracing::warn!("{}: {}", shown(&path), monitor_recording::Error::Foreign(kind));
                }
                (Role::Other, _) => {}
            }
        }
    }
    Ok(())
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// Name of the folder that `file` lies in, which is its class in a data set; `None` at the top.
pub(crate) fn parent_name(file: &Path) -> Option<String> {
    let name = |path: &Path| path.parent()?.file_name().map(|name| name.to_string_lossy().into_owned());
    // `x.wav` alone lies in the current folder, whose name the system returns.
    name(file).or_else(|| name(&std::path::absolute(file).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stands_for_the_wav_files_below_it_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["on/b.wav", "on/a.WAV", "off/c.wave", "off/notes.txt", "off/._c.wav"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        let files = wav_files(&[folder.path().to_path_buf()]).unwrap();
        let names: Vec<_> = files.iter().map(|file| file.strip_prefix(folder.path()).unwrap().to_path_buf()).collect();
        let expected =
            [["off", "c.wave"], ["on", "a.WAV"], ["on", "b.wav"]].map(|parts| parts.iter().collect::<PathBuf>());
        assert_eq!(names, expected);
    }

    #[test]
    fn what_does_not_exist_is_named() {
        let error = wav_files(&[PathBuf::from("no/such.wav")]).unwrap_err().to_string();
        assert!(error.contains("such.wav"), "{error}");
    }

    #[test]
    #[cfg(unix)]
    fn a_link_that_leads_nowhere_is_called_a_link() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("a.wav");
        symlink(&link, &link).unwrap();
        let error = wav_files(&[link]).unwrap_err().to_string();
        assert!(error.contains("a.wav: a link that leads to no file"), "{error}");
    }

    #[test]
    fn the_class_is_the_folder_s_name() {
        assert_eq!(parent_name(&["data", "on_state", "x.wav"].iter().collect::<PathBuf>()), Some("on_state".into()));
        assert!(parent_name(Path::new("x.wav")).is_some());
    }
}
