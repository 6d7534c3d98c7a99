//! The channels and the sink against a real HTTP server.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use monitor_wire::{Alarm, Warning};
use serde_json::{Value, json};

use super::*;
use crate::sinks::SinkConfig;
use crate::sinks::clips::drawing::of_clip;

/// Time for an attempt, and pauses between two.
const SHORT: Duration = Duration::from_millis(300);
const SHORT_PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(40));

/// A message with this number.
pub(in crate::sinks::notify) fn notice(id: &str) -> Notice {
    let mut notice = Writer::new(&Config::default()).test();
    notice.id = id.into();
    notice
}

/// The head of a request in lower case, and its body.
type Request = (String, Vec<u8>);

/// A server that answers the requests one after another.
struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// `answers` are the first ones, each a status with further headers; empty for none at all. 200 follows.
    fn start(port: u16, answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let stop = Arc::new(AtomicBool::new(false));
        let (seen, ended) = (Arc::clone(&requests), Arc::clone(&stop));
        let answers = answers.to_vec();
        let thread = std::thread::spawn(move || {
            let (mut silent, mut answers) = (Vec::new(), answers.iter().copied());
            while !ended.load(Relaxed) {
                let Ok((mut stream, _)) = listener.accept() else {
                    std::thread::sleep(Duration::from_millis(2));
                    continue;
                };
                stream.set_nonblocking(false).unwrap();
                let Some(request) = request(&mut stream) else { continue };
                seen.lock().unwrap().push(request);
                match answers.next().unwrap_or("200 OK") {
                    "" => silent.push(stream),
                    answer => drop(write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n")),
                }
            }
        });
        Self { port, requests, stop, thread: Some(thread) }
    }

    fn bodies(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    fn requests(&self) -> Vec<(String, Value)> {
        self.bodies().into_iter().map(|(head, body)| (head, serde_json::from_slice(&body).unwrap())).collect()
    }

    fn ids(&self) -> Vec<String> {
        self.requests().iter().map(|(_, body)| body["id"].as_str().unwrap().into()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Reads a request.
fn request(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return Some((head, bytes.split_off(end + 4)));
            }
        }
        match stream.read(&mut piece) {
            Ok(read) if read > 0 => bytes.extend_from_slice(&piece[..read]),
            _ => return None,
        }
    }
}

fn wait(what: &str, mut until: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !until() {
        assert!(begun.elapsed() < Duration::from_secs(20), "timed out waiting for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn webhook(port: u16) -> Config {
    let mut config = Config { name: "pump-7".into(), ..Config::default() };
    config.webhook.url = format!("http://127.0.0.1:{port}/hook?key=secret");
    config
}

/// A running channel of this configuration.
fn channel(config: &Config) -> (Arc<Queue>, Arc<NotifyDesk>) {
    let (queue, desk) = (Arc::new(Queue::new(10)), Arc::<NotifyDesk>::default());
    let sender = Sender::all(config, &Folders::default(), SHORT).unwrap().remove(0);
    super::channel::start(sender, Arc::clone(&queue), Arc::clone(&desk), SHORT_PAUSES).unwrap();
    (queue, desk)
}

/// Sent, failed and dropped.
fn counts(desk: &NotifyDesk) -> [u64; 3] {
    [&desk.sent, &desk.failed, &desk.dropped].map(|count| count.load(Relaxed))
}

#[test]
fn busy_broken_and_silent_servers_get_the_message_again_and_in_order() {
    let server =
        Server::start(0, &["503 Busy", "", "429 Slow\r\nRetry-After: 0", "302 Found\r\nLocation: http://evil/"]);
    let (queue, desk) = channel(&webhook(server.port));
    queue.push(notice("a"));
    queue.push(notice("b"));
    wait("both", || queue.len() == 0);
    assert_eq!(server.ids(), ["a", "a", "a", "a", "a", "b"]);
    assert_eq!(counts(&desk), [2, 4, 0]);
    queue.close();
}

#[test]
fn a_message_that_a_server_refuses_does_not_hold_up_the_next() {
    let server = Server::start(0, &["422 No", "413 No"]);
    let (queue, desk) = channel(&webhook(server.port));
    for id in ["a", "b", "c"] {
        queue.push(notice(id));
    }
    wait("the third", || queue.len() == 0);
    assert_eq!((server.ids(), counts(&desk)), (["a", "b", "c"].map(String::from).to_vec(), [1, 0, 2]));
    queue.close();
}

#[test]
fn a_server_that_comes_back_gets_what_it_has_missed() {
    let server = Server::start(0, &[]);
    let port = server.port;
    drop(server);
    let (queue, desk) = channel(&webhook(port));
    queue.push(notice("a"));
    wait("an attempt", || desk.failed.load(Relaxed) >= 2);
    let server = Server::start(port, &[]);
    wait("the message", || queue.len() == 0);
    assert_eq!((server.ids(), desk.sent.load(Relaxed)), (vec!["a".to_owned()], 1));
    queue.close();
}

#[test]
fn ntfy_gets_json_at_its_root_with_the_token_and_the_topic() {
    let server = Server::start(0, &[]);
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "tk_secret\n").unwrap();
    let mut config = Config { link: "http://pump-7/".into(), ..Config::default() };
    config.ntfy.url = format!("http://127.0.0.1:{}/ntfy/pump-7", server.port);
    config.ntfy.token_file = token.clone();
    config.ntfy.email = "shift@plant.example".into();
    config.validate().unwrap();
    assert_eq!(
        test(&config).unwrap(),
        [TestResult { channel: "ntfy", host: format!("127.0.0.1:{}", server.port), failure: None }]
    );
    let (head, body) = server.requests().remove(0);
    assert!(head.starts_with("post /ntfy/ http/1.1\r\n") && head.contains("authorization: bearer tk_secret"), "{head}");
    assert_eq!(
        (&body["topic"], &body["priority"], &body["click"]),
        (&"pump-7".into(), &3.into(), &"http://pump-7/".into())
    );
    assert_eq!((&body["email"], &body["tags"][0]), (&"shift@plant.example".into(), &"bell".into()));
    assert!(body["message"].as_str().unwrap().starts_with("Messages of this device"), "{body}");
    std::fs::write(&token, "\n").unwrap();
    assert!(test(&config).unwrap_err().contains("no token"));
}

/// A folder with a clip, and a configuration that sends its picture to a webhook and to ntfy.
fn pictures(port: u16) -> (tempfile::TempDir, Folders, Config) {
    let (folder, folders) = (tempfile::tempdir().unwrap(), Folders::default());
    let tone: Vec<f32> = (0..32_000).map(|n| (n as f32 * 0.1).sin() * 0.3).collect();
    let format = crate::capture::wav_writer::WavFormat::S16;
    crate::capture::wav_writer::write_file(&folder.path().join(CLIP), format, 16_000, tone.chunks(1000)).unwrap();
    folders.set(crate::reporting::FolderPaths { clips: folder.path().into(), ..Default::default() });
    let mut config = Config { picture: true, ..webhook(port) };
    config.ntfy.url = format!("http://127.0.0.1:{port}/ntfy/pump-7");
    (folder, folders, config)
}

const CLIP: &str = "000001_anomaly_on_x.wav";

#[test]
fn a_picture_goes_along_and_one_that_is_gone_or_that_nobody_takes_holds_up_no_message() {
    let server = Server::start(0, &["200 OK", "413 Large", "200 OK", "503 Busy", "", "200 OK"]);
    let (folder, folders, config) = pictures(server.port);
    let picture = of_clip(folder.path(), CLIP).unwrap();
    let senders = Sender::all(&config, &folders, SHORT).unwrap();
    let notice = Notice { clip: Some(CLIP.into()), kind: NoticeKind::Alarm, ..notice("a") };
    let encoded = STANDARD.encode(&picture);
    // Taken; refused; neither taken nor refused, with or without it.
    let outcomes = [0, 1, 2].map(|_| senders[0].deliver(&notice));
    assert!(matches!(outcomes, [Outcome::Delivered, Outcome::Delivered, Outcome::Failed(..)]), "{outcomes:?}");
    let sent = |from: usize| server.requests().split_off(from).into_iter().map(|(_, body)| body["picture"].clone());
    assert_eq!(sent(0).collect::<Vec<_>>(), [json!(encoded), json!(encoded), Value::Null, json!(encoded), Value::Null]);
    std::fs::remove_file(folder.path().join(CLIP)).unwrap();
    assert_eq!(senders[0].deliver(&notice), Outcome::Delivered);
    assert_eq!(sent(5).collect::<Vec<_>>(), [Value::Null]);
    assert!(server.requests().iter().all(|(_, body)| body["clip"] == CLIP));
    // A test has one of its own; without the key there is none.
    assert!(matches!(
        &test(&config).unwrap()[..],
        [TestResult { failure: None, .. }, TestResult { failure: None, .. }]
    ));
    assert!(server.bodies()[7].1.starts_with(b"\x89PNG"));
    test(&Config { picture: false, ..config }).unwrap();
    assert_eq!(
        server.requests.lock().unwrap().split_off(8).iter().filter(|(head, _)| head.starts_with("post")).count(),
        2
    );
}

#[test]
fn ntfy_gets_a_picture_as_the_body_and_the_message_in_headers() {
    let server = Server::start(0, &["200 OK", "400 No attachments"]);
    let (folder, folders, config) = pictures(server.port);
    let senders = Sender::all(&config, &folders, SHORT).unwrap();
    let text = "State: on\nAnomaly score: 1.84".to_owned();
    let (title, link) = ("pump-7: test".into(), "http://pump-7/".into());
    let notice = Notice { clip: Some(CLIP.into()), kind: NoticeKind::Alarm, title, text, link, ..notice("a") };
    assert_eq!([0, 1].map(|_| senders[1].deliver(&notice)), [Outcome::Delivered, Outcome::Delivered]);
    let requests = server.bodies();
    let (head, body) = &requests[0];
    assert!(head.starts_with("put /ntfy/pump-7 http/1.1\r\n"), "{head}");
    for line in [
        "filename: sound.png",
        "title: pump-7: test",
        "message: state: on\\nanomaly score: 1.84",
        "priority: 4",
        "tags: rotating_light",
        "click: http://pump-7/",
    ] {
        assert!(head.lines().any(|one| one == line), "{line}: {head}");
    }
    assert_eq!(*body, of_clip(folder.path(), CLIP).unwrap());
    // A server that keeps no attachments gets the message without one.
    assert_eq!(requests.len(), 3);
    let message: Value = serde_json::from_slice(&requests[2].1).unwrap();
    assert_eq!((&message["topic"], &message["priority"]), (&"pump-7".into(), &4.into()));
}

#[test]
fn the_message_of_an_alarm_waits_for_its_clip_and_for_nothing_else() {
    let server = Server::start(0, &[]);
    let (_folder, folders, mut config) = pictures(server.port);
    (config.ntfy.url, config.ended, config.warnings) = (String::new(), true, true);
    let context = OutputContext { folders, ..OutputContext::default() };
    context.clips.expect_more(true);
    let mut sink = start(&config, &context).unwrap();
    let raised = Item { time_us: 7, ..anomaly(true) };
    sink.handle(&raised, &context);
    sink.handle(&anomaly(false), &context);
    context.clips.settle(6, None);
    sink.poll(&context);
    context.notify.request_test();
    sink.poll(&context);
    wait("the test", || context.notify.sent.load(Relaxed) == 1);
    context.clips.settle(7, Some(CLIP.into()));
    sink.poll(&context);
    wait("the messages", || context.notify.sent.load(Relaxed) == 3);
    let bodies: Vec<Value> = server.requests().into_iter().map(|(_, body)| body).collect();
    let parts = |key: &str| bodies.iter().map(|body| body[key].as_str().map(|text| text.len())).collect::<Vec<_>>();
    assert_eq!(bodies.iter().map(|body| &body["kind"]).collect::<Vec<_>>(), ["test", "alarm", "ended"]);
    assert_eq!(parts("clip"), [None, Some(CLIP.len()), None]);
    assert!(parts("picture")[1].is_some_and(|len| len > 1000) && parts("picture")[2].is_none());
    // Another kind, as this one cools down; the program ends before its clip is written.
    let fault = Alarm { active: true, cause: AlarmCause::Microphone as u8, ..Alarm::default() };
    sink.handle(&Item { time_us: 9, ..item(Event::Alarm(fault)) }, &context);
    context.clips.expect_more(false);
    sink.finish(&context);
    let last = server.requests().pop().unwrap().1;
    assert_eq!((&last["cause"], &last["clip"]), (&"microphone".into(), &Value::Null));
}

/// A sink with these settings, driven by hand.
fn sink(config: &Config) -> (Box<dyn Sink>, OutputContext) {
    config.validate().unwrap();
    let context = OutputContext::default();
    (start(config, &context).unwrap(), context)
}

fn item(event: Event<'static>) -> Item {
    Item { sequence: 0, time_us: 0, event }
}

fn anomaly(active: bool) -> Item {
    let explanation = Explanation { level_tenths_db: if active { 87 } else { 0 }, ..Explanation::default() };
    item(Event::Alarm(Alarm { active, cause: AlarmCause::Anomaly as u8, explanation, ..Alarm::default() }))
}

#[test]
fn a_hundred_alarms_are_one_message_and_the_rest_is_counted_and_stored() {
    let server = Server::start(0, &[]);
    let config = Config { ended: true, ..webhook(server.port) };
    let (mut sink, mut context) = sink(&config);
    context.snapshot.anomaly = Some(1.84);
    for _ in 0..100 {
        sink.handle(&anomaly(true), &context);
        sink.handle(&anomaly(false), &context);
    }
    sink.handle(&item(Event::Warning(Warning { active: true, ..Warning::default() })), &context);
    wait("the messages", || context.notify.sent.load(Relaxed) == 2);
    sink.poll(&context);
    assert_eq!(context.notify.held.load(Relaxed), 99);
    let bodies: Vec<Value> = server.requests().into_iter().map(|(_, body)| body).collect();
    let kinds: Vec<&str> = bodies.iter().map(|body| body["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["alarm", "ended"]);
    let first = &bodies[0];
    assert_eq!(
        (&first["cause"], &first["device"], &first["explanation"]),
        (&"anomaly".into(), &"pump-7".into(), &"level +8.7 dB".into())
    );
    assert_eq!(first["title"], "pump-7: alarm, unusual sound");
    assert!(
        first["text"].as_str().unwrap().starts_with("State: unknown\nAnomaly score: 1.84\nWhat moved: level +8.7 dB\n"),
        "{first}"
    );
    sink.finish(&context);
}

#[test]
fn what_was_held_back_before_a_restart_is_the_digest_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(0, &[]);
    let config = webhook(server.port);
    let context = OutputContext::default();
    context.folders.set(crate::reporting::FolderPaths { state: folder.path().into(), ..Default::default() });
    let mut sink = start(&config, &context).unwrap();
    (0..8).for_each(|_| sink.handle(&anomaly(true), &context));
    sink.finish(&context);
    drop(sink);
    let mut sink = start(&config, &context).unwrap();
    sink.poll(&context);
    wait("the digest", || server.requests().len() == 2);
    let digest = &server.requests()[1].1;
    assert_eq!((&digest["kind"], &digest["held"]["anomaly"]), (&"digest".into(), &7.into()));
    let text = digest["text"].as_str().unwrap();
    assert!(text.starts_with("unusual sound: 7 times from ") && text.contains("; not present now"), "{text}");
    assert_eq!(digest["title"], "pump-7: 7 held back");
    context.notify.request_test();
    sink.poll(&context);
    wait("the test", || server.requests().len() == 3);
    assert_eq!(server.requests()[2].1["kind"], "test");
    let report = context.notify.channels().remove(0);
    wait("its report", || context.notify.channels()[0].waiting == 0);
    assert_eq!(
        (report.channel, report.host, report.failure),
        ("webhook", format!("127.0.0.1:{}", server.port), String::new())
    );
    sink.finish(&context);
}

#[test]
fn settings_that_cannot_be_used_are_refused_without_what_may_be_a_secret() {
    type Change = fn(&mut Config);
    let wrong: [(&str, Change); 9] = [
        ("notify.causes", |config| config.causes = vec!["fire".into()]),
        ("notify.urgent", |config| config.urgent = vec!["warnings".into()]),
        ("notify.cooldown_s", |config| config.cooldown_s = 86_401),
        ("notify.queue", |config| config.queue = 0),
        ("notify.quiet", |config| config.quiet = "22-6".into()),
        ("notify.time_zone", |config| config.time_zone = "Nowhere/Atlantis".into()),
        ("notify.webhook.url", |config| config.webhook.url = "https://me:secret@host/".into()),
        ("notify.ntfy.url", |config| config.ntfy.url = "https://ntfy.sh/secret/".into()),
        ("notify.link", |config| config.link = "javascript:secret".into()),
    ];
    for (key, change) in wrong {
        let mut config = Config::default();
        config.validate().unwrap();
        change(&mut config);
        let message = config.validate().unwrap_err().to_string();
        assert!(
            message.contains(key)
                && !message.contains("secret@")
                && !message.contains("sh/secret")
                && !message.contains(":secret"),
            "{message}"
        );
    }
}
