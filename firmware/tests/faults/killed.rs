//! SIGKILL in the middle of every write: at each call that changes a file, one run that ends there.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use crate::common::place::{Place, status_of};
use crate::common::program::firmware;
use crate::common::{Devices, ramp};

/// More calls than any of the programs makes.
const MOST: usize = 60;

/// The library that kills, built once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/kill_at.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kill_at.{}.so", std::process::id()));
        let built = Command::new("cc")
            .args(["-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .status();
        assert!(built.expect("a C compiler, cc, is needed (package gcc)").success());
        library
    })
}

/// Runs what `command` makes again and again, killed at the first, second, ... change below `folder`, until it comes to its
/// end; after each run `check` looks at what is there. Returns how often it was killed.
fn at_every_write(folder: &Path, mut command: impl FnMut() -> Command, mut check: impl FnMut(usize)) -> usize {
    for at in 1..MOST {
        let mut command = command();
        command.env("LD_PRELOAD", library()).env("KILL_BELOW", folder).env("KILL_AT", at.to_string());
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        check(at);
        if status.signal() != Some(nix::libc::SIGKILL) {
            assert!(ended_well(status), "{status}");
            return at - 1;
        }
    }
    panic!("it goes on writing");
}

fn ended_well(status: ExitStatus) -> bool {
    status.success()
}

/// What is below a folder: temporary files, and others.
fn files(folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all.into_iter().partition(|path| path.file_name().unwrap().to_string_lossy().ends_with(".tmp"))
}

/// The part that is killed: writes 200 kB over a file, as models and reports are written.
#[test]
#[ignore = "the other tests run it"]
fn probe() {
    let Some(file) = std::env::var_os("KILLED_FILE") else { return };
    shared::atomic_file::write(Path::new(&file), &[b'n'; 200_000]).unwrap();
}

#[test]
fn sigkill_in_the_middle_of_every_write_leaves_the_old_model_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.tflite");
    let command = || {
        std::fs::write(&file, [b'o'; 100_000]).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "killed::probe", "--include-ignored", "--test-threads=1"]).env("KILLED_FILE", &file);
        command
    };
    let (mut old, mut new) = (0, 0);
    let kills = at_every_write(folder.path(), command, |at| {
        let bytes = std::fs::read(&file).unwrap();
        match bytes.len() {
            100_000 => old += usize::from(bytes.iter().all(|byte| *byte == b'o')),
            200_000 => new += usize::from(bytes.iter().all(|byte| *byte == b'n')),
            other => panic!("{other} bytes after the {at}th call"),
        }
    });
    // Opened, written, synced, renamed; the folder synced; and one that ran to its end.
    assert_eq!((kills, old, new), (5, 4, 2));
}

#[test]
fn sigkill_in_the_middle_of_every_write_leaves_a_whole_status_file_and_the_next_run_tidies_up() {
    let place = Place::new("", 1, 2.0);
    // A folder of its own: the recording's and the model's are not what is killed at.
    let folder = place.path("status");
    std::fs::create_dir(&folder).unwrap();
    let text = std::fs::read_to_string(place.path("monitor.toml")).unwrap();
    let status = folder.join("status.json");
    let text = text.replace(place.status().to_str().unwrap(), status.to_str().unwrap());
    std::fs::write(place.path("monitor.toml"), text).unwrap();
    let wav = place.wav();
    let command = || {
        std::fs::write(&status, r#"{"old":1}"#).unwrap();
        let mut command = place.run(&["--wav", wav.to_str().unwrap()]);
        command.env("RUST_BACKTRACE", "0");
        command
    };
    let mut left = 0;
    let kills = at_every_write(&folder, command, |at| {
        // It is removed at the orderly end, and only then.
        let said = status_of(&status);
        assert!(said.is_some() || !status.exists(), "torn at the {at}th call");
        let (temporary, _) = files(&folder);
        left = left.max(temporary.len());
        assert!(temporary.len() <= 1, "they pile up: {temporary:?}");
    });
    assert!(kills >= 6 && left == 1, "{kills} kills, {left} temporary files");
    assert_eq!(files(&folder), (vec![], vec![]));
}

#[test]
fn sigkill_in_the_middle_of_every_write_leaves_only_whole_parts_of_a_recording() {
    let devices = Devices::new().paced("ramp", &ramp("S16_LE", 3 * 16_000, 1), "S16_LE", 16_000, 1);
    let out = devices.folder.path().join("data");
    let command = || {
        let mut command = devices.command(firmware());
        command.args(["record", "--label", "on", "--seconds", "1", "--device", "ramp", "--out"]).arg(&out);
        command
    };
    let mut whole = 0;
    let kills = at_every_write(&out, command, |at| {
        for part in files(&out.join("on")).1 {
            let mut reader = shared::wav::WavReader::open(&part).unwrap();
            let mut samples = vec![0.0; 20_000];
            assert_eq!(reader.read(&mut samples).unwrap(), 16_000, "{} after the {at}th call", part.display());
            whole += 1;
        }
    });
    assert!(kills >= 5 && whole >= 2, "{kills} kills, {whole} whole files");
}
