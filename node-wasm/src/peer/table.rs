//! The table of links, contacts and peers, and the handshake that turns one into the other.

use std::collections::BTreeMap;

use super::{Contact, LinkId, Medium, Peer, Refusal};
use crate::primitives::{BlockHash, PeerId};
use crate::units::Timestamp;
use crate::wire::{Frame, Hello, Message, MessageError, SessionId, Status, UnsealedFrame};

/// How many contacts one link may name: twice the largest room of the relay.
pub const CONTACTS_MAX: usize = 1024;
/// How many of them the link itself need not have named: keys are free. With so many, those that are silent make room.
const UNNAMED_MAX: usize = CONTACTS_MAX / 2;
/// Of how many that are gone a link remembers the sessions, so that a relay that says someone left cannot play its
/// recording. With half of it nobody proves itself before the link's session is renewed; those who are there may leave too.
pub const GONE_MAX: usize = 2 * CONTACTS_MAX;
/// A link's session is not renewed again for so long, in milliseconds: each time everyone greets anew, in three frames or
/// four, and whoever comes back often enough can bring it about.
const RENEWAL_MS: u64 = 60_000;
/// A peer that says nothing for so long is gone, in milliseconds: four of its signs of life were missed.
pub const SILENCE_MS_MAX: u64 = 60_000;
/// How long to wait before a contact that did not answer is greeted again, in milliseconds.
const GREETING_MS: u64 = 3_000;
/// How often it is greeted before it has to come forward itself.
pub(super) const GREETINGS_MAX: u32 = 4;

#[derive(Debug)]
struct Link {
    medium: Medium,
    session: SessionId,
    sequence: u64,
    contacts: BTreeMap<PeerId, Box<Contact>>,
    /// How many of the contacts are there.
    present: usize,
    /// When its session was renewed last.
    renewed: Timestamp,
}

impl Link {
    /// The contact, made if there is none and the link names fewer than `limit`.
    fn admit(&mut self, peer: PeerId, limit: usize) -> Result<&mut Contact, Refusal> {
        let is_absent = self.contacts.get(&peer).is_none_or(|contact| contact.is_gone);
        if is_absent && self.present >= limit {
            return Err(Refusal::TooMany);
        }
        self.present += usize::from(is_absent);
        let contact = self.contacts.entry(peer).or_default();
        contact.is_gone = false;
        Ok(contact)
    }

    /// Has contacts leave that did not prove themselves, if there are many: whoever names them need not say that they are
    /// gone. Whoever lives is greeted again at its next sign of life, and not silent for as long as this takes.
    fn make_room(&mut self, now: Timestamp) {
        if self.present < UNNAMED_MAX {
            return;
        }
        let is_silent = |contact: &Contact| {
            let waited = contact.greeted.is_none_or(|at| now.ms_since(at) >= SILENCE_MS_MAX);
            !contact.is_gone && contact.proved.is_none() && contact.tries >= GREETINGS_MAX && waited
        };
        let silent = self.contacts.iter().filter(|(_, contact)| is_silent(contact)).map(|(peer, _)| *peer);
        // Some stay: a link that names somebody is one to be heard on, and to doubt.
        let silent: Vec<PeerId> = silent.take(self.present - UNNAMED_MAX / 2).collect();
        silent.into_iter().for_each(|peer| self.depart(peer));
    }

    /// Takes note that a contact left: of one that was proved its sessions stay.
    fn depart(&mut self, peer: PeerId) {
        let Some(contact) = self.contacts.get_mut(&peer) else { return };
        contact.forget();
        self.present -= usize::from(!contact.is_gone);
        contact.is_gone = true;
        if contact.over.is_empty() {
            self.contacts.remove(&peer);
        }
    }

    /// Goes on in another session: no greeting that was recorded echoes it, so that the sessions of others that are over
    /// need not be remembered. Peers find a session that is not proved, and greet.
    ///
    /// # Errors
    /// When that was done a moment ago.
    fn renew(&mut self, now: Timestamp) -> Result<(), Refusal> {
        if now.ms_since(self.renewed) < RENEWAL_MS {
            return Err(Refusal::TooMany);
        }
        self.renewed = now;
        // Nobody echoes what was never said: it has to be another one, and not a secret.
        self.session = SessionId(u128::from_be_bytes(self.session.0).wrapping_add(1).to_be_bytes());
        self.contacts.retain(|_, contact| !contact.is_gone);
        self.contacts.values_mut().for_each(|contact| contact.over.clear());
        Ok(())
    }
}

/// Links, contacts and peers. What the maps by peer hold is boxed, so that to the compiler they are one type: the
/// code of a map is some 6 KB of the page.
#[derive(Debug)]
pub struct Peers {
    me: PeerId,
    genesis: BlockHash,
    links: BTreeMap<LinkId, Box<Link>>,
    peers: BTreeMap<PeerId, Box<Peer>>,
}

