//! Valid inputs of every target, encoded by the code that writes each format: the starting points of a search.

use firmware::sinks::events::{Record, sealed};
use monitor_core::anomaly::Persistence;
use monitor_core::features::FeatureKind;
use monitor_core::model_card::{ModelCard, TrainingSummary};
use monitor_core::training_sample::{ClassSummary, Flags, Header, SampleWindow, TrainingSample};
use monitor_export::test_network::anomaly_tables;
use monitor_export::{self as export, Dense};
use monitor_model::refit::overlay::{OF_MODEL, Parts, seal};
use monitor_wire::{
    Acknowledged, Alarm, DaySpan, Floats, Gap, Health, Hello, Message, StateChange, TextList, Trend, Verdict, encode,
};
use ndarray::Array2;

fn card() -> ModelCard<'static> {
    let training = TrainingSummary {
        macro_f1: Some(0.875),
        created_unix: Some(1_700_000_000),
        recording_hashes: &[7; 24],
        ..TrainingSummary::default()
    };
    ModelCard { training, class_confidence: &[60, 70, 65], ..ModelCard::untrained(FeatureKind::LogMel) }
}

/// A whole model of log-mel features with an anomaly score, and a head alone.
pub fn models() -> Vec<Vec<u8>> {
    let head = [Dense { weights: Array2::from_elem((3, 128), 0.5), bias: vec![0.0; 3], relu: false }];
    let labels = ["good", "bad", "off"].map(String::from);
    let kind = FeatureKind::LogMel;
    let whole = export::classifier_with(
        kind,
        None,
        &head,
        &labels,
        &card(),
        &export::Extras { anomaly: Some(&anomaly_tables(Persistence::default())), ..export::Extras::default() },
    );
    let alone = export::head(kind, &head, &labels, &card());
    vec![whole.expect("a valid model"), alone.expect("a valid head")]
}

/// A card; tables with and without their checksum.
pub fn metadata() -> Vec<Vec<u8>> {
    let mut buffer = [0; 256];
    let card = card().write(&mut buffer).expect("it fits").to_vec();
    let tables = anomaly_tables(Persistence::default());
    let body = tables[..tables.len() - 4].to_vec();
    vec![card, tables, body]
}

/// A training sample, the file of a refit with a head and tables, a list of labels, and the first two without their checksum.
pub fn refits() -> Vec<Vec<u8>> {
    let mut varying = [0; 16];
    varying[0] = 0b111;
    let header = Header {
        kind: FeatureKind::LogMel,
        flags: Flags { within_recording: false, trained_on: false, linear: true },
        alpha: 10.0,
        temperature: 0.9,
        step: 0.0625,
        varying: &varying,
        means: &[-4.0, -5.0, 1.0],
        scales: &[1.0, 2.0, 0.5],
    };
    let window = |class: u16, values| SampleWindow { class, group: class, values };
    let windows =
        [window(0, &[16, 0, 240]), window(1, &[240, 1, 16]), window(0, &[20, 0, 230]), window(1, &[230, 0, 20])];
    let classes = [ClassSummary { windows: 50, weight: 1.0 }; 2];
    let mut sample = Vec::new();
    TrainingSample::write(&header, &classes, (&windows, 2), |part| sample.extend_from_slice(part));
    let file = seal(&Parts {
        model: b"model",
        baseline: None,
        created_unix: 1_700_000_000,
        labels: &["off".into(), "on".into()],
        confidences: &[OF_MODEL, 55],
        weights: &[0.5; 256],
        bias: &[0.0, 1.0],
        tables: &anomaly_tables(Persistence::default()),
        report: "{}",
    });
    let file = file.expect("a valid file");
    let labels =
        b"file,label,condition,group,from,to\na.wav,on,normal,g,,\nb.wav,,fault,,,\nc.wav,new,,,0.5,3\n".to_vec();
    let open = |bytes: &[u8]| bytes[..bytes.len() - 4].to_vec();
    vec![sample.clone(), file.clone(), labels, open(&sample), open(&file)]
}

/// A WAV file of every encoding, plain and extensible, with a chunk of odd length before the samples.
pub fn wavs() -> Vec<Vec<u8>> {
    let forms: [(u16, u16, u16); 6] = [(1, 1, 8), (1, 2, 16), (1, 3, 24), (1, 4, 32), (3, 4, 32), (0xfffe, 4, 24)];
    forms.iter().map(|&(tag, container, bits)| wav(tag, container, bits)).collect()
}

