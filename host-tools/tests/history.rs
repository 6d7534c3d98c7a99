//! The `history` command.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

/// As `firmware events --csv` prints it: a run with an alarm, and a second run after a power cut.
const EVENTS: &str =
    "number,time,clock,up_s,event,state,previous,confidence,active,cause,unacknowledged,by,seconds,detail,clip,explanation\r
1,2026-11-25T14:00:00.000Z,synchronised,0.000,start,,,,,,,,,0.1.0,,\r
2,2026-11-25T14:00:02.000Z,synchronised,2.000,state,on_state,unknown,0.8301,,,,,,,,\r
3,2026-11-25T14:10:00.000Z,synchronised,600.000,alarm,on_state,,,true,anomaly,true,,,,,\"56-71 Hz +11.2 dB (rumble, tap)\"\r
4,2026-11-25T14:20:00.000Z,synchronised,1200.000,acknowledged,,,,,anomaly,,mqtt,,,,\r
5,2026-11-25T15:00:00.000Z,synchronised,3600.000,duration,on_state,,,,,,,3598.5,,,\r
6,2026-11-25T16:00:00.000Z,synchronised,0.000,start,,,,,,,,,0.1.0,,\r
7,2026-11-25T16:30:00.000Z,synchronised,1800.000,stop,,,,,,,,,,,\r
";

fn history(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-tools"));
    command.current_dir(folder).arg("history").args(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn an_event_log_becomes_a_picture_and_figures_and_standard_input_will_do() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("events.csv"), EVENTS).unwrap();
    let output = history(folder.path(), &["events.csv", "--out", "out", "--json", "-"], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let figures: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(figures["states"][0]["state"], "on_state");
    assert_eq!(figures["states"][0]["hours"], 3598.5 / 3600.0);
    assert_eq!(figures["gaps"][0], serde_json::json!({"from": "2026-11-25 15:00:00", "to": "2026-11-25 16:00:00"}));
    // The power cut ends the alarm.
    let alarm = serde_json::json!({"cause": "anomaly", "from": "2026-11-25 14:10:00", "to": "2026-11-25 15:00:00", "explanation": "56-71 Hz +11.2 dB (rumble, tap)"});
    assert_eq!(figures["alarms"], serde_json::json!([alarm]));
    assert_eq!(figures["acknowledged"], serde_json::json!(["2026-11-25 14:20:00"]));
    let picture = |out: &str| std::fs::read(folder.path().join(out).join("history.png")).unwrap();
    assert!(picture("out").starts_with(b"\x89PNG"));
    let output = history(folder.path(), &["-", "--out", "piped"], EVENTS);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("Alarms: anomaly 1."), "{text}");
    assert!(text.contains("2026-11-25 14:10:00 alarm: 56-71 Hz +11.2 dB (rumble, tap)"), "{text}");
    assert!(picture("piped").starts_with(b"\x89PNG"));
}

#[test]
fn all_columns_of_the_log_become_a_table_with_types() {
    let folder = tempfile::tempdir().unwrap();
    let output = history(folder.path(), &["-", "--out", "out", "--parquet", "events.parquet"], EVENTS);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = folder.path().join("events.parquet");
    let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
    let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 7);
    let names: Vec<&str> = rows[0].get_column_iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, EVENTS.lines().next().unwrap().split(',').collect::<Vec<_>>());
    let cell = |row: usize, name: &str| -> Field {
        rows[row].get_column_iter().find(|(column, _)| *column == name).unwrap().1.clone()
    };
    assert_eq!(cell(0, "time"), Field::TimestampMillis(1_795_615_200_000));
    assert_eq!((cell(0, "detail"), cell(0, "state")), (Field::Str("0.1.0".into()), Field::Null));
    assert_eq!((cell(1, "previous"), cell(1, "confidence")), (Field::Str("unknown".into()), Field::Double(0.8301)));
    assert_eq!((cell(2, "active"), cell(2, "unacknowledged")), (Field::Bool(true), Field::Bool(true)));
    assert_eq!(cell(2, "explanation"), Field::Str("56-71 Hz +11.2 dB (rumble, tap)".into()));
    assert_eq!((cell(3, "by"), cell(4, "seconds")), (Field::Str("mqtt".into()), Field::Double(3598.5)));
    assert_eq!((cell(6, "number"), cell(6, "clip")), (Field::Long(7), Field::Null));
    // The same input, the same bytes; and not two documents on one standard output.
    let piped = history(folder.path(), &["-", "--out", "out", "--parquet", "-"], EVENTS);
    assert_eq!(piped.stdout, std::fs::read(&path).unwrap());
    let both = history(folder.path(), &["-", "--out", "out", "--parquet", "-", "--json", "-"], EVENTS);
    assert_eq!(both.status.code(), Some(1));
}

#[test]
fn another_csv_is_named_with_the_remedy_and_leaves_no_picture() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "a,b\n1,2\n").unwrap();
    let output = history(folder.path(), &["a.csv", "--out", "out"], "");
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("a.csv") && error.contains("firmware events --csv"), "{error}");
    assert!(!folder.path().join("out").exists());
}