/// A frame whose origin is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// A message of a peer.
    Message(PeerId, Message),
    /// A greeting: answer it with this echo, if one is due.
    Hello {
        /// Who greets.
        from: PeerId,
        /// The session to echo back.
        echo: Option<SessionId>,
        /// Whether it is a peer from here on and was not before.
        new: bool,
        /// Whether it greets within a session that is proved already: it has forgotten what it was asked.
        again: bool,
    },
    /// A known contact speaks in a session that is not proved: greet it, it missed something.
    Stranger(PeerId),
}

impl Peers {
    /// Nobody yet.
    #[must_use]
    pub const fn new(me: PeerId, genesis: BlockHash) -> Self {
        Self { me, genesis, links: BTreeMap::new(), peers: BTreeMap::new() }
    }

    /// Opens a link.
    pub fn link_up(&mut self, link: LinkId, medium: Medium, session: SessionId) {
        let (contacts, renewed) = (BTreeMap::new(), Timestamp(0));
        let opened = Link { medium, session, sequence: 0, contacts, present: 0, renewed };
        self.links.insert(link, Box::new(opened));
    }

    /// Ends a link; gives the peers that are out of reach now.
    pub fn link_down(&mut self, link: LinkId) -> Vec<PeerId> {
        self.links.remove(&link);
        let reached: Vec<PeerId> =
            self.peers.values().filter(|peer| peer.links.contains(&link)).map(|peer| peer.id).collect();
        reached.into_iter().filter(|peer| self.unlink(link, peer)).collect()
    }

    /// Notes a contact; whether it is one that should be greeted.
    pub fn joined(&mut self, now: Timestamp, link: LinkId, peer: PeerId) -> bool {
        if peer == self.me {
            return false;
        }
        let Some(link) = self.links.get_mut(&link) else { return false };
        let Ok(contact) = link.admit(peer, CONTACTS_MAX) else { return false };
        contact.greeted = Some(now);
        contact.tries = 1;
        contact.proved.is_none()
    }

    /// Takes note that a contact left; whether a peer is out of reach now.
    pub fn left(&mut self, link: LinkId, peer: PeerId) -> bool {
        if let Some(link) = self.links.get_mut(&link) {
            link.depart(peer);
        }
        self.unlink(link, &peer)
    }

    /// Begins to count everyone's silence anew: it was this node that was away.
    pub fn excuse_silence(&mut self, now: Timestamp) {
        for peer in self.peers.values_mut() {
            peer.excuse(now);
        }
    }

    /// Whether a peer was answered more of late than the peers are on average.
    #[must_use]
    pub fn has_had_its_share(&self, peer: &PeerId) -> bool {
        let all = self.iter().map(|peer| peer.answered_bytes).fold(0, u64::saturating_add);
        self.get(peer).is_some_and(|peer| peer.answered_bytes > all / self.len() as u64)
    }

    /// Forgets half of what everyone was answered.
    pub fn forget_answers(&mut self) {
        for peer in self.peers.values_mut() {
            peer.answered_bytes /= 2;
        }
    }

    /// Drops peers that were silent for too long; gives them.
    pub fn drop_silent(&mut self, now: Timestamp) -> Vec<PeerId> {
        let silent = |peer: &&Peer| now.ms_since(peer.heard) > SILENCE_MS_MAX;
        let gone: Vec<PeerId> = self.iter().filter(silent).map(|peer| peer.id).collect();
        for peer in &gone {
            self.peers.remove(peer);
            for link in self.links.values_mut() {
                if let Some(contact) = link.contacts.get_mut(peer) {
                    contact.forget();
                }
            }
        }
        gone
    }

    /// Contacts that did not answer their greeting and are due for another; those that were silent for too long make
    /// room where there are many.
    pub fn ungreeted(&mut self, now: Timestamp) -> Vec<(LinkId, PeerId)> {
        let mut due = Vec::new();
        for (link, entry) in &mut self.links {
            entry.make_room(now);
            for (peer, contact) in &mut entry.contacts {
                let waited = contact.greeted.is_none_or(|at| now.ms_since(at) >= GREETING_MS);
                if contact.proved.is_none() && waited && contact.tries < GREETINGS_MAX {
                    contact.greeted = Some(now);
                    contact.tries += 1;
                    due.push((*link, *peer));
                }
            }
        }
        due
    }

    /// The frame that carries a message over a link; `None` when the link is gone.
    pub fn frame(
        &mut self,
        link: LinkId,
        recipient: Option<PeerId>,
        message: &Message,
    ) -> Option<UnsealedFrame> {
        let entry = self.links.get_mut(&link)?;
        entry.sequence += 1;
        Some(UnsealedFrame {
            genesis: self.genesis,
            origin: self.me,
            session: entry.session,
            sequence: entry.sequence,
            recipient,
            payload: message.encode(),
        })
    }