fn wav(tag: u16, container: u16, bits: u16) -> Vec<u8> {
    let channels = 2u16;
    let frame = container * channels;
    let mut format = Vec::new();
    for field in [tag, channels] {
        format.extend(field.to_le_bytes());
    }
    format.extend(48_000u32.to_le_bytes());
    format.extend((48_000 * u32::from(frame)).to_le_bytes());
    for field in [frame, 8 * container] {
        format.extend(field.to_le_bytes());
    }
    if tag == 0xfffe {
        format.extend([22, 0, bits as u8, 0, 3, 0, 0, 0, 1, 0]);
        format.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    }
    let sound: Vec<u8> = (0..40 * u32::from(frame)).map(|at| (at * 37 % 251) as u8).collect();
    let mut body = b"WAVELIST\x03\0\0\0abc\0fmt ".to_vec();
    body.extend((format.len() as u32).to_le_bytes());
    body.extend(format);
    body.extend(b"data");
    body.extend((sound.len() as u32).to_le_bytes());
    body.extend(sound);
    [&b"RIFF"[..], &(body.len() as u32).to_le_bytes(), &body].concat()
}

/// A short tone in every format that another program has encoded, and a WAV file.
pub fn recordings() -> Vec<Vec<u8>> {
    let encoded: [&[u8]; 9] = [
        include_bytes!("../../../host-tools/recording/tests/data/tone.flac"),
        include_bytes!("../../../host-tools/recording/tests/data/tone.mp3"),
        include_bytes!("../../../host-tools/recording/tests/data/tone.ogg"),
        include_bytes!("../../../host-tools/recording/tests/data/tone.aac"),
        include_bytes!("../../../host-tools/recording/tests/data/aac.m4a"),
        include_bytes!("../../../host-tools/recording/tests/data/alac.m4a"),
        include_bytes!("../../../host-tools/recording/tests/data/tone.aiff"),
        include_bytes!("../../../host-tools/recording/tests/data/tone.caf"),
        include_bytes!("../../../host-tools/recording/tests/data/ima.wav"),
    ];
    encoded.into_iter().map(<[u8]>::to_vec).chain(wavs()).collect()
}

/// A manifest as exported by a spreadsheet, one written by hand, and a timeline.
pub fn manifests() -> Vec<Vec<u8>> {
    let texts = [
        "\u{feff}file;label;group;recording\r\na\\b.wav;on_state;m1;r1\r\nc.wav;off_state;;\r\n",
        "label,file,group\non,\"x,y.wav\",g\n,z.wav,g\non,/abs.wav,g\n",
        "start_s,end_s,label\n0,10.5,off_state\n10.5,20,\"on, loud\"\n",
        "file\tlabel\tfrom\tto\nC:\\a.wav\ton\t0\t2,5\n.\\a.wav\toff\t2,5\t9\n",
        "0.000000\t10.500000\toff_state\n\\\t-1.000000\t6334.588867\n10.500000\t20.000000\ton\n",
        "from,to,label\n0,10.5,off_state\n10.5,20,on\n",
    ];
    texts.map(|text| text.as_bytes().to_vec()).into()
}

/// The shipped configuration, and one that sets the options that it leaves out.
pub fn configs() -> Vec<Vec<u8>> {
    let set = "[listen]\nhop_s = 0.1\n[capture]\ncpu = 3\nchannel = 1\nformat = \"s24_3le\"\n\
        [decision]\nsmoothing_s = 1.0\nconfidence = 0.6\nhysteresis = 0.1\ndwell_s = 1.0\n\
        class_confidence = { on_state = 0.7 }\n[alarm]\nstates = [\"soft_state\", \"unknown\"]\n\
        [gpio]\nalarm = 27\nheartbeat = 22\n[gpio.states]\non_state = 17\n[mqtt]\nhost = \"10.0.0.1\"\nid = \"pump-7\"\n";
    vec![include_bytes!("../../../firmware/monitor.toml").to_vec(), set.into()]
}

