//! The page of the real program, by requests as browsers and attackers send them.
#![cfg(feature = "page")]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::place::Place;
use common::program::{Program, firmware, wait};
use firmware::sinks::page::offline::{OfflinePage, SESSION};
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};

/// A running program with a page.
struct Page {
    place: Place,
    program: Program,
    port: u16,
}

/// An answer: its status, its head in lower case apart from values, and its body.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The value of a header.
    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find_map(|(key, value)| (key == name).then_some(value))
    }
}

impl Page {
    /// Starts one with these lines of `[page]`, and `more` of the configuration.
    fn start(page: &str, more: &str) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let place = Place::new("", 8, 2.0);
        place.configure(&format!("{more}[page]\nenabled = true\nlisten = \"127.0.0.1:{port}\"\n{page}"));
        let program = place.run_on_stdin();
        let page = Self { place, program, port };
        wait(|| page.try_ask("GET", "/", &[], "").is_some(), || page.program.stderr());
        page
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.try_ask(method, path, headers, body).expect("an answer")
    }

    fn try_ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Option<Answer> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: pump\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        // A server that refuses early does not read everything.
        let _ = stream.write_all(request.as_bytes());
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, head, body: bytes[end + 4..].to_vec() })
    }

    /// The random password of the first start.
    fn password(&self) -> String {
        std::fs::read_to_string(self.place.state().join("page.password")).unwrap().trim().into()
    }

    fn login(&self, password: &str, headers: &[(&str, &str)]) -> Answer {
        let headers = [&[("Content-Type", "application/json")], headers].concat();
        self.ask("POST", "/api/login", &headers, &json!({ "password": password }).to_string())
    }
}

/// The cookie of an answer, as the browser sends it back.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap().split(';').next().unwrap().into()
}