    /// Finds out whether a frame is from whom it says, and reads it. `Ok(None)` is this node's own frame, come
    /// back.
    ///
    /// # Errors
    /// Why the frame is dropped.
    pub fn accept(
        &mut self,
        now: Timestamp,
        link: LinkId,
        bytes: &[u8],
    ) -> Result<Option<Accepted>, Refusal> {
        let frame = Frame::decode(bytes).map_err(|_| Refusal::Malformed)?;
        let unsealed = &frame.unsealed;
        if unsealed.origin == self.me {
            return Ok(None);
        }
        if unsealed.genesis != self.genesis {
            return Err(Refusal::OtherGenesis);
        }
        if unsealed.recipient.is_some_and(|recipient| recipient != self.me) {
            return Err(Refusal::Misdelivered);
        }
        match self.contact(link, &unsealed.origin).and_then(|contact| contact.proved) {
            Some((session, last)) if session == unsealed.session => {
                if unsealed.sequence <= last {
                    return Err(Refusal::Replayed);
                }
                self.accept_message(now, link, &frame).map(Some)
            }
            _ => self.accept_stranger(now, link, &frame).map(Some),
        }
    }

    /// The peers, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Peer> {
        self.peers.values().map(|peer| &**peer)
    }

    /// How many peers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// How many contacts the link has that names most of them.
    #[must_use]
    pub fn contacts_max(&self) -> usize {
        self.links.values().map(|link| link.contacts.len()).max().unwrap_or_default()
    }

    /// How many sessions that are over are remembered of the contact of which most are.
    #[must_use]
    pub fn sessions_over_max(&self) -> usize {
        let contacts = self.links.values().flat_map(|link| link.contacts.values());
        contacts.map(|contact| contact.over.len()).max().unwrap_or_default()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// A peer.
    #[must_use]
    pub fn get(&self, peer: &PeerId) -> Option<&Peer> {
        self.peers.get(peer).map(|peer| &**peer)
    }

    /// A peer, to be changed.
    pub fn get_mut(&mut self, peer: &PeerId) -> Option<&mut Peer> {
        self.peers.get_mut(peer).map(|peer| &mut **peer)
    }

    /// The shortest way to a peer: a link of the browser's own before one through the relay.
    #[must_use]
    pub fn path(&self, peer: &PeerId) -> Option<LinkId> {
        let links = self.peers.get(peer)?.links.iter().copied();
        links.min_by_key(|link| (self.medium(*link), *link))
    }

    /// What a link is; a link that is gone counts as the relay's.
    #[must_use]
    pub fn medium(&self, link: LinkId) -> Medium {
        self.links.get(&link).map_or(Medium::Relay, |link| link.medium)
    }

    /// The links to cast on so that every peer is reached that a cast on `except` did not reach, as few as
    /// possible: the link with the most peers first.
    #[must_use]
    pub fn cast_links(&self, except: Option<LinkId>) -> Vec<LinkId> {
        let reach = |link: &LinkId| self.peers.values().filter(|peer| peer.links.contains(link)).count();
        let mut others: Vec<LinkId> =
            self.links.keys().copied().filter(|link| Some(*link) != except).collect();
        let first = |link: &LinkId| (std::cmp::Reverse(reach(link)), self.medium(*link), *link);
        let (mut chosen, mut heard) = (Vec::new(), Vec::from_iter(except));
        while let Some(link) = others.iter().copied().min_by_key(first) {
            others.retain(|other| *other != link);
            let hears = |peer: &Peer| peer.links.iter().any(|link| heard.contains(link));
            if self.peers.values().any(|peer| peer.links.contains(&link) && !hears(peer)) {
                heard.push(link);
                chosen.push(link);
            }
        }
        chosen
    }

    /// The links that name somebody. Two that forgot each other meet again if they are heard there, and who is reached
    /// twice hears by the one what the other leaves out.
    #[must_use]
    pub fn links_with_members(&self) -> Vec<LinkId> {
        self.links.iter().filter(|(_, link)| link.present > 0).map(|(id, _)| *id).collect()
    }

    fn contact(&mut self, link: LinkId, peer: &PeerId) -> Option<&mut Contact> {
        self.links.get_mut(&link)?.contacts.get_mut(peer).map(|contact| &mut **contact)
    }

    fn accept_message(&mut self, now: Timestamp, link: LinkId, frame: &Frame) -> Result<Accepted, Refusal> {
        let origin = frame.unsealed.origin;
        let peer = self.peers.get_mut(&origin).ok_or(Refusal::Session)?;
        if !frame.is_sealed_by(&peer.key) {
            return Err(Refusal::Signature);
        }
        let payload = &frame.unsealed.payload;
        let is_paid = peer.pays_for(now, payload.len() as u64);
        let message = if is_paid { read(payload) } else { Err(Refusal::TooFast) };
        peer.heard = now;
        if let Ok(Message::Hello(hello)) = &message {
            peer.tells(now, hello.status);
        }
        let (session, sequence) = (frame.unsealed.session, frame.unsealed.sequence);
        let own = self.links.get(&link).map(|link| link.session);
        let contact = self.contact(link, &origin).ok_or(Refusal::Session)?;
        contact.proved = Some((session, sequence));
        let message = message?;
        if message.is_question() && frame.unsealed.recipient.is_none() {
            return Err(Refusal::Misdelivered);
        }
        let Message::Hello(hello) = &message else { return Ok(Accepted::Message(origin, message)) };
        // Without the echo it has forgotten this node, or never heard its answer.
        let again = hello.echo != own;
        let due = again && contact.answer_again(now, session);
        Ok(Accepted::Hello { from: origin, echo: due.then_some(session), new: false, again })
    }

    /// A frame outside a proved session: only a greeting counts.
    fn accept_stranger(&mut self, now: Timestamp, link: LinkId, frame: &Frame) -> Result<Accepted, Refusal> {
        let (origin, session) = (frame.unsealed.origin, frame.unsealed.session);
        let payload = &frame.unsealed.payload;
        // Nothing else is so much as read: nobody pays for it.
        let greeting = Message::is_greeting(payload).then(|| read(payload)).transpose()?;
        let Some(Message::Hello(hello)) = greeting else {
            let contact = self.contact(link, &origin).ok_or(Refusal::Session)?;
            if contact.greeted.is_some_and(|at| now.ms_since(at) < GREETING_MS) {
                return Err(Refusal::Session);
            }
            contact.greeted = Some(now);
            return Ok(Accepted::Stranger(origin));
        };
        if !frame.is_sealed_by(&hello.key) {
            return Err(Refusal::Signature);
        }
        if hello.version != Message::VERSION {
            return Err(Refusal::OtherVersion);
        }
        let entry = self.links.get_mut(&link).ok_or(Refusal::Session)?;
        let known = entry.contacts.get(&origin);
        if known.is_some_and(|contact| contact.has_heard(session, frame.unsealed.sequence)) {
            return Err(Refusal::Replayed);
        }
        let is_full = known.is_some_and(|contact| contact.is_full())
            || entry.contacts.len() - entry.present >= GONE_MAX / 2;
        if is_full && hello.echo == Some(entry.session) {
            entry.renew(now)?;
        }
        let proved = hello.echo == Some(entry.session);
        let contact = entry.admit(origin, UNNAMED_MAX)?;
        // Whoever greets without the echo has not heard the answer, if there was one.
        let due = if proved { contact.answer(now, session) } else { contact.answer_again(now, session) };
        let echo = due.then_some(session);
        if proved {
            contact.end_session();
            contact.proved = Some((session, frame.unsealed.sequence));
        }
        let new = proved && self.prove(now, link, origin, &hello);
        Ok(Accepted::Hello { from: origin, echo, new, again: false })
    }

    /// Notes a proved peer; whether it is new.
    fn prove(&mut self, now: Timestamp, link: LinkId, origin: PeerId, hello: &Hello) -> bool {
        let new = !self.peers.contains_key(&origin);
        let peer = self
            .peers
            .entry(origin)
            .or_insert_with(|| Box::new(Peer::new(origin, hello.key, hello.status, now)));
        peer.heard = now;
        peer.tells(now, hello.status);
        if !peer.links.contains(&link) {
            peer.links.push(link);
        }
        new
    }

    /// Takes a link from a peer; whether that was its last.
    fn unlink(&mut self, link: LinkId, peer: &PeerId) -> bool {
        let Some(entry) = self.peers.get_mut(peer) else { return false };
        entry.links.retain(|other| *other != link);
        let gone = entry.links.is_empty();
        if gone {
            self.peers.remove(peer);
        }
        gone
    }

    /// The greeting for a peer.
    #[must_use]
    pub fn hello(key: crate::crypto::PublicKey, echo: Option<SessionId>, status: Status) -> Message {
        Message::Hello(Hello { version: Message::VERSION, key, echo, status })
    }
}

fn read(payload: &[u8]) -> Result<Message, Refusal> {
    Message::decode(payload).map_err(|error| match error {
        MessageError::UnknownKind(_) => Refusal::UnknownKind,
        MessageError::Malformed { .. } | MessageError::TooMany { .. } => Refusal::Malformed,
    })
}