/// One of each message.
pub fn messages(each: impl FnMut(Message<'_>)) {
    let (hello, verdict) = (
        Hello {
            model: "m.tflite",
            model_sha256: [0xAB; 32],
            build: "0.1.0",
            labels: TextList::new(&["off_state", "on_state"]),
            rate_hz: 48_000,
            hop_us: 480_000,
            rejected_updates: TextList::new(&["firmware: does not start"]),
        },
        Verdict {
            index: 300,
            start_sample: 2_304_000,
            state: Some(1),
            confidence: 0.75,
            level_dbfs: -32.5,
            spans_gap: false,
            inference_us: 9_000,
            anomaly: Some(0.5),
            probabilities: Floats::new(&[0.25, 0.75]),
        },
    );
    let trend = Trend { days: 28, to_warning: Some(DaySpan { earliest: 12, latest: 30 }), ..Trend::default() };
    let health = Health { frames: 480_000, cpu_millidegrees: Some(48_312), microphone: 5, ..Health::default() };
    [
        Message::Hello(hello),
        Message::Verdict(verdict),
        Message::StateChange(StateChange { index: 300, previous: None, state: Some(1), confidence: 0.75 }),
        Message::Alarm(Alarm {
            active: true,
            cause: 0,
            state: Some(1),
            index: 300,
            unacknowledged: true,
            ..Alarm::default()
        }),
        Message::Health(health),
        Message::Gap(Gap { index: 300, lost_frames: 24_000 }),
        Message::Acknowledged(Acknowledged { causes: 5, by: 2, index: 300 }),
        Message::Trend(trend),
        Message::Other { kind: 77, payload: b"more" },
    ]
    .into_iter()
    .for_each(each);
}

/// A stream of one frame of each kind.
fn stream() -> Vec<u8> {
    let mut stream = Vec::new();
    messages(|message| {
        let mut buffer = [0; 512];
        stream.extend_from_slice(encode(&mut buffer, 7, 1_500_000, &message).expect("it fits"));
    });
    stream
}

/// Frames as they are sent, and payloads with their kinds and lengths (see [`super::wire::read`]).
pub fn frames() -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    messages(|message| {
        let mut buffer = [0; 512];
        let frame = encode(&mut buffer, 0, 0, &message).expect("it fits");
        // Behind COBS, version, kind, sequence 0 and time 0; before the checksum.
        let len = cobs::decode_in_place(frame).expect("a frame");
        payloads.extend([message.kind(), (len - 6) as u8]);
        payloads.extend_from_slice(&frame[4..len - 2]);
    });
    vec![stream(), payloads]
}

/// A stream in pieces of 50 bytes, each preceded by its length.
pub fn streams() -> Vec<Vec<u8>> {
    let stream = stream();
    vec![stream.chunks(50).flat_map(|piece| [&[piece.len() as u8], piece].concat()).collect()]
}

/// A request of Prometheus, and two others.
pub fn requests() -> Vec<Vec<u8>> {
    let texts = [
        "GET /metrics HTTP/1.1\r\nHost: pi:9464\r\nAccept: text/plain\r\n\r\n",
        "HEAD /metrics?x=1 HTTP/1.0\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
    ];
    texts.map(|text| text.as_bytes().to_vec()).into()
}

