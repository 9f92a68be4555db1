//! What the worker tells its page: answers, updates and log lines, no more often than a page can show them.

use wasm_bindgen::prelude::*;
use web_sys::DedicatedWorkerGlobalScope;

use super::js::{now, to_js};
use super::protocol::FromNode;
use crate::api::{ApiError, LogLevel, LogLine, LogPart, Notice, PeerView, Reply, Update};
use crate::host::RateLimit;
use crate::units::Timestamp;

/// How often the status is sent at most, in milliseconds.
const STATUS_MS: u64 = 250;

/// The page, as its worker sees it.
pub(super) struct Page {
    scope: DedicatedWorkerGlobalScope,
    /// When the status is due; `None` while nothing changed.
    status_due: Option<Timestamp>,
    status_sent: Timestamp,
    peers: Vec<PeerView>,
    lines: RateLimit,
    payments: RateLimit,
    blocks: RateLimit,
}

impl Page {
    /// The page of this worker.
    ///
    /// # Errors
    /// When this is not a worker.
    pub(super) fn new() -> Result<Self, JsValue> {
        Ok(Self {
            scope: js_sys::global().dyn_into()?,
            status_due: None,
            status_sent: Timestamp(0),
            peers: Vec::new(),
            // More lines than anyone reads; a stranger that causes many costs little.
            lines: RateLimit::new(60, 100),
            payments: RateLimit::new(200, 20),
            // In a sync of thousands the page sees the figures run and fetches the last ones.
            blocks: RateLimit::new(100, 100),
        })
    }

    /// Posts a message.
    pub(super) fn post(&self, message: &FromNode) {
        // Plain data can always be posted.
        let _ = self.scope.post_message(&to_js(message));
    }

    /// Answers a call.
    pub(super) fn answer(&self, id: u32, result: Result<Reply, ApiError>) {
        self.post(&FromNode::Answer { id, result });
    }

    /// Sends an update.
    pub(super) fn update(&self, update: Update) {
        self.post(&FromNode::Update(update));
    }

    /// Sends a notice.
    pub(super) fn notice(&self, notice: Notice) {
        self.update(Update::Notice(notice));
    }

    /// Writes a line into the node log, unless there were too many of late.
    pub(super) fn log(&mut self, part: LogPart, level: LogLevel, text: impl Into<String>) {
        let now = now();
        let Some(left_out) = self.lines.allow(now) else { return };
        let mut text = text.into();
        if left_out > 0 {
            text = format!("{text} ({left_out} lines left out before)");
        }
        self.update(Update::Log(LogLine { time: now.0, part, level, text }));
    }

    /// Whether one more payment may be told.
    pub(super) fn may_tell_payment(&mut self) -> bool {
        self.payments.allow(now()).is_some()
    }

    /// Whether one more block may be told.
    pub(super) fn may_tell_block(&mut self) -> bool {
        self.blocks.allow(now()).is_some()
    }

    /// Figures changed: the status is sent soon.
    pub(super) fn status_changed(&mut self) {
        // A clock that was set back must not put the status off.
        let due = self.status_sent.plus_ms(STATUS_MS).min(now().plus_ms(STATUS_MS));
        self.status_due.get_or_insert(due);
    }

    /// When the status has to be sent.
    pub(super) const fn status_due(&self) -> Option<Timestamp> {
        self.status_due
    }

    /// Whether the status has to be sent now; it counts as sent then.
    pub(super) fn take_status_due(&mut self, now: Timestamp) -> bool {
        let due = self.status_due.is_some_and(|due| due <= now);
        if due {
            self.status_due = None;
            self.status_sent = now;
        }
        due
    }

    /// Sends the peers if they changed.
    pub(super) fn peers(&mut self, peers: Vec<PeerView>) {
        if peers != self.peers {
            self.peers.clone_from(&peers);
            self.update(Update::Peers(peers));
        }
    }
}