#[test]
fn the_password_of_the_first_start_opens_a_session_that_no_other_site_can_use() {
    let page = Page::start("", "[alarm]\nstates = [\"on_state\"]\nlatch = true\n");
    let password = page.password();
    page.program.wait("the password on the console", |program| program.stderr().contains(&password));
    assert_eq!(page.ask("GET", "/api/now", &[], "").status, 401);
    assert_eq!(page.ask("GET", "/api/session", &[], "").json()["role"], "anonymous");
    assert_eq!(page.login("wrong", &[]).status, 401);
    let login = page.login(&password, &[("X-Forwarded-Prefix", "/plant/pump"), ("X-Forwarded-Proto", "https")]);
    let expected = "; Path=/plant/pump/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure";
    assert!(login.status == 200 && login.header("set-cookie").unwrap().ends_with(expected), "{login:?}");
    let (cookie, body) = (cookie(&login), login.json());
    let (cookie, token) = (cookie.as_str(), body["form_token"].as_str().unwrap());
    assert_eq!(page.ask("GET", "/api/now", &[("Cookie", cookie)], "").status, 200);
    // Forged cookies: changed, cut, the token of the form, and nonsense.
    let (name, value) = cookie.split_once('=').unwrap();
    for forged in [&value[1..], token, "", "\u{ff}", &"0".repeat(64)] {
        assert_eq!(page.ask("GET", "/api/now", &[("Cookie", &format!("{name}={forged}"))], "").status, 401, "{forged}");
    }
    page.program.wait("the alarm", |program| !program.reports("alarm").is_empty());
    let json = ("Content-Type", "application/json");
    let acknowledge = |headers: &[(&str, &str)]| {
        page.ask("POST", "/api/acknowledge", &[&[json][..], headers].concat(), r#"{"cause":"state"}"#).status
    };
    let (cookie, token) = (("Cookie", cookie), ("X-Form-Token", token));
    assert_eq!(acknowledge(&[token]), 401, "no session");
    assert_eq!(acknowledge(&[cookie]), 403, "no token");
    assert_eq!(acknowledge(&[cookie, ("X-Form-Token", "other")]), 403, "another token");
    assert_eq!(acknowledge(&[cookie, token, ("Sec-Fetch-Site", "cross-site")]), 403, "another site");
    assert_eq!(acknowledge(&[cookie, token, ("Origin", "http://evil")]), 403, "another origin");
    assert!(page.program.reports("acknowledged").is_empty());
    assert_eq!(acknowledge(&[cookie, token, ("Origin", "http://pump"), ("Sec-Fetch-Site", "same-origin")]), 200);
    page.program.wait("the acknowledgement", |program| !program.reports("acknowledged").is_empty());
    assert_eq!(page.program.reports("acknowledged")[0]["by"], "page");
    let counted = page.ask("GET", "/api/now", &[cookie], "").json()["page"].clone();
    assert_eq!((&counted["refused_logins"], counted["refused_requests"].as_u64() >= Some(10)), (&json!(1), true));
    assert_eq!(page.ask("POST", "/api/logout", &[cookie], "").status, 200);
    assert_eq!(page.ask("GET", "/api/now", &[cookie], "").status, 401);
}

#[test]
fn a_hash_of_the_configuration_is_the_password_and_guessing_is_slowed_down() {
    let mut hashing =
        Command::new(firmware()).arg("hash-password").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    hashing.stdin.take().unwrap().write_all(b"a long password\n").unwrap();
    let line = String::from_utf8(hashing.wait_with_output().unwrap().stdout).unwrap();
    let page = Page::start(&line, "");
    assert_eq!(page.login("a long password", &[]).status, 200);
    assert!(!page.place.state().join("page.password").exists());
    let tries: Vec<Answer> = (0..7).map(|_| page.login("guess", &[])).collect();
    assert!(tries[..5].iter().all(|answer| answer.status == 401) && tries[6].status == 429, "{tries:?}");
    let wait: u64 = tries[6].header("retry-after").unwrap().parse().unwrap();
    assert!((1..=12).contains(&wait), "{wait}");
    // Not even the password, until the time is over.
    assert_eq!(page.login("a long password", &[]).status, 429);
}

#[test]
fn the_stream_has_the_states_as_they_change_and_the_columns_that_were_asked_for() {
    let page = Page::start("look = \"open\"\n", "");
    let mut stream = page.connect();
    stream.write_all(b"GET /api/live?columns HTTP/1.1\r\nHost: pump\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let (mut states, mut columns, mut event) = (Vec::new(), 0, String::new());
    while states.len() < 3 || columns < 100 {
        let line = lines.next().expect("more of the stream");
        if let Some(name) = line.strip_prefix("event: ") {
            event = name.into();
        }
        let Some(data) = line.strip_prefix("data: ") else { continue };
        match event.as_str() {
            "window" | "now" => {
                let data: Value = serde_json::from_str(data).unwrap();
                let state = data[if event == "now" { "state" } else { "name" }].as_str().unwrap().to_owned();
                if states.last() != Some(&state) {
                    states.push(state);
                }
            }
            "columns" => {
                assert!(data.len() % 64 == 0 && data.bytes().all(|byte| (b'!'..=b'~').contains(&byte)), "{data}");
                columns += data.len() / 64;
            }
            _ => {}
        }
    }
    assert!(
        states.iter().any(|state| state == "on_state") && states.iter().any(|state| state == "off_state"),
        "{states:?}"
    );
    let recent = page.ask("GET", "/api/recent", &[], "").json();
    assert!(recent[0]["level_dbfs"].is_number(), "{recent}");
    // Looking is open, operating is not.
    assert_eq!(page.ask("POST", "/api/acknowledge", &[], "{}").status, 401);
}

#[test]
fn files_are_compressed_known_again_and_nothing_but_them_is_found_whatever_the_path_is() {
    let page = Page::start("", "");
    let index = page.ask("GET", "/", &[], "");
    assert_eq!(
        (index.status, index.header("content-encoding"), &index.body[..2]),
        (200, Some("gzip"), &[0x1f, 0x8b][..])
    );
    let policy = index.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    let known = page.ask("GET", "/", &[("If-None-Match", index.header("etag").unwrap())], "");
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(page.ask("GET", "/", &[("Accept-Encoding", "br")], "").status, 406);
    for path in [
        "/../etc/passwd",
        "/assets/../page.password",
        "/assets/%2e%2e%2fpage.password",
        "/assets/",
        "/assets/..",
        "//",
        "/x",
    ] {
        let answer = page.ask("GET", path, &[], "");
        assert_eq!((answer.status, answer.header("x-frame-options")), (404, Some("DENY")), "{path}");
    }
    assert_eq!(page.ask("DELETE", "/", &[], "").status, 405);
    assert_eq!(page.login(&"x".repeat(10_000), &[]).status, 413);
}

#[test]
fn oversized_heads_and_connections_that_say_nothing_cost_only_the_page_for_a_while() {
    let page = Page::start("look = \"open\"\n", "");
    let long = page.try_ask("GET", "/", &[("X-Long", &"x".repeat(1_000_000))], "");
    assert!(long.is_none_or(|answer| answer.status == 431), "1 MB of header");
    let before = page.program.reports("verdict").len();
    // More than there may be, each with half a request.
    let idle: Vec<TcpStream> = (0..140)
        .map(|_| {
            let mut stream = page.connect();
            let _ = stream.write_all(b"GET / HTTP/1.1\r\nX-Slow: ");
            stream
        })
        .collect();
    wait(|| page.try_ask("GET", "/api/now", &[], "").is_some(), || "an answer after the idle connections".into());
    drop(idle);
    let counted = page.ask("GET", "/api/now", &[], "").json();
    assert!(counted["page"]["refused_connections"].as_u64() > Some(10), "{counted}");
    assert_eq!((&counted["health"]["dropped_windows"], &counted["health"]["dropped_reports"]), (&json!(0), &json!(0)));
    assert!(page.program.reports("verdict").len() > before);
    page.program.signal(nix::sys::signal::Signal::SIGTERM);
    let (status, took, _, stderr) = page.program.end();
    assert!(status.success() && took < Duration::from_secs(1), "{took:?} {stderr}");
}

#[test]
fn an_address_that_floods_the_page_is_refused_and_others_are_not() {
    let page = Page::start("look = \"open\"\n", "");
    // On one connection: as fast as the device answers, on a busy machine too.
    let (mut stream, count) = (page.connect(), 2000);
    let request = "GET /api/session HTTP/1.1\r\nHost: pump\r\n";
    let requests = format!("{}{request}Connection: close\r\n\r\n", format!("{request}\r\n").repeat(count - 1));
    let mut writer = stream.try_clone().unwrap();
    let sending = std::thread::spawn(move || writer.write_all(requests.as_bytes()));
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    sending.join().unwrap().unwrap();
    let times = |text: &str| answers.matches(text).count();
    let (served, refused) = (times("HTTP/1.1 200"), times("HTTP/1.1 429"));
    // Less those that waited for the page to answer.
    assert!(served >= 590 && refused > 0 && served + refused == count, "{served} served, {refused} refused");
    assert_eq!(times("retry-after: 1\r\n"), refused);
    let other = [("X-Forwarded-For", "192.0.2.7")];
    assert_eq!(page.ask("GET", "/api/session", &other, "").status, 200);
    assert!(
        page.ask("GET", "/api/now", &other, "").json()["page"]["refused_requests"].as_u64() >= Some(refused as u64)
    );
}

#[test]
fn the_log_and_the_clips_of_an_alarm_are_shown_played_in_parts_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let more = format!(
        "[alarm]\nstates = [\"on_state\"]\n[events]\nfolder = {:?}\n[clips]\nfolder = {:?}\nbefore_s = 0.5\nafter_s = 1.0\nreserve_mib = 0\n",
        path("events"),
        path("clips")
    );
    let page = Page::start("look = \"open\"\n", &more);
    let mut found = Value::Null;
    wait(
        || {
            // Not more often than the page answers an address.
            std::thread::sleep(Duration::from_millis(50));
            found = page.ask("GET", "/api/alarms", &[], "").json();
            found["clips"].as_array().is_some_and(|clips| !clips.is_empty())
                && found["records"].as_array().unwrap().iter().any(|record| record["event"] == "clip")
        },
        || "a clip on the page".into(),
    );
    let raised = found["records"].as_array().unwrap().iter().find(|record| record["event"] == "alarm").unwrap();
    assert_eq!(
        (&raised["cause"], &raised["active"], raised["time_ms"].is_u64()),
        (&json!("state"), &json!(true), true)
    );
    let clip = &found["clips"][0];
    let (name, bytes) = (clip["name"].as_str().unwrap(), clip["bytes"].as_u64().unwrap());
    // Sound is for those who have the password, even where looking is open.
    assert_eq!(page.ask("GET", &format!("/clips/{name}"), &[], "").status, 401);
    let login = page.login(&page.password(), &[]);
    let (cookie, body) = (cookie(&login), login.json());
    let cookie = ("Cookie", cookie.as_str());
    let part = |range: &str| page.ask("GET", &format!("/clips/{name}"), &[cookie, ("Range", range)], "");
    let whole = page.ask("GET", &format!("/clips/{name}"), &[cookie], "");
    assert_eq!((whole.status, whole.body.len() as u64, &whole.body[..4]), (200, bytes, &b"RIFF"[..]));
    let middle = part("bytes=100-299");
    assert_eq!((middle.status, &middle.body[..]), (206, &whole.body[100..300]));
    assert_eq!(middle.header("content-range"), Some(format!("bytes 100-299/{bytes}").as_str()));
    assert_eq!(part("bytes=-10").body, whole.body[whole.body.len() - 10..]);
    assert_eq!(part(&format!("bytes={bytes}-")).status, 416);
    // Nothing beside the clips is found: other files, links, other folders.
    std::fs::write(path("clips/notes.wav"), "notes").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", path("clips/000009_a_b_c.wav")).unwrap();
    for other in [
        "notes.wav",
        "000009_a_b_c.wav",
        "..%2fevents%2fevents-00000001.log",
        "000001_..%2f..%2fx.wav",
        ".",
        "000001_x.wav",
    ] {
        assert_eq!(page.ask("GET", &format!("/clips/{other}"), &[cookie], "").status, 404, "{other}");
    }
    std::fs::remove_file(path("clips/000009_a_b_c.wav")).unwrap();
    let keep = |name: &str, keep: bool| {
        let token = body["form_token"].as_str().unwrap();
        let headers = [("Content-Type", "application/json"), cookie, ("X-Form-Token", token)];
        page.ask("POST", "/api/keep", &headers, &json!({ "clip": name, "keep": keep }).to_string()).status
    };
    assert_eq!((keep(name, true), keep("../events", true), keep("000777_x.wav", true)), (200, 404, 404));
    assert!(path("clips").join(format!("{name}.keep")).exists());
    assert_eq!(page.ask("GET", "/api/alarms", &[], "").json()["clips"][0]["kept"], true);
    assert_eq!(keep(name, false), 200);
    let history = page.ask("GET", "/api/history", &[], "").json();
    let states = history["states"]["names"].as_array().unwrap();
    assert!(states.contains(&json!("on_state")) && history["alarms"]["names"] == json!(["state"]), "{history}");
    let csv = page.ask("GET", "/api/events.csv", &[], "");
    let text = String::from_utf8(csv.body.clone()).unwrap();
    assert!(text.starts_with("number,time,clock,") && text.contains(",alarm,on_state,"), "{text}");
    let table = page.ask("GET", "/api/events.parquet", &[], "");
    std::fs::write(path("events.parquet"), &table.body).unwrap();
    let reader = SerializedFileReader::new(std::fs::File::open(path("events.parquet")).unwrap()).unwrap();
    let rows: Vec<String> = reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
    // The device may have written more events since.
    assert!(rows.len() + 1 >= text.lines().count(), "{rows:?}");
    assert!(rows.iter().any(|row| row.contains("event: \"alarm\", state: \"on_state\"")), "{rows:?}");
}

#[test]
fn live_sound_is_for_those_who_operate_where_it_is_allowed_and_everybody_sees_it() {
    let page = Page::start("look = \"open\"\nlive_sound = true\n", "");
    assert_eq!(page.ask("GET", "/api/listen", &[], "").status, 401);
    let cookie = cookie(&page.login(&page.password(), &[]));
    page.program.wait("sound", |program| !program.reports("verdict").is_empty());
    let mut stream = page.connect();
    write!(stream, "GET /api/listen HTTP/1.1\r\nHost: pump\r\nCookie: {cookie}\r\n\r\n").unwrap();
    let mut heard = vec![0; 60_000];
    stream.read_exact(&mut heard).unwrap();
    let head = String::from_utf8_lossy(&heard[..400]).to_lowercase();
    assert!(head.starts_with("http/1.1 200") && head.contains("x-sample-rate: 48000"), "{head}");
    let now = page.ask("GET", "/api/now", &[], "").json();
    assert_eq!(
        (&now["page"]["listeners"], &now["privacy"]["speech"], &now["privacy"]["muted"]),
        (&json!(1), &json!("mute"), &json!(0))
    );
    drop(stream);
    wait(|| page.ask("GET", "/api/now", &[], "").json()["page"]["listeners"] == 0, || "the end of listening".into());
    let silent = Page::start("look = \"open\"\n", "");
    let login = silent.login(&silent.password(), &[]);
    assert_eq!(silent.ask("GET", "/api/listen", &[("Cookie", &self::cookie(&login))], "").status, 404);
}

#[test]
fn unknown_sound_is_queued_labelled_cut_and_saved_with_its_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let teach = folder.path().join("teach");
    let more = format!(
        "[teach]\nfolder = {teach:?}\nclip_s = 2.0\nconfidence = 1.0\nunsure_s = 0.5\npause_s = 0.0\nreserve_mib = 0\n"
    );
    let page = Page::start("look = \"open\"\n", &more);
    // Not more often than the page answers an address.
    let ask = |path: &str| {
        std::thread::sleep(Duration::from_millis(50));
        page.ask("GET", path, &[], "").json()
    };
    let queue = || ask("/api/teach");
    let clips = || queue()["clips"].as_array().unwrap().clone();
    // Quiet and loud noise: two kinds of sound, each once, whatever the number of candidates.
    wait(|| clips().len() >= 2, || page.program.stderr());
    wait(|| ask("/api/now")["teach"]["similar"].as_u64() > Some(0), || "the same sound".into());
    let found = queue();
    assert_eq!((&found["has_folder"], &found["states"]), (&json!(true), &json!(["off_state", "on_state"])));
    let first = &found["clips"][0];
    assert_eq!(
        (&first["reason"], &first["progress"], &first["parts"]),
        (&json!("unsure"), &json!("waiting"), &json!([]))
    );
    assert_eq!((&first["seconds"], first["leading"].is_string()), (&json!(2.0), true), "{first}");
    let name = first["clip"].as_str().unwrap();
    let other = found["clips"][1]["clip"].as_str().unwrap();
    // Sound and answers are for those who have the password.
    for path in [&format!("/teach/{name}"), "/api/teach.tar"] {
        assert_eq!(page.ask("GET", path, &[], "").status, 401, "{path}");
    }
    let login = page.login(&page.password(), &[]);
    let (cookie, body) = (cookie(&login), login.json());
    let cookie = ("Cookie", cookie.as_str());
    let label_with = |headers: &[(&str, &str)], clip: &str, parts: Value| {
        let headers = [&[("Content-Type", "application/json")], headers].concat();
        page.ask("POST", "/api/label", &headers, &json!({ "clip": clip, "parts": parts }).to_string())
    };
    let token = ("X-Form-Token", body["form_token"].as_str().unwrap());
    let label = |clip: &str, parts: Value| label_with(&[cookie, token], clip, parts);
    assert_eq!(page.ask("GET", "/api/teach.tar", &[cookie], "").status, 404, "no label yet");
    let whole = page.ask("GET", &format!("/teach/{name}"), &[cookie], "");
    assert_eq!((whole.status, &whole.body[..4]), (200, &b"RIFF"[..]));
    let middle = page.ask("GET", &format!("/teach/{name}"), &[cookie, ("Range", "bytes=100-299")], "");
    assert_eq!((middle.status, &middle.body[..]), (206, &whole.body[100..300]));
    let fault = || json!([{ "to_s": 2.0, "answer": "fault" }]);
    assert_eq!(label_with(&[token], name, fault()).status, 401, "no session");
    assert_eq!(label_with(&[cookie], name, fault()).status, 403, "no token");
    assert_eq!(label_with(&[cookie, token, ("Origin", "http://evil")], name, fault()).status, 403, "another origin");
    assert_eq!(label("000777_unsure_x.wav", fault()).status, 404);
    assert_eq!(label("../../monitor.wav", fault()).status, 404);
    let refused = label(name, json!([{ "to_s": 2.0, "answer": { "state": { "name": "a/b" } } }]));
    assert!(
        refused.status == 400 && refused.json()["error"].as_str().unwrap().contains("cannot be the name"),
        "{refused:?}"
    );
    assert_eq!(label(name, json!([{ "to_s": 0.5, "answer": null }, { "to_s": 2.0, "answer": null }])).status, 400);
    assert_eq!(label(name, json!([{ "to_s": 2.0, "answer": "perhaps" }])).status, 400);
    assert!(!teach.join("manifest.csv").exists(), "nothing was accepted so far");
    let rubbing = json!({ "state": { "name": "rubbing", "normal": true } });
    assert_eq!(
        label(name, json!([{ "to_s": 1.0, "answer": rubbing }, { "to_s": 2.0, "answer": "fault" }])).status,
        200
    );
    assert_eq!(label(other, json!([{ "to_s": 2.0, "answer": "skip" }])).status, 200);
    assert_eq!(queue()["new_states"], json!(["rubbing"]));
    let rows =
        || std::fs::read_to_string(teach.join("manifest.csv")).unwrap().lines().map(String::from).collect::<Vec<_>>();
    assert_eq!(rows().len(), 3, "{:?}", rows());
    assert!(
        rows()[1].starts_with(&format!("{name},rubbing,")) && rows()[1].ends_with(",0.000,1.000,normal"),
        "{:?}",
        rows()
    );
    assert!(rows()[2].ends_with(",1.000,2.000,fault"), "{:?}", rows());
    // The archive is what lies in the folder, without what was skipped.
    let tar = page.ask("GET", "/api/teach.tar", &[cookie], "");
    let archive = dechunked(&tar.body);
    std::fs::write(folder.path().join("teach.tar"), archive).unwrap();
    std::fs::create_dir(folder.path().join("out")).unwrap();
    let unpacked =
        Command::new("tar").args(["-xf", "../teach.tar"]).current_dir(folder.path().join("out")).output().unwrap();
    assert!(unpacked.status.success() && unpacked.stderr.is_empty(), "{unpacked:?}");
    let out = folder.path().join("out/teach");
    assert_eq!(std::fs::read(out.join(name)).unwrap(), whole.body);
    assert_eq!(std::fs::read(out.join("manifest.csv")).unwrap(), std::fs::read(teach.join("manifest.csv")).unwrap());
    assert!(!out.join(other).exists());
    // Taken back, it waits again.
    assert_eq!(label(name, json!([])).status, 200);
    assert_eq!((rows().len(), &queue()["clips"][0]["progress"]), (1, &json!("waiting")));
    let now = page.ask("GET", "/api/now", &[], "").json();
    assert_eq!((&now["teach"]["labelled"], &now["health"]["dropped_windows"]), (&json!(0), &json!(0)));
}