/// A request to every address of the page, with a session where it needs one, and some that are refused.
pub fn page_requests() -> Vec<Vec<u8>> {
    let gets = [
        "/",
        "/assets/main.js",
        "/assets/palette.js",
        "/api/session",
        "/api/now",
        "/api/recent",
        "/api/live?columns",
        "/api/alarms",
        "/api/history",
        "/api/events.csv",
        "/api/events.parquet",
        "/api/trend",
        "/api/trend.csv",
        "/api/teach",
        "/api/refit",
        "/api/listen",
        "/clips/000001_state_x_1s.wav",
        "/clips/000002_state_x_2s.png",
        "/clips/000003_state_x_3s.wav",
        "/clips/..%2Fsecret.wav",
        "/teach/000001_unsure_x_1s.wav",
        "/api/settings",
        "/api/notify",
        "/api/models",
        "/api/teach.tar",
    ];
    let posts = [
        ("/api/login", r#"{"password":"xvpkn-76zsc-5pc64-suazi"}"#),
        ("/api/acknowledge", r#"{"cause":"all"}"#),
        ("/api/keep", r#"{"clip":"000001_state_x_1s.wav","keep":true}"#),
        ("/api/settings", r#"{"changes":{"alarm.alarm":1.5}}"#),
        ("/api/settings/check", r#"{"changes":{"alarm.states":["x"]}}"#),
        ("/api/notify/test", "{}"),
        ("/api/models", "TFL3"),
        ("/api/models/use", r#"{"id":"file"}"#),
        (
            "/api/label",
            r#"{"clip":"000001_unsure_x_1s.wav","parts":[{"to_s":2.5,"answer":"normal"},{"to_s":5.0,"answer":{"state":{"name":"on_state","normal":true}}}]}"#,
        ),
        ("/api/refit", "{}"),
        ("/api/refit/version", r#"{"version":1}"#),
        ("/api/refit/back", "{}"),
        ("/api/logout", "{}"),
    ];
    let head = |method: &str, path: &str| format!("{method} {path} HTTP/1.1\r\nHost: pump-7\r\n");
    let session = "Cookie: a=b; monitor_session={session}\r\nX-Form-Token: {form}\r\n";
    let own = "Origin: http://pump-7\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n";
    let get = gets.iter().map(|path| format!("{}{session}Range: bytes=1-99\r\n\r\n", head("GET", path)));
    // The one that ends the session has no session here: it would end it for all that follow.
    let post = posts.iter().map(|(path, body)| {
        let session = if *path == "/api/logout" { "" } else { session };
        let signature = "X-Model-Signature: untrusted%20comment\r\n";
        format!("{}{session}{own}{signature}\r\n{body}", head("POST", path))
    });
    let refused = [
        format!("{}\r\n", head("GET", "/api/now")),
        format!("{}Cookie: monitor_session={}\r\n\r\n", head("GET", "/api/now"), "0".repeat(64)),
        format!("{}{session}Origin: http://elsewhere\r\n\r\n{{}}", head("POST", "/api/keep")),
        format!("{}X-Forwarded-Prefix: /a/b\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n", head("HEAD", "/")),
    ];
    get.chain(post).chain(refused).map(String::into_bytes).collect()
}

/// A whole request of every function that the server supports.
pub fn modbus() -> Vec<Vec<u8>> {
    let requests: [&[u8]; 6] = [
        &[1, 0, 0, 0, 8],
        &[2, 0, 0, 0, 16],
        &[3, 0, 0, 0, 20],
        &[4, 0, 0, 0, 2],
        &[5, 0, 0, 0xff, 0],
        &[15, 0, 0, 0, 4, 1, 0x0f],
    ];
    requests.map(|pdu| [&[0, 7, 0, 0, 0, pdu.len() as u8 + 1, 1], pdu].concat()).into()
}

/// A file of the event log, and the JSON objects of its lines without their checksums.
pub fn events() -> Vec<Vec<u8>> {
    let records: Vec<Record> =
        EVENTS.iter().filter_map(|json| Record::read(sealed(json.as_bytes().to_vec()).trim_ascii_end())).collect();
    let file = records.iter().flat_map(Record::line).collect();
    vec![file, EVENTS.join("\n").into_bytes()]
}

/// One of each event.
const EVENTS: [&str; 10] = [
    r#"{"number":1,"unix_ms":5,"synchronised":false,"up_ms":0,"event":"start","version":"0.1.0"}"#,
    r#"{"number":2,"unix_ms":6,"synchronised":false,"up_ms":1,"event":"model","model":"m.tflite","sha256":"00ff"}"#,
    r#"{"number":3,"unix_ms":1764072000123,"synchronised":true,"up_ms":7,"event":"clock"}"#,
    r#"{"number":4,"unix_ms":1764072000124,"synchronised":true,"up_ms":8,"event":"state","previous":"unknown","state":"on, \"1\"","confidence":0.83}"#,
    r#"{"number":5,"unix_ms":1764072000125,"synchronised":true,"up_ms":9,"event":"alarm","state":"x","active":true,"cause":"state","unacknowledged":true}"#,
    r#"{"number":6,"unix_ms":1764072000126,"synchronised":true,"up_ms":10,"event":"acknowledged","causes":"state anomaly","by":"mqtt"}"#,
    r#"{"number":7,"unix_ms":1764072000127,"synchronised":true,"up_ms":11,"event":"clip","cause":"state","clip":"000001_state_x_1s.wav"}"#,
    r#"{"number":8,"unix_ms":1764072000128,"synchronised":true,"up_ms":12,"event":"duration","state":"x","seconds":3600.48}"#,
    r#"{"number":9,"unix_ms":1764072000129,"synchronised":true,"up_ms":13,"event":"dropped","count":3}"#,
    r#"{"number":10,"unix_ms":1764072000130,"synchronised":true,"up_ms":14,"event":"stop"}"#,
];
