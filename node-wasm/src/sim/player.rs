//! A player: a real node, the host that drives it, and what the host remembers of it.

use super::conduct::Conduct;
use super::disk::Disk;
use super::plan::Part;
use super::store::Loading;
use crate::crypto::SecretKey;
use crate::host::relay_client::RelayClient;
use crate::host::unwritten::Unwritten;
use crate::miner::Job;
use crate::node::Node;
use crate::peer::LinkId;
use crate::primitives::{Address, PeerId};
use crate::units::Timestamp;
use crate::wire::Tip;

/// A player.
#[derive(Debug)]
pub(super) struct Player {
    /// What it is in the plan.
    pub(super) part: Part,
    pub(super) node_key: SecretKey,
    pub(super) wallet_key: SecretKey,
    pub(super) id: PeerId,
    pub(super) address: Address,
    pub(super) disk: Disk,
    /// None while its machine is off.
    pub(super) life: Option<Life>,
    /// Where its chain ended whenever it was stored.
    pub(super) tips: Vec<Tip>,
    /// How often it was started.
    pub(super) lives: u32,
    /// How many links it ever had.
    pub(super) links: u32,
    /// Its entry among the timers.
    pub(super) due: Option<Timestamp>,
    /// How many blocks it found.
    pub(super) found: u32,
    /// Counts the frames of a conduct that leaves some out or holds them back.
    pub(super) sequence: u64,
}

/// A running node.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) node: Node,
    pub(super) relay: Option<RelayClient>,
    /// The relay's name for its connection.
    pub(super) socket: Option<u64>,
    /// Its link to the tabs of its browser.
    pub(super) browser: Option<LinkId>,
    pub(super) job: Option<Job>,
    /// When its miner finds a nonce for the job.
    pub(super) found_at: Option<Timestamp>,
    pub(super) asleep: bool,
    /// What its disk was not given yet.
    pub(super) unwritten: Unwritten,
    /// What its start left to be loaded.
    pub(super) loading: Option<Loading>,
}

impl Player {
    /// A player with keys made of its place.
    pub(super) fn new(seed: u64, place: usize, part: Part) -> Self {
        let secret = [seed.to_le_bytes(), (place as u64).to_le_bytes()].concat();
        let node_key = SecretKey::derive(&secret, "simulated node");
        let wallet_key = SecretKey::derive(&secret, "simulated wallet");
        Self {
            id: PeerId::of(&node_key.public()),
            address: Address::of(&wallet_key.public()),
            disk: Disk::new(part.storage),
            node_key,
            wallet_key,
            part,
            life: None,
            tips: Vec::new(),
            lives: 0,
            links: 0,
            due: None,
            found: 0,
            sequence: 0,
        }
    }

    /// What its clock shows.
    pub(super) fn clock(&self, now: Timestamp) -> Timestamp {
        now.plus_ms(self.part.ahead_ms)
    }

    /// A link's name, never used before.
    pub(super) fn new_link(&mut self) -> LinkId {
        self.links += 1;
        LinkId(self.links)
    }

    /// The running node, if it is awake.
    pub(super) fn awake(&mut self) -> Option<&mut Life> {
        self.life.as_mut().filter(|life| !life.asleep)
    }

    /// Whether it keeps to the rules.
    pub(super) const fn is_honest(&self) -> bool {
        matches!(self.part.conduct, Conduct::Honest)
    }

    /// When something is due by itself, on the world's clock.
    pub(super) fn next_timeout(&self) -> Option<Timestamp> {
        let life = self.life.as_ref().filter(|life| !life.asleep)?;
        let own = |at: Timestamp| Timestamp(at.0.saturating_sub(self.part.ahead_ms));
        let relay = life.relay.as_ref().and_then(RelayClient::next_timeout);
        let loading = life.loading.as_ref().map(|loading| loading.due);
        let own = [life.node.next_timeout(), relay].into_iter().flatten().map(own);
        own.chain(life.found_at).chain(loading).min()
    }
}