/// The content of a body in chunks (RFC 9112, section 7.1).
fn dechunked(mut body: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    while let Some(end) = body.windows(2).position(|two| two == b"\r\n") {
        let len = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        content.extend_from_slice(&body[end + 2..][..len]);
        body = &body[end + 4 + len..];
    }
    content
}

#[test]
fn a_folder_that_cannot_be_read_is_reported_with_the_cause_and_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    // Files in place of the folders: root reads every folder.
    for name in ["events", "teach"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let page = OfflinePage::new(folder.path()).unwrap();
    for (path, why) in [
        ("api/alarms", "the event log or the clips cannot be read: Not a directory"),
        ("api/events.csv", "the event log or the clips cannot be read: Not a directory"),
        ("api/teach", "the folder of the clips cannot be read: Not a directory"),
        ("api/teach.tar", "the folder of the clips cannot be read: Not a directory"),
    ] {
        let request = format!("GET /{path} HTTP/1.1\r\nHost: x\r\nCookie: monitor_session={SESSION}\r\n\r\n");
        let answer = page.ask(request.as_bytes()).unwrap();
        let text = String::from_utf8(answer.body).unwrap();
        assert!(answer.status == 500 && text.contains(why), "{path}: {text}");
        assert!(text.contains("check owner and mode of"), "{path}: {text}");
    }
}
