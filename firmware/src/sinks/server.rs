//! A TCP server that answers with the state now: a thread for each connection, a limit on their number, and an end.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Sink;
use crate::reporting::{Item, OutputContext, Snapshot};
use crate::system::messages::warn;

/// Time between two attempts to listen on an address that is not available.
const RETRY: Duration = Duration::from_secs(1);

/// How long one wait lasts before the stop flag is read.
pub(super) const POLL_INTERVAL_MS: u16 = 50;

/// Stack of a connection's thread.
const STACK: usize = 128 * 1024;

/// Idle time after which a connection may be closed for a new one when all places are taken.
const IDLE: Duration = Duration::from_secs(5);

/// A connection's place among those that there may be.
#[derive(Debug)]
struct Place {
    /// Time of its last request, or of its connection.
    asked: Mutex<Instant>,
    /// Whether it must close to make room for another connection.
    given_up: AtomicBool,
}

/// The context of a connection's thread.
pub(super) struct Visit<'a> {
    now: &'a dyn Fn() -> Snapshot,
    stop: &'a AtomicBool,
    place: &'a Place,
}

impl Visit<'_> {
    /// The state now.
    pub(super) fn now(&self) -> Snapshot {
        (self.now)()
    }

    /// Whether the connection must end: because the program ends, or to make room for another one.
    pub(super) fn is_over(&self) -> bool {
        self.stop.load(Relaxed) || self.place.given_up.load(Relaxed)
    }

    /// Notes a request.
    pub(super) fn asked(&self) {
        *lock(&self.place.asked) = Instant::now();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server in a thread of its own.
pub(super) struct Server {
    snapshot: Arc<Mutex<Snapshot>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on `address`. Each connection, of at most `most` at a time, is given to `each` in a thread of its own; its
    /// [`Visit`] has the state now, and the time to end.
    ///
    /// # Errors
    /// When there is no thread.
    pub(super) fn start<F>(name: &'static str, address: SocketAddr, most: usize, each: F) -> Result<Self, String>
    where
        F: Fn(TcpStream, &Visit<'_>) + Send + Sync + 'static,
    {
        let (snapshot, stop) = (Arc::<Mutex<Snapshot>>::default(), Arc::<AtomicBool>::default());
        let body = {
            let (snapshot, stop) = (Arc::clone(&snapshot), Arc::clone(&stop));
            move || {
                let now = || lock(&snapshot).clone();
                let each = |stream, place: &Place| each(stream, &Visit { now: &now, stop: &stop, place });
                serve(name, address, most, &stop, each);
            }
        };
        let thread = std::thread::Builder::new().name(name.into()).stack_size(STACK).spawn(body);
        let thread = thread.map_err(|error| format!("no thread for it: {error}"))?;
        Ok(Self { snapshot, stop, thread: Some(thread) })
    }
}

impl Sink for Server {
    fn handle(&mut self, _: &Item, context: &OutputContext) {
        lock(&self.snapshot).clone_from(&context.snapshot);
    }

    fn finish(&mut self, _: &OutputContext) {
        self.stop.store(true, Relaxed);
        // One that panicked has ended as well.
        self.thread.take().into_iter().for_each(|thread| drop(thread.join()));
    }
}

/// Listens on `address` until `stop`; `each` has a connection to itself. Connections beyond `most` are closed at once, unless one
/// of those before makes room.
fn serve(name: &str, address: SocketAddr, most: usize, stop: &AtomicBool, each: impl Fn(TcpStream, &Place) + Sync) {
    let Some(listener) = listen(name, address, stop) else { return };
    let places: Mutex<Vec<Arc<Place>>> = Mutex::default();
    let leave = |place: &Arc<Place>| lock(&places).retain(|other| !Arc::ptr_eq(other, place));
    std::thread::scope(|scope| {
        while !stop.load(Relaxed) {
            let mut polled = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
            if poll(&mut polled, PollTimeout::from(POLL_INTERVAL_MS)).unwrap_or(0) == 0 {
                continue;
            }
            // The client has disconnected already, or no descriptor is left: continue with the next connection.
            let Ok((stream, _)) = listener.accept() else {
                std::thread::sleep(Duration::from_millis(POLL_INTERVAL_MS.into()));
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

/// Reserves one of `most` places; if all are taken, closes the connection that has been idle longest and at least for
/// [`IDLE`]. Returns whether a place was available.
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

/// Opens a listener as soon as the address is available; returns `None` if `stop` is set before.
fn listen(name: &str, address: SocketAddr, stop: &AtomicBool) -> Option<TcpListener> {
    let mut warned = false;
    while !stop.load(Relaxed) {
        match TcpListener::bind(address).and_then(|listener| listener.set_nonblocking(true).map(|()| listener)) {
            Ok(listener) => return Some(listener),
            Err(error) if !std::mem::replace(&mut warned, true) => warn(format!(
                "{name}: cannot listen on {address}: {error}; trying again every second. Is the port taken, or below 1024?"
            )),
            Err(_) => {}
        }
        let mut waited = Duration::ZERO;
        while waited < RETRY && !stop.load(Relaxed) {
            std::thread::sleep(Duration::from_millis(POLL_INTERVAL_MS.into()));
            waited += Duration::from_millis(POLL_INTERVAL_MS.into());
        }
    }
    None
}
