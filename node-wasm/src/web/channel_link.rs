//! The broadcast channel: the tabs of one browser peer without any server.
//!
//! Frames travel in envelopes on a `BroadcastChannel`. Who is there is told by Web Locks: each node holds a lock
//! with its id in the name, so that a closed or crashed tab is missed within a second. Where there are no locks,
//! announcements repeat and expire. Left out: trust; envelopes prove nothing, frames prove their origin.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{BroadcastChannel, MessageEvent};

use super::events::{Events, HostEvent};
use super::locks::{self, Lock};
use crate::codec::{decode, encode};
use crate::host::roll::{Change, Roll};
use crate::node::Input;
use crate::peer::{LinkId, Medium};
use crate::primitives::PeerId;
use crate::units::{RoomName, Timestamp};
use crate::wire::channel::Envelope;
use crate::wire::relay::RELAY_FRAME_BYTES_MAX;

/// How long a node waits for its own lock, in milliseconds; only its own former link can hold it.
const OWN_LOCK_WAIT_MS: u32 = 10_000;

/// This node's presence on the channel of its room; ends when dropped.
pub(super) struct ChannelLink {
    link: LinkId,
    me: PeerId,
    channel: BroadcastChannel,
    prefix: String,
    roll: Roll,
    events: Events,
    lock: Rc<RefCell<Option<Lock>>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl ChannelLink {
    /// Enters the channel.
    pub(super) fn open(room: &RoomName, me: PeerId, link: LinkId, events: &Events) -> Result<Self, JsValue> {
        let channel = BroadcastChannel::new(&format!("tabchain/{room}"))?;
        let sender = events.clone();
        let on_message = Closure::new(move |event: MessageEvent| {
            let Ok(bytes) = event.data().dyn_into::<Uint8Array>() else { return };
            if bytes.length() as usize > RELAY_FRAME_BYTES_MAX {
                return;
            }
            if let Ok(envelope) = decode(&bytes.to_vec()) {
                sender.post(HostEvent::Channel(envelope));
            }
        });
        channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let prefix = format!("tabchain/{room}/peer/");
        let lock = Rc::new(RefCell::new(None));
        let this = Self {
            link,
            me,
            channel: channel.clone(),
            prefix: prefix.clone(),
            roll: Roll::default(),
            events: events.clone(),
            lock: lock.clone(),
            _on_message: on_message,
        };
        let (name, events) = (format!("{prefix}{me}"), events.clone());
        spawn_local(async move {
            let held = locks::acquire(&name, OWN_LOCK_WAIT_MS).await;
            // A link that was dropped meanwhile leaves nobody but this task to hold the lock: it ends with it.
            *lock.borrow_mut() = held.ok().flatten();
            post(&channel, &Envelope::Here { from: me });
            look(prefix, me, events).await;
        });
        Ok(this)
    }

    /// The node's input that opens the link.
    pub(super) fn up(&self, session: crate::wire::SessionId) -> Input {
        Input::LinkUp { link: self.link, medium: Medium::Broadcast, session }
    }

    /// Its name.
    pub(super) const fn link(&self) -> LinkId {
        self.link
    }

    /// Sends a sealed frame.
    pub(super) fn send(&self, to: Option<PeerId>, bytes: Vec<u8>) {
        post(&self.channel, &Envelope::Frame { to, bytes });
    }

    /// Looks who is there; the answer is an event. Called about once a second.
    pub(super) fn look(&self) {
        if !locks::available() {
            post(&self.channel, &Envelope::Here { from: self.me });
        }
        spawn_local(look(self.prefix.clone(), self.me, self.events.clone()));
    }

    /// An envelope came in.
    pub(super) fn take(&mut self, now: Timestamp, envelope: Envelope) -> Option<Input> {
        match envelope {
            Envelope::Here { from } if locks::available() => {
                if from != self.me {
                    self.look();
                }
                None
            }
            Envelope::Here { from } => {
                let change = self.roll.heard(now, from)?;
                // The newcomer missed the earlier announcements.
                post(&self.channel, &Envelope::Here { from: self.me });
                Some(self.input(change))
            }
            Envelope::Frame { to, bytes } => {
                (to.is_none_or(|to| to == self.me)).then_some(Input::Received { link: self.link, bytes })
            }
        }
    }

    /// The members were looked up; `None` where only announcements tell.
    pub(super) fn members(&mut self, now: Timestamp, present: Option<Vec<PeerId>>) -> Vec<Input> {
        let changes = match present {
            Some(present) => {
                let mut members = BTreeSet::new();
                members.extend(present);
                self.roll.set(now, &members)
            }
            None => self.roll.expire(now),
        };
        changes.into_iter().map(|change| self.input(change)).collect()
    }

    const fn input(&self, change: Change) -> Input {
        match change {
            Change::Joined(peer) => Input::PeerJoined { link: self.link, peer },
            Change::Left(peer) => Input::PeerLeft { link: self.link, peer },
        }
    }
}

impl Drop for ChannelLink {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
        self.lock.borrow_mut().take();
    }
}

async fn look(prefix: String, me: PeerId, events: Events) {
    let held = locks::held(&prefix).await.ok();
    let present = held
        .map(|names| names.iter().filter_map(|name| name.parse().ok()).filter(|peer| *peer != me).collect());
    events.post(HostEvent::ChannelMembers(present));
}

fn post(channel: &BroadcastChannel, envelope: &Envelope) {
    // Fails only on a closed channel, whose link is about to be dropped.
    let _ = channel.post_message(&Uint8Array::from(encode(envelope).as_slice()));
}
