//! Against a local HTTP server of a few lines.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::*;

const CONTENT: &[u8] = &[7; 200_000];

/// Answers one request after another, each with the next of `answers`; returns the server's address.
fn server(answers: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for answer in answers {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let mut request = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while request.read_line(&mut line).is_ok_and(|count| count > 2) {
                line.clear();
            }
            let _ = stream.write_all(&answer);
        }
        // No answer: the connection stays open.
        let _held = listener.accept();
        thread::sleep(Duration::from_secs(5));
    });
    address
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

fn good() -> Vec<u8> {
    answer("200 OK", &format!("content-length: {}\r\n", CONTENT.len()), CONTENT)
}

fn expected() -> Expected {
    Expected { size: CONTENT.len() as u64, sha256: Sha256::digest(CONTENT).into() }
}

fn timeouts() -> Timeouts {
    Timeouts { answer: Duration::from_secs(5), silence: Duration::from_secs(5), whole: Duration::from_secs(20) }
}

/// The result of `addresses`, and the files then in the folder.
fn fetch(addresses: &[&str], timeouts: Timeouts) -> (anyhow::Result<String>, Vec<(String, Vec<u8>)>) {
    let folder = tempfile::tempdir().unwrap();
    let ui = Ui::new(&JsonOut { json: Some("-".into()) });
    let addresses: Vec<String> = addresses.iter().map(|a| a.to_string()).collect();
    let result = download_from(&addresses, expected(), &folder.path().join("base.tflite"), timeouts, &ui);
    let files = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
        })
        .collect();
    (result, files)
}

fn assert_refused(answers: Vec<Vec<u8>>, reason: &str) {
    let (result, files) = fetch(&[&server(answers)], timeouts());
    let message = format!("{:#}", result.unwrap_err());
    assert!(message.contains(reason), "{message}");
    assert!(message.contains("What to do"), "{message}");
    assert!(files.is_empty(), "{files:?}");
}

#[test]
fn a_good_file_is_stored() {
    let address = server(vec![good()]);
    let (result, files) = fetch(&[&address], timeouts());
    assert_eq!(result.unwrap(), address);
    assert_eq!(files, [("base.tflite".to_string(), CONTENT.to_vec())]);
}

#[test]
fn a_file_without_announced_length_is_stored() {
    let (result, files) = fetch(&[&server(vec![answer("200 OK", "", CONTENT)])], timeouts());
    result.unwrap();
    assert_eq!(files.len(), 1);
}

#[test]
fn a_redirect_is_followed() {
    let target = server(vec![good()]);
    let from = server(vec![answer("302 Found", &format!("location: {target}/file\r\ncontent-length: 0\r\n"), b"")]);
    let (result, files) = fetch(&[&from], timeouts());
    result.unwrap();
    assert_eq!(files, [("base.tflite".to_string(), CONTENT.to_vec())]);
}

#[test]
fn endless_redirects_are_an_error() {
    let to_itself = || answer("302 Found", "location: /again\r\ncontent-length: 0\r\n", b"");
    assert_refused((0..20).map(|_| to_itself()).collect(), "redirect");
}

#[test]
fn a_truncated_file_leaves_nothing() {
    let whole = good();
    assert_refused(vec![whole[..whole.len() - 1000].to_vec()], "199000 of 200000 bytes");
    assert_refused(vec![answer("200 OK", "", &CONTENT[..1000])], "1000 of 200000 bytes");
}

#[test]
fn a_file_of_another_length_is_refused_before_it_is_read() {
    assert_refused(vec![answer("200 OK", "content-length: 12\r\n", b"an HTML page")], "offers 12 bytes");
}

#[test]
fn a_file_that_does_not_end_is_refused() {
    assert_refused(vec![answer("200 OK", "", &[7; 300_000])], "more than the 200000 bytes");
}

#[test]
fn a_wrong_hash_leaves_nothing() {
    let mut other = CONTENT.to_vec();
    other[1234] ^= 1;
    let length = format!("content-length: {}\r\n", other.len());
    assert_refused(vec![answer("200 OK", &length, &other)], "SHA-256");
}

#[test]
fn a_missing_file_is_named_with_its_status() {
    assert_refused(vec![answer("404 Not Found", "content-length: 0\r\n", b"")], "status 404");
}

#[test]
fn the_next_address_is_tried() {
    let missing = server(vec![answer("404 Not Found", "content-length: 0\r\n", b"")]);
    let right = server(vec![good()]);
    let (result, files) = fetch(&[&missing, &right], timeouts());
    assert_eq!(result.unwrap(), right);
    assert_eq!(files.len(), 1);
}

#[test]
fn a_server_that_never_answers_times_out() {
    let silent = server(vec![]);
    let started = Instant::now();
    let short = Timeouts { answer: Duration::from_millis(300), ..timeouts() };
    let (result, files) = fetch(&[&silent], short);
    assert!(format!("{:#}", result.unwrap_err()).contains("no answer in time"));
    assert!(started.elapsed() < Duration::from_secs(4));
    assert!(files.is_empty());
}

#[test]
fn a_server_that_stops_sending_times_out() {
    // The announced rest never comes and the connection stays open.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(&good()[..5000]);
        thread::sleep(Duration::from_secs(6));
    });
    let started = Instant::now();
    let short = Timeouts { silence: Duration::from_millis(300), ..timeouts() };
    let (result, _) = fetch(&[&address], short);
    let message = format!("{:#}", result.unwrap_err());
    assert!(message.contains("stopped after") && message.contains("in time"), "{message}");
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[test]
fn without_a_network_the_error_names_the_remedy() {
    // A port that was free a moment ago: no server listens.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (result, files) = fetch(&[&format!("http://127.0.0.1:{port}/")], timeouts());
    let message = format!("{:#}", result.unwrap_err());
    for part in ["What to do", "YAMNET_TFLITE", "--base", "--features logmel", ADDRESSES[0]] {
        assert!(message.contains(part), "{message}");
    }
    assert!(files.is_empty());
}
