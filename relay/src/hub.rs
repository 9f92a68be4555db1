//! Where [`Rooms`] meets clock, entropy and queues: one lock around it, held for one input and its outputs.
//!
//! Guarantees that the outputs of an input reach the queues in order and before the next input is taken in. Nothing
//! in here waits for a socket: a queue that is full ends its connection instead.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use node_wasm::units::Timestamp;
use node_wasm::wire::relay::{ByeCode, ResumeToken};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::queue::{Inbox, Outbox, queue};
use crate::rooms::{Input, Output, Rooms, SocketId};

/// At most one line about ended connections in such a time: whoever causes them does not fill the log.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);

/// The rooms, and the queues of their sockets.
#[derive(Debug)]
pub struct Hub {
    state: Mutex<State>,
    started: Instant,
    /// A timeout has come to be earlier than the one that [`Hub::keep_time`] sleeps for.
    earlier: Notify,
    /// Has one receiver per connection that is still up, which is how [`Hub::all_gone`] counts them.
    alive: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    rooms: Rooms,
    outboxes: BTreeMap<SocketId, Outbox>,
    sockets_ever: u64,
}

/// A connection's place in the hub.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) socket: SocketId,
    pub(crate) inbox: Inbox,
    /// Kept for as long as the connection is up.
    pub(crate) alive: watch::Receiver<()>,
}

/// How busy the relay is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Census {
    /// Rooms with members.
    pub rooms: usize,
    /// Open connections.
    pub sockets: usize,
}

impl Default for Hub {
    fn default() -> Self {
        let (alive, _) = watch::channel(());
        Self { state: Mutex::default(), started: Instant::now(), earlier: Notify::new(), alive }
    }
}

impl Hub {
    /// Takes in a new connection.
    ///
    /// # Errors
    /// When the system has no entropy for its resume token.
    pub(crate) fn open(&self) -> Result<Place, getrandom::Error> {
        let mut resume = ResumeToken([0; 16]);
        getrandom::fill(&mut resume.0)?;
        let (outbox, inbox) = queue();
        let mut state = self.lock();
        let socket = SocketId(state.sockets_ever);
        state.sockets_ever += 1;
        state.outboxes.insert(socket, outbox);
        self.handle_locked(&mut state, Input::Opened { socket, resume });
        Ok(Place { socket, inbox, alive: self.alive.subscribe() })
    }

    /// Takes in what happened, and queues what follows from it.
    pub fn handle(&self, input: Input) {
        self.handle_locked(&mut self.lock(), input);
    }

    /// How busy the relay is.
    #[must_use]
    pub fn census(&self) -> Census {
        let state = self.lock();
        Census { rooms: state.rooms.room_count(), sockets: state.rooms.socket_count() }
    }

    /// How many connections the relay has ended, by reason.
    #[must_use]
    pub fn ended(&self) -> BTreeMap<ByeCode, u64> {
        self.lock().rooms.ended().clone()
    }

    /// Feeds the rooms their ticks, for ever.
    pub async fn keep_time(&self) {
        loop {
            let next = self.lock().rooms.next_timeout();
            let wait = next.map_or(Duration::MAX, |at| Duration::from_millis(at.ms_since(self.now())));
            if timeout(wait, self.earlier.notified()).await.is_err() {
                self.handle(Input::Tick);
            }
        }
    }

    /// Logs how many connections were ended and why, for ever.
    pub async fn report(&self) {
        let mut reported = BTreeMap::new();
        loop {
            sleep(REPORT_INTERVAL).await;
            let ended = self.ended();
            if ended != reported {
                let Census { rooms, sockets } = self.census();
                tracing::info!(?ended, rooms, sockets, "connections ended so far, by reason");
                reported = ended;
            }
        }
    }

    /// Waits until no connection is up.
    pub async fn all_gone(&self) {
        self.alive.closed().await;
    }

    fn handle_locked(&self, state: &mut State, input: Input) {
        let timeout = state.rooms.next_timeout();
        state.handle(self.now(), input);
        let earlier = match (timeout, state.rooms.next_timeout()) {
            (Some(before), Some(after)) => after < before,
            (before, after) => before.is_none() && after.is_some(),
        };
        if earlier {
            self.earlier.notify_one();
        }
    }

    /// Milliseconds since the start, so that a wall clock that is set back ends nothing.
    fn now(&self) -> Timestamp {
        Timestamp(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// A panic in another connection's turn is a bug, and no reason to end all the others too.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn handle(&mut self, now: Timestamp, input: Input) {
        if let Input::Closed { socket } = &input {
            self.outboxes.remove(socket);
        }
        self.rooms.handle(now, input);
        let mut overrun = self.perform();
        while let Some(socket) = overrun.pop() {
            self.rooms.handle(now, Input::Failed { socket, code: ByeCode::TooSlow });
            overrun.extend(self.perform());
        }
    }

    /// Queues what the rooms want sent. Returns the sockets whose queues did not take it.
    fn perform(&mut self) -> Vec<SocketId> {
        let mut overrun = Vec::new();
        while let Some(output) = self.rooms.poll() {
            match output {
                Output::Send { socket, bytes } => {
                    if self.outboxes.get(&socket).is_some_and(|outbox| outbox.push(bytes).is_err()) {
                        overrun.push(socket);
                    }
                }
                Output::Close { socket, code, bye } => {
                    if let Some(outbox) = self.outboxes.remove(&socket) {
                        outbox.close(code, bye);
                    }
                }
            }
        }
        overrun
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::limits::JOIN_MS_MAX;
    use crate::queue::Item;

    #[tokio::test(start_paused = true)]
    async fn time_is_kept_for_a_socket_that_comes_after_all_was_quiet() {
        let hub = Arc::new(Hub::default());
        let timer = Arc::clone(&hub);
        tokio::spawn(async move { timer.keep_time().await });
        sleep(Duration::from_secs(3600)).await;
        let opened = Instant::now();
        let mut place = hub.open().expect("entropy");
        let said = timeout(Duration::from_secs(3600), place.inbox.next()).await.expect("not for ever");
        assert!(matches!(said, Some((_, Item::Last { code: ByeCode::Idle, .. }))), "{said:?}");
        // The timer of the runtime is exact to the millisecond.
        let waited = opened.elapsed().as_millis() as u64;
        assert!((JOIN_MS_MAX..JOIN_MS_MAX + 2).contains(&waited), "{waited}");
    }
}
