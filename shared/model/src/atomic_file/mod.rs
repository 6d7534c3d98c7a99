//! Atomic file writes: temporary name, fsync, rename.

mod target;
mod temporary;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use target::Target;
pub use temporary::{Temporary, remove_all};

/// Writes `bytes` to `path` atomically: after a crash or a power failure, `path` is either the old file or the whole new one.
///
/// The temporary file is in the same folder (a rename across file systems is not atomic) and is removed on failure. Missing
/// parent folders are created. A symbolic link stays, and the file behind it is replaced. A device node, a FIFO or an open
/// descriptor (`/dev/stdout`, `/dev/fd/3`) is written to and never replaced.
///
/// # Errors
/// Errors of the file system. The old file, if any, is then unchanged.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

/// As [`write()`], for content that `fill` writes in parts.
///
/// # Errors
/// Errors of `fill` and of the file system. The old file, if any, is then unchanged.
pub fn write_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    match Target::resolve(path)? {
        Target::File(path) => replace(&path, fill),
        // Appends, so that what a redirected standard output holds already stays. Opening a FIFO waits for its reader.
        Target::Stream(path) => OpenOptions::new().append(true).open(path).and_then(|mut file| fill(&mut file)),
    }
}

/// Whether a file can be written at `path`, for a check before the work whose result it shall hold. Nothing is left behind: a file
/// is created and removed where the first missing folder would be. What can only be written to (a FIFO, a device) is not opened.
///
/// # Errors
/// When `path` is a folder, or nothing can be created there.
pub fn check(path: &Path) -> io::Result<()> {
    let Target::File(path) = Target::resolve(path)? else { return Ok(()) };
    if path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "this is a folder"));
    }
    let name = path.file_name().ok_or_else(no_name)?;
    let existing = path.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(Path::new("."));
    let probe = existing.join(name);
    // What a check has left that was killed.
    tidy(&probe);
    begin(&probe).map(drop)
}

/// Replaces the regular file at `path`, which may not exist yet.
fn replace(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let (mut file, temporary) = begin(path)?;
    fill(&mut file)?;
    file.sync_all()?;
    // Closed first: Windows renames no open file.
    drop(file);
    temporary.rename(path)?;
    sync_folder(folder_of(path))
}

/// The temporary file beside `path`, and its name. The file comes first, because it must be closed before it is removed.
fn begin(path: &Path) -> io::Result<(File, Temporary)> {
    path.file_name().ok_or_else(no_name)?;
    fs::create_dir_all(folder_of(path))?;
    let temporary = Temporary::beside(path);
    Ok((File::create(temporary.path())?, temporary))
}

fn no_name() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the path names no file")
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes the temporary files and folders that killed programs have left beside `path`.
///
/// `/proc` determines whether a program still runs; on systems without it, nothing is removed.
pub fn tidy(path: &Path) {
    let Ok(Target::File(path)) = Target::resolve(path) else { return };
    let Some(name) = path.file_name() else { return };
    let folder = folder_of(&path);
    let begin = format!(".{}.", name.to_string_lossy());
    if !Path::new("/proc/self").exists() {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let file = entry.file_name();
        let file = file.to_string_lossy();
        let pid = file.strip_prefix(&begin).and_then(|rest| rest.strip_suffix(".tmp")?.parse::<u32>().ok());
        if pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            temporary::remove(&entry.path());
        }
    }
}

/// Makes the rename durable, on systems that support it.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("atomic_file_{name}_{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_temporary_one() {
        let folder = folder("failed");
        let path = folder.join("model");
        write(&path, b"old").unwrap();
        let failed = write_with(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("full"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_check_leaves_nothing_behind_and_an_old_file_as_it_is() {
        let folder = folder("check");
        let path = folder.join("new/model");
        check(&path).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        write(&path, b"old").unwrap();
        check(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        // The number of no program: the kernel's largest is 2^22.
        fs::write(folder.join("new/.model.4194305.tmp"), b"half").unwrap();
        check(&path).unwrap();
        assert_eq!(fs::read_dir(folder.join("new")).unwrap().count(), if cfg!(target_os = "linux") { 1 } else { 2 });
        assert!(check(&folder.join("new")).is_err(), "a folder");
        assert!(check(&path.join("model")).is_err(), "below a file");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn temporary_files_of_killed_programs_are_removed_and_those_of_running_ones_stay() {
        let folder = folder("tidy");
        let dead = folder.join(".model.4194305.tmp");
        let running = folder.join(format!(".model.{}.tmp", std::process::id()));
        let other = folder.join(".model.tflite.4194305.tmp");
        let dead_folder = folder.join(".model.4194306.tmp");
        fs::create_dir_all(dead_folder.join("half")).unwrap();
        for file in [&dead, &running, &other] {
            fs::write(file, b"half").unwrap();
        }
        tidy(&folder.join("model"));
        assert_eq!([dead, dead_folder, running, other].map(|file| file.exists()), [false, false, true, true]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_link_stays_and_the_file_behind_it_is_replaced() {
        use std::os::unix::fs::symlink;
        let folder = folder("link");
        fs::create_dir(folder.join("real")).unwrap();
        fs::write(folder.join("real/old"), b"old").unwrap();
        // A chain of links, and a link to a file that does not exist yet.
        symlink("real/old", folder.join("inner")).unwrap();
        symlink(folder.join("inner"), folder.join("outer")).unwrap();
        symlink("real/new", folder.join("dangling")).unwrap();
        for (link, file) in [("outer", "real/old"), ("dangling", "real/new")] {
            write(&folder.join(link), b"written").unwrap();
            assert!(folder.join(link).is_symlink());
            assert_eq!(fs::read(folder.join(file)).unwrap(), b"written");
        }
        assert_eq!(fs::read_dir(folder.join("real")).unwrap().count(), 2);
        symlink("cycle", folder.join("cycle")).unwrap();
        assert!(write(&folder.join("cycle"), b"x").is_err());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn descriptors_fifos_and_devices_are_written_to_and_stay() {
        use std::os::fd::AsRawFd;
        use std::os::unix::fs::FileTypeExt;
        let folder = folder("stream");
        // An open file that holds text already, as a redirected standard output does.
        let path = folder.join("redirected");
        let mut open = File::create(&path).unwrap();
        open.write_all(b"before ").unwrap();
        let descriptor = std::path::PathBuf::from(format!("/dev/fd/{}", open.as_raw_fd()));
        write(&descriptor, b"after").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"before after");

        let fifo = folder.join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let reader = std::thread::spawn({
            let fifo = fifo.clone();
            move || fs::read(fifo).unwrap()
        });
        write(&fifo, b"text").unwrap();
        assert_eq!(reader.join().unwrap(), b"text");
        assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());

        write(Path::new("/dev/null"), b"nothing").unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn missing_folders_are_created() {
        let folder = folder("nested");
        let path = folder.join("a/b/c.txt");
        write(&path, b"x").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"x");
        fs::remove_dir_all(folder).unwrap();
    }
}
