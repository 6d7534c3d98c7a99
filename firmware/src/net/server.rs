//! A TCP server of few connections that tell what is so now: a thread for each, a limit on their number, and an end.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Snapshot;
use crate::outbox::{Inbox, Received};
use crate::outputs::warn;

/// Time between two attempts to listen on an address that is not to be had.
const RETRY: Duration = Duration::from_secs(1);

/// How long one wait lasts before it is asked whether to end.
pub const GLANCE_MS: u16 = 50;

/// Stack of a connection's thread.
const STACK: usize = 128 * 1024;

/// Where all places are taken, a connection that has asked nothing for so long makes room for one that comes.
const IDLE: Duration = Duration::from_secs(5);

/// A connection's place among those that there may be.
#[derive(Debug)]
struct Place {
    /// When it last asked something, or came.
    asked: Mutex<Instant>,
    /// It has made room for another.
    given_up: AtomicBool,
}

/// What a connection is told.
pub struct Visit<'a> {
    now: &'a dyn Fn() -> Snapshot,
    stop: &'a AtomicBool,
    place: &'a Place,
}

impl Visit<'_> {
    /// What is so now.
    pub fn now(&self) -> Snapshot {
        (self.now)()
    }

    /// Whether it is to end: soon, as the program does or another connection waits for the place.
    pub fn is_over(&self) -> bool {
        self.stop.load(Relaxed) || self.place.given_up.load(Relaxed)
    }

    /// Notes that it has asked something.
    pub fn asked(&self) {
        *lock(&self.place.asked) = Instant::now();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes reports until there will be no more, and meanwhile listens on `address`: `each` connection, of at most `most` at a
/// time, learns by its [`Visit`] what is so now and when to end.
pub fn run(name: &str, inbox: &Inbox, address: SocketAddr, most: usize, each: impl Fn(TcpStream, &Visit<'_>) + Sync) {
    let (snapshot, stop) = (Mutex::new(Snapshot::default()), AtomicBool::new(false));
    let now = || lock(&snapshot);
    std::thread::scope(|scope| {
        let (now, stop, each) = (&now, &stop, &each);
        let each = move |stream, place: &Place| each(stream, &Visit { now: &|| now().clone(), stop, place });
        let listening = move || serve(name, address, most, stop, each);
        let thread = std::thread::Builder::new().name(name.into()).stack_size(STACK);
        if let Err(error) = thread.spawn_scoped(scope, listening) {
            warn(format!("{name}: no thread for it: {error}; it stays off"));
        }
        loop {
            match inbox.next(Duration::from_secs(3600)) {
                Received::Item(item) => now().take(&item),
                Received::Nothing => {}
                Received::End => break,
            }
        }
        stop.store(true, Relaxed);
    });
}

/// Listens on `address` until `stop`; `each` has a connection to itself. Connections beyond `most` are closed at once, unless one
/// of those before makes room.
fn serve(name: &str, address: SocketAddr, most: usize, stop: &AtomicBool, each: impl Fn(TcpStream, &Place) + Sync) {
    let Some(pipeline) = listen(name, address, stop) else { return };
    let places: Mutex<Vec<Arc<Place>>> = Mutex::default();
    let leave = |place: &Arc<Place>| lock(&places).retain(|other| !Arc::ptr_eq(other, place));
    std::thread::scope(|scope| {
        while !stop.load(Relaxed) {
            let mut polled = [PollFd::new(pipeline.as_fd(), PollFlags::POLLIN)];
            if poll(&mut polled, PollTimeout::from(GLANCE_MS)).unwrap_or(0) == 0 {
                continue;
            }
            // One that has gone meanwhile, or no descriptor left: the next is another matter.
            let Ok((stream, _)) = pipeline.accept() else {
                std::thread::sleep(Duration::from_millis(GLANCE_MS.into()));
                continue;
            };
            let place = Arc::new(Place { asked: Mutex::new(Instant::now()), given_up: AtomicBool::new(false) });
            if !enter(&mut lock(&places), most, &place) {
                continue;
            }
            let (each, leave, own) = (&each, &leave, Arc::clone(&place));
            let body = move || {
                each(stream, &own);
                leave(&own);
            };
            let thread = std::thread::Builder::new().name(name.into()).stack_size(STACK);
            if thread.spawn_scoped(scope, body).is_err() {
                leave(&place);
            }
        }
    });
}

/// Takes a place among `most`; where there is none, that of the one which has been idle longest, if it is [`IDLE`]. Whether it
/// was to be had.
fn enter(places: &mut Vec<Arc<Place>>, most: usize, place: &Arc<Place>) -> bool {
    if places.len() >= most {
        let asked = |index: usize| *lock(&places[index].asked);
        let Some(longest) = (0..places.len()).min_by_key(|index| asked(*index)) else { return false };
        if asked(longest).elapsed() < IDLE {
            return false;
        }
        places.remove(longest).given_up.store(true, Relaxed);
    }
    places.push(Arc::clone(place));
    true
}

/// A pipeline, as soon as the address can be had; `None` when told to stop before.
fn listen(name: &str, address: SocketAddr, stop: &AtomicBool) -> Option<TcpListener> {
    let mut warned = false;
    while !stop.load(Relaxed) {
        match TcpListener::bind(address).and_then(|pipeline| pipeline.set_nonblocking(true).map(|()| pipeline)) {
            Ok(pipeline) => return Some(pipeline),
            Err(error) if !std::mem::replace(&mut warned, true) => warn(format!(
                "{name}: cannot listen on {address}: {error}; trying again every second. Is the port taken, or below 1024?"
            )),
            Err(_) => {}
        }
        let mut waited = Duration::ZERO;
        while waited < RETRY && !stop.load(Relaxed) {
            std::thread::sleep(Duration::from_millis(GLANCE_MS.into()));
            waited += Duration::from_millis(GLANCE_MS.into());
        }
    }
    None
}
