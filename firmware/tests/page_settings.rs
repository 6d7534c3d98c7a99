//! Settings that are changed on the page of the real program.
#![cfg(feature = "page")]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::process::Command;

use common::page_client::PageClient;
use common::place::Place;
use common::program::{firmware, output};
use serde_json::{Value, json};

/// The entry of a setting.
fn entry(page: &PageClient, key: &str) -> Value {
    let entries = page.get("/api/settings")["entries"].as_array().unwrap().clone();
    entries.into_iter().find(|entry| entry["key"] == key).unwrap()
}

fn change(page: &PageClient, path: &str, changes: Value) -> (u16, Value) {
    page.post(path, &json!({ "changes": changes }))
}

#[test]
fn a_setting_is_checked_shown_applied_kept_over_a_restart_and_taken_back() {
    let page = PageClient::start(Place::new("", 40, 2.0), "", "[alarm]\nstates = [\"on_state\"]\n");
    let file = page.place.state().join("page.toml");
    // Nobody without the session and its token.
    assert_eq!(page.send("GET", "/api/settings", &[], b"").unwrap().0, 401);
    for path in ["/api/settings", "/api/settings/check", "/api/notify/test"] {
        assert_eq!(page.forged(path), 403, "{path}");
    }
    // Looked at, and not changed.
    let wanted = json!({ "alarm.states": ["off_state"], "alarm.alarm": 2, "alarm.no_sound_s": 5 });
    let (status, answer) = change(&page, "/api/settings/check", wanted.clone());
    assert_eq!((status, &answer["changes"]), (200, &json!(2)));
    let first = &answer["differences"][0];
    assert_eq!(
        (&first["key"], &first["file"], &first["to"]),
        (&json!("alarm.states"), &json!(["on_state"]), &json!(["off_state"]))
    );
    assert!(!file.exists());
    // The checks of the file.
    for (changes, why) in [
        (json!({ "alarm.warn": 3 }), "alarm.warn = 3 is above alarm.alarm = 1"),
        (json!({ "alarm.alarm": 0 }), "alarm.alarm = 0 is out of range"),
        (json!({ "alarm.states": ["fire"] }), "which the model does not have; it has off_state, on_state, unknown"),
        (json!({ "alarm.latch": "yes" }), "latch"),
        (json!({ "notify.quiet": "22-6" }), "notify.quiet"),
        (json!({ "listen.model": "/etc/passwd" }), "not for the page"),
        (json!({ "page.password_hash": "" }), "not for the page"),
    ] {
        for path in ["/api/settings/check", "/api/settings"] {
            let (status, answer) = change(&page, path, changes.clone());
            assert!(status == 422 && answer["error"].as_str().unwrap().contains(why), "{changes}: {answer}");
        }
    }
    assert!(!file.exists());
    // Applied.
    assert_eq!(change(&page, "/api/settings", wanted).0, 200);
    assert_eq!(page.reloaded("/api/settings", 1), Value::Null);
    let alarm = |page: &PageClient, state: &str| {
        page.program.wait("the alarm", |program| {
            program.reports("alarm").iter().any(|alarm| alarm["active"] == true && alarm["state"] == state)
        });
    };
    alarm(&page, "off_state");
    page.program.wait("the audit line", |program| {
        program.stderr().contains("page: 127.0.0.1 changed alarm.states from [\"on_state\"] to [\"off_state\"]")
    });
    let (code, out, err) =
        output(Command::new(firmware()).args(["validate-config", "--print"]).arg(page.place.path("monitor.toml")));
    assert!(code == Some(0) && out.contains(&format!("# {}: alarm.alarm = 2.0", file.display())), "{out} {err}");
    assert!(out.contains("states = [\"off_state\"]"), "{out}");
    // Kept, until it is taken back.
    let page = page.restart();
    let states = entry(&page, "alarm.states");
    assert_eq!(
        (&states["override"], &states["file"], &states["overridden"]),
        (&json!(["off_state"]), &json!(["on_state"]), &json!(true))
    );
    alarm(&page, "off_state");
    assert_eq!(change(&page, "/api/settings", json!({ "alarm.states": null, "alarm.alarm": null })).1["changes"], 2);
    assert_eq!(page.reloaded("/api/settings", 1), Value::Null);
    assert!(!file.exists());
    alarm(&page, "on_state");
}

#[test]
fn a_damaged_file_of_the_page_does_not_keep_the_device_from_its_work() {
    let place = Place::new("", 40, 2.0);
    std::fs::create_dir_all(place.state()).unwrap();
    std::fs::write(place.state().join("page.toml"), "[alarm]\nstates = [\"a state of another model\"]\n").unwrap();
    let page = PageClient::start(place, "", "");
    page.program.wait("a verdict", |program| !program.reports("verdict").is_empty());
    assert!(page.program.stderr().contains("the changes of the page are left out"), "{}", page.program.stderr());
    assert!(entry(&page, "alarm.states")["overridden"] == true);
    assert_eq!(change(&page, "/api/settings", json!({ "alarm.states": null })).0, 200);
    let page = page.restart();
    assert!(!page.program.stderr().contains("left out"));
}

#[test]
fn the_state_directory_of_the_command_line_has_the_page_s_changes() {
    let page = PageClient::start(Place { state_option: Some("given"), ..Place::new("", 40, 2.0) }, "", "");
    let [given, configured] = [page.place.state(), page.place.configured_state()].map(|state| state.join("page.toml"));
    assert_eq!(change(&page, "/api/settings", json!({ "alarm.alarm": 2 })).0, 200);
    assert!(given.exists() && !configured.exists());
    let page = page.restart();
    assert_eq!(entry(&page, "alarm.alarm")["override"], json!(2.0));
    assert_eq!(page.get("/api/settings")["page_file"], json!(given));
    // Where an earlier version left them.
    let stopped = page.stop();
    std::fs::create_dir_all(configured.parent().unwrap()).unwrap();
    std::fs::rename(&given, &configured).unwrap();
    let page = stopped.resume();
    assert_eq!(entry(&page, "alarm.alarm")["override"], json!(2.0));
    let hint = format!("{}: the page's changes are used from here", configured.display());
    assert!(page.program.stderr().contains(&hint), "{}", page.program.stderr());
    assert_eq!(change(&page, "/api/settings", json!({ "alarm.alarm": null })).0, 200);
    assert!(!given.exists() && !configured.exists());
    assert_eq!(change(&page, "/api/settings", json!({ "alarm.alarm": 3 })).0, 200);
    assert!(given.exists() && !configured.exists());
}
