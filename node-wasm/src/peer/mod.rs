//! Peers: who is out there, on which links, and who has proved to be who it says.
//!
//! A link names contacts; a contact becomes a peer when its `Hello`, signed by its node key, echoes this node's
//! session on the link: it holds the key, and it holds it now. Frames that fail are counted by reason; only what a
//! peer itself signed is ever charged to it. Left out: what the messages mean.

mod table;
#[cfg(test)]
mod tests;

pub use table::{Accepted, CONTACTS_MAX, GONE_MAX, Peers, SILENCE_MS_MAX};

use crate::crypto::PublicKey;
use crate::primitives::PeerId;
use crate::token_bucket::TokenBucket;
use crate::units::Timestamp;
use crate::wire::{SessionId, Status};

/// Names a link between its opening and its end; the host chooses it and never uses it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

/// What kind of link carries a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Medium {
    /// The tabs of one browser.
    Broadcast,
    /// A room of the relay.
    Relay,
}

/// Why a frame was refused. None of it costs the named origin anything, who need not have sent it, except
/// [`Refusal::TooFast`], which is judged after the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Refusal {
    /// Not a frame, or not a message.
    #[error("malformed bytes")]
    Malformed,
    /// Another room, or other parameters.
    #[error("another genesis: it is of another room or of another version of the rules")]
    OtherGenesis,
    /// Another version of the protocol.
    #[error("another protocol version")]
    OtherVersion,
    /// Meant for someone else.
    #[error("a frame for someone else")]
    Misdelivered,
    /// A session that was not proved, or is over.
    #[error("an unproved session")]
    Session,
    /// A frame that came before, or out of order.
    #[error("a replayed frame")]
    Replayed,
    /// The signature is not the origin's.
    #[error("a wrong signature")]
    Signature,
    /// More than the peer's budget allows.
    #[error("too many messages")]
    TooFast,
    /// More contacts than a link may name.
    #[error("too many peers")]
    TooMany,
    /// A kind of message that this version does not know.
    #[error("an unknown kind of message")]
    UnknownKind,
}

/// What a peer may ask for at once: two full messages of payments and a sync. A token is about the cost of
/// checking one signature.
pub const BUDGET_BURST: u64 = 4000;
/// What comes back of it each second.
pub const BUDGET_PER_SECOND: u64 = 400;
/// How many bytes of a message are decoded for one token: about as many as in the time that a signature takes.
pub const BYTES_PER_TOKEN: u64 = 8 << 10;
/// How many sessions of a contact that are over are remembered: more reloads than anyone makes in an hour. Beyond that this
/// node's own session is renewed, and no recording is worth anything.
pub const SESSIONS_OVER_MAX: usize = 32;
/// A ping that was not answered for so long, in milliseconds, is given up and may be sent again.
const PING_MS_MAX: u64 = 20_000;

/// A peer that proved itself.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its identity.
    pub id: PeerId,
    /// The key that its frames are signed with.
    pub key: PublicKey,
    /// What it last said that it has.
    pub status: Status,
    /// When it was met.
    pub since: Timestamp,
    /// When a frame of its last came in.
    pub heard: Timestamp,
    /// When it last said what it has.
    pub told: Timestamp,
    /// When it last answered a ping, or was met.
    pub answered: Timestamp,
    /// The last measured time there and back.
    pub latency_ms: Option<u32>,
    /// The links on which it proved itself.
    pub links: Vec<LinkId>,
    /// What it may still ask of this node.
    pub budget: TokenBucket,
    /// What it was answered of late, in bytes: half of it is forgotten with every beat.
    pub answered_bytes: u64,
    /// The unanswered ping: its token, and when it was sent.
    ping: Option<(u64, Timestamp)>,
}

impl Peer {
    fn new(id: PeerId, key: PublicKey, status: Status, now: Timestamp) -> Self {
        Self {
            id,
            key,
            status,
            since: now,
            heard: now,
            told: now,
            answered: now,
            latency_ms: None,
            links: Vec::new(),
            budget: TokenBucket::new(now, BUDGET_BURST, BUDGET_PER_SECOND),
            answered_bytes: 0,
            ping: None,
        }
    }

    /// Whether no ping is on its way.
    #[must_use]
    pub fn may_ping(&self, now: Timestamp) -> bool {
        self.ping.is_none_or(|(_, sent)| now.ms_since(sent) >= PING_MS_MAX)
    }

    /// Pays for reading so many bytes; whether the budget has it.
    #[must_use]
    pub fn pays_for(&mut self, now: Timestamp, bytes: u64) -> bool {
        self.budget.spend(now, bytes / BYTES_PER_TOKEN)
    }

    /// Gives back what reading so many bytes cost: they were asked for, and each question has one answer.
    pub fn pay_back(&mut self, bytes: u64) {
        self.budget.refund(bytes / BYTES_PER_TOKEN);
    }

    /// Takes what the peer says that it has.
    pub fn tells(&mut self, now: Timestamp, status: Status) {
        self.status = status;
        self.told = now;
    }

    /// Begins to count its silence anew: it was this node that was away.
    const fn excuse(&mut self, now: Timestamp) {
        (self.heard, self.told, self.answered) = (now, now, now);
    }

    /// Notes that a ping with this token is on its way.
    pub fn pinged(&mut self, now: Timestamp, token: u64) {
        self.ping = Some((token, now));
    }

    /// Takes the answer to a ping; one that was not asked for changes nothing.
    pub fn ponged(&mut self, now: Timestamp, token: u64) {
        if let Some((expected, sent)) = self.ping
            && expected == token
        {
            self.latency_ms = Some(u32::try_from(now.ms_since(sent)).unwrap_or(u32::MAX));
            self.answered = now;
            self.ping = None;
        }
    }
}

/// What a node knows of someone on one link.
#[derive(Debug, Default)]
struct Contact {
    /// When it was last greeted.
    greeted: Option<Timestamp>,
    /// How often it was greeted without an answer.
    tries: u32,
    /// The last session of its that was echoed to it.
    echoed: Option<SessionId>,
    /// How many greetings were answered since when.
    answers: (Timestamp, u32),
    /// Its session, once proved, and the last sequence number in it.
    proved: Option<(SessionId, u64)>,
    /// The same of its sessions before, since this node's own is the one it is: a recording of one proves nothing.
    over: Vec<(SessionId, u64)>,
    /// Whether the link says that it is gone.
    is_gone: bool,
}

impl Contact {
    /// How many greetings of one contact are answered in [`Self::WINDOW_MS`]: a few reloads, not a flood.
    const ANSWERS_MAX: u32 = 8;
    const WINDOW_MS: u64 = 10_000;

    /// Ends the proved session, if there is one.
    fn end_session(&mut self) {
        if let Some(ended) = self.proved.take() {
            self.over.retain(|(session, _)| *session != ended.0);
            self.over.push(ended);
        }
    }

    /// Whether there is no room to remember one session more.
    fn is_full(&self) -> bool {
        self.over.len() + usize::from(self.proved.is_some()) >= SESSIONS_OVER_MAX
    }

    /// Forgets everything but whether it is there, and the sessions, which are over.
    fn forget(&mut self) {
        self.end_session();
        let (over, is_gone) = (std::mem::take(&mut self.over), self.is_gone);
        *self = Self { tries: table::GREETINGS_MAX, over, is_gone, ..Self::default() };
    }

    /// Whether a frame of a session that is over came before.
    fn has_heard(&self, session: SessionId, sequence: u64) -> bool {
        self.over.iter().any(|(over, last)| *over == session && sequence <= *last)
    }

    /// Notes that the contact's `session` is known; whether to echo it, which is done once for each.
    fn answer(&mut self, now: Timestamp, session: SessionId) -> bool {
        self.echoed != Some(session) && self.answer_again(now, session)
    }

    /// The same for a session that may have been echoed before: the contact has forgotten, or never heard of it.
    fn answer_again(&mut self, now: Timestamp, session: SessionId) -> bool {
        if now.ms_since(self.answers.0) >= Self::WINDOW_MS {
            self.answers = (now, 0);
        }
        self.answers.1 += 1;
        let due = self.answers.1 <= Self::ANSWERS_MAX;
        if due {
            self.echoed = Some(session);
            self.greeted = Some(now);
        }
        due
    }
}
