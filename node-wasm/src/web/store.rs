//! What a slot keeps between visits: the secret seed, the settings, the chain and the waiting payments.
//!
//! Wherever the browser cannot keep it, the node goes on in memory and says so. The seed is on the disk before it
//! is used. A record that does not hold ends the stored chain there: the rest is deleted and fetched again. What makes a
//! chain of records is decided in [`crate::host::restore`].

use std::rc::Rc;
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use zeroize::{Zeroize, Zeroizing};

use super::disk::{Disk, DiskError, Meta};
use super::events::{Events, HostEvent};
use super::js::{now, random, sleep};
use super::slots::{self, Slot};
use super::writer::Writer;
use crate::api::{Notice, Storage, Verified, Verifying};
use crate::chain::Snapshot;
use crate::codec::{decode, encode};
use crate::host::restore::{Bodies, CHUNK};
use crate::host::unwritten::Batch;
use crate::host::verify::Verifier;
use crate::host::{record, restore};
use crate::node::{Config, Node};
use crate::primitives::{Block, BlockHash, Transaction, TransactionId};
use crate::units::RoomName;
use crate::wallet::Wallet;

/// How long a check of the chain keeps the node waiting at a time, in milliseconds.
const SLICE_MS: u64 = 50;
/// Payments that are taken from the store, at most: more do not wait in one mempool.
const PAYMENTS_MAX: u32 = 50_000;
/// How often a check starts over because a reorg replaced records under it.
const VERIFY_ATTEMPTS: u32 = 5;

const SEED: &str = "seed";
/// Where a seed that is not as it was written stays, for whoever can still read it.
const DAMAGED_SEED: &str = "seed.damaged";
const SETTINGS: &str = "settings";
const GENESIS: &str = "genesis";

/// What a check calls the node's own view of its chain.
const BELIEVED: &str = "the node's own ledger";

type Seed = Zeroizing<[u8; Wallet::SEED_BYTES]>;

/// What the user chose.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Settings {
    /// Whether to mine.
    pub(super) mining: bool,
    /// With how many workers.
    pub(super) workers: u32,
    /// With how much of their time, in per cent.
    pub(super) intensity: u32,
    /// Whether to be connected to a relay.
    pub(super) connected: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { mining: false, workers: 1, intensity: 50, connected: true }
    }
}

/// A slot's store.
pub(super) struct Store {
    backend: Option<Backend>,
    /// Held for as long as the worker lives.
    slot: Option<Slot>,
    persistent: bool,
}

struct Backend {
    disk: Rc<Disk>,
    writer: Rc<Writer>,
}

/// What a store held.
pub(super) struct Opened {
    /// The store.
    pub(super) store: Store,
    /// The keys.
    pub(super) wallet: Wallet,
    /// The choices.
    pub(super) settings: Settings,
    /// What the user should know.
    pub(super) notice: Option<Notice>,
}

/// The payments that waited when the tab was last open.
#[derive(Default)]
pub(super) struct StoredPayments {
    /// Those whose records are whole.
    pub(super) payments: Vec<Transaction>,
    /// The ids of all records.
    pub(super) ids: Vec<TransactionId>,
    /// What the user should know.
    pub(super) notice: Option<Notice>,
}

/// What the records of `meta` come to.
struct Kept {
    wallet: Wallet,
    settings: Settings,
    notice: Option<Notice>,
}

impl Store {
    /// Opens a slot of `room`, or goes on in memory.
    pub(super) async fn open(
        room: &RoomName,
        remembers: Option<u32>,
        genesis: BlockHash,
        events: &Events,
    ) -> Opened {
        let (slot, mut why) = match slots::take(room, remembers).await {
            Ok(slot) => (Some(slot), None),
            Err(error) => (None, Some(error.to_string())),
        };
        if let Some(number) = slot.as_ref().map(|slot| slot.number) {
            match open_disk(&slots::database_name(room, number), genesis).await {
                Ok((disk, Kept { wallet, settings, notice })) => {
                    let disk = Rc::new(disk);
                    let writer = Rc::new(Writer::new(disk.clone(), events));
                    let store = Self { backend: Some(Backend { disk, writer }), slot, persistent: false };
                    return Opened { store, wallet, settings, notice };
                }
                Err(error) => why = Some(error.to_string()),
            }
        }
        Opened {
            store: Self { backend: None, slot, persistent: false },
            wallet: Wallet::from_seed(&Zeroizing::new(random())),
            settings: Settings::default(),
            notice: why.map(|why| memory_only(&why)),
        }
    }

    /// The slot's number; 0 is none.
    pub(super) fn slot_number(&self) -> u32 {
        self.slot.as_ref().map_or(0, |slot| slot.number)
    }

    /// Where the chain is kept.
    pub(super) const fn storage(&self) -> Storage {
        match (&self.backend, self.persistent) {
            (None, _) => Storage::Memory,
            (Some(_), true) => Storage::Persistent,
            (Some(_), false) => Storage::BestEffort,
        }
    }

    /// The browser answered whether it keeps the store.
    pub(super) const fn set_persistent(&mut self, persistent: bool) {
        self.persistent = persistent;
    }

    /// The store failed: from here on everything stays in memory.
    pub(super) fn give_up(&mut self, why: &str) -> Notice {
        self.backend = None;
        Notice {
            code: "memory-only".to_owned(),
            message: format!(
                "From here on nothing new is kept when this tab closes: {why}. The key is stored already."
            ),
        }
    }

    /// The writing side, where there is one.
    pub(super) fn writer(&self) -> Option<&Writer> {
        self.backend.as_ref().map(|backend| &*backend.writer)
    }

    /// Keeps the settings.
    pub(super) fn save_settings(&self, settings: &Settings, events: &Events) {
        let Some(backend) = &self.backend else { return };
        let (disk, bytes, events) = (backend.disk.clone(), encode(settings), events.clone());
        wasm_bindgen_futures::spawn_local(async move {
            if let Err(error) = disk.set_meta(SETTINGS, &bytes).await {
                events.post(HostEvent::StoreFailed(error.to_string()));
            }
        });
    }

    /// Loads the stored chain into a new node, as far as it holds: from its snapshot where there is one, without the
    /// bodies below it.
    pub(super) async fn restore(&self, node: &mut Node) -> Result<Vec<Notice>, DiskError> {
        let Some(Backend { disk, writer }) = &self.backend else { return Ok(Vec::new()) };
        let record = disk.snapshot().await?;
        let mut start = restore::Start::new(record.as_deref().map(Vec::as_slice));
        let mut notices = Vec::new();
        loop {
            let records = disk.blocks(start.next(node), CHUNK).await?;
            match start.take(node, now(), records) {
                Ok(true) => {}
                Ok(false) => break,
                Err((height, why)) => {
                    disk.truncate(height).await?;
                    notices.push(corrupt(height, &why));
                    break;
                }
            }
        }
        writer.resume(node.chain(), start.height());
        if let Some(why) = start.refused() {
            writer.drop_snapshot();
            notices.push(bad_snapshot(why));
        }
        Ok(notices)
    }

    /// Reads the records of the blocks that the node still lacks after [`Self::restore`], beside the running node.
    pub(super) fn load(&self, node: &Node, events: &Events) {
        let Some(Backend { disk, .. }) = &self.backend else { return };
        let (disk, events, mut bodies) = (disk.clone(), events.clone(), Bodies::of(node.chain()));
        wasm_bindgen_futures::spawn_local(async move {
            while let Some((from, count)) = bodies.next() {
                let records = disk.blocks(from, count).await.unwrap_or_else(|error| {
                    events.post(HostEvent::StoreFailed(error.to_string()));
                    Vec::new()
                });
                for (height, record) in bodies.take(records) {
                    events.post(HostEvent::Stored { height, record });
                }
            }
        });
    }

    /// The stored payments.
    pub(super) async fn payments(&self) -> StoredPayments {
        let Some(Backend { disk, .. }) = &self.backend else { return StoredPayments::default() };
        let stored = disk.mempool(PAYMENTS_MAX).await.unwrap_or_default();
        let read = |(_, record): &(_, Vec<u8>)| decode(record::open(record)?).ok();
        let payments: Vec<Transaction> = stored.iter().filter_map(read).collect();
        let damaged = stored.len() - payments.len();
        let notice = (damaged > 0).then(|| damaged_payments(damaged));
        StoredPayments { payments, ids: stored.into_iter().map(|(id, _)| id).collect(), notice }
    }

    /// Checks every stored block from genesis, or every block in memory where nothing is stored, and that they come
    /// to what the node believes and what the stored snapshot says. Runs beside the node: the future holds what it needs.
    pub(super) fn verify(
        &self,
        config: Config,
        believed: Snapshot,
        in_memory: impl FnOnce() -> Vec<Arc<Block>>,
        events: &Events,
    ) -> impl Future<Output = Verified> + 'static {
        let stored = self.backend.as_ref().map(|backend| (backend.disk.clone(), backend.writer.clone()));
        let in_memory = if stored.is_none() { in_memory() } else { Vec::new() };
        let check = Check { config, events: events.clone(), in_memory, total: believed.height().0 };
        check.run(stored, believed)
    }
}

async fn open_disk(name: &str, genesis: BlockHash) -> Result<(Disk, Kept), DiskError> {
    let disk = Disk::open(name).await?;
    let (seed, notice) = seed_of(&disk).await?;
    match disk.meta(GENESIS).await? {
        Some(Meta::Intact(stored)) if stored == genesis.0 => {}
        // The blocks themselves show whether they are of this room.
        Some(Meta::Damaged(_)) => disk.set_meta(GENESIS, &genesis.0).await?,
        // The rules of the room changed, or nothing is stored yet: old blocks and payments are worth nothing here.
        Some(Meta::Intact(_)) | None => {
            disk.write(&Batch { clear: true, ..Batch::default() }).await?;
            disk.set_meta(GENESIS, &genesis.0).await?;
        }
    }
    let settings = disk.meta(SETTINGS).await?.and_then(Meta::intact).and_then(|bytes| decode(&bytes).ok());
    Ok((disk, Kept { wallet: Wallet::from_seed(&seed), settings: settings.unwrap_or_default(), notice }))
}

/// The slot's seed, made where there is none. The first damaged one is kept aside.
async fn seed_of(disk: &Disk) -> Result<(Seed, Option<Notice>), DiskError> {
    let notice = match disk.meta(SEED).await? {
        None => None,
        Some(Meta::Intact(mut bytes)) if bytes.len() == Wallet::SEED_BYTES => {
            let mut seed = Seed::default();
            seed.copy_from_slice(&bytes);
            bytes.zeroize();
            return Ok((seed, None));
        }
        Some(Meta::Intact(mut bytes) | Meta::Damaged(mut bytes)) => {
            if disk.meta(DAMAGED_SEED).await?.is_none() {
                disk.set_meta(DAMAGED_SEED, &bytes).await?;
            }
            bytes.zeroize();
            Some(damaged_seed())
        }
    };
    let seed: Seed = Zeroizing::new(random());
    disk.set_meta(SEED, &*seed).await?;
    Ok((seed, notice))
}

/// A check of the chain beside the running node.
struct Check {
    config: Config,
    events: Events,
    /// What is checked where nothing is stored.
    in_memory: Vec<Arc<Block>>,
    /// The height that the node had at first.
    total: u32,
}

impl Check {
    async fn run(self, stored: Option<(Rc<Disk>, Rc<Writer>)>, believed: Snapshot) -> Verified {
        let mut believed = Some(believed);
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut verifier = Verifier::new(self.config.clone(), now());
            let mut rewrites = 0;
            if let Some((disk, writer)) = &stored {
                writer.flush().await;
                rewrites = writer.rewrites();
                match disk.snapshot().await {
                    Ok(record) => record.into_iter().for_each(|record| verifier.believe_record(&record)),
                    Err(error) => verifier.stop(&error.to_string()),
                }
            }
            // After a reorg the node believes something else.
            believed.take().into_iter().for_each(|believed| verifier.believe(BELIEVED, believed));
            self.feed(&mut verifier, stored.as_ref().map(|(disk, _)| &**disk)).await;
            let rewritten = stored.as_ref().is_some_and(|(_, writer)| writer.rewrites() != rewrites);
            if !verifier.has_failed() || !rewritten || attempt == VERIFY_ATTEMPTS {
                return verifier.finish();
            }
        }
    }

    /// Checks record after record; tells how far it is, and lets the node work, again and again.
    async fn feed(&self, verifier: &mut Verifier, disk: Option<&Disk>) {
        let (mut next, mut slice) = (1, now());
        loop {
            let records = match disk {
                Some(disk) => disk.blocks(next, CHUNK).await.unwrap_or_else(|error| {
                    verifier.stop(&error.to_string());
                    Vec::new()
                }),
                None => (next..)
                    .zip(self.in_memory.iter().skip(next as usize - 1).map(|block| record::write(block)))
                    .take(CHUNK as usize)
                    .collect(),
            };
            let Some((last, _)) = records.last() else { return };
            next = last + 1;
            for (height, bytes) in records {
                verifier.push(now(), height, &bytes);
                if now().ms_since(slice) >= SLICE_MS {
                    let progress = Verifying { height, total: self.total.max(height) };
                    self.events.post(HostEvent::Verifying(progress));
                    sleep(0.0).await;
                    slice = now();
                }
            }
        }
    }
}

fn memory_only(why: &str) -> Notice {
    Notice {
        code: "memory-only".to_owned(),
        message: format!("Nothing is kept when this tab closes, the key included: {why}."),
    }
}

fn damaged_seed() -> Notice {
    Notice {
        code: "key-damaged".to_owned(),
        message: "The stored key was damaged, and with it the way to its balance. This tab has a new key; what is left of \
            the old one stays in the browser's store."
            .to_owned(),
    }
}

fn damaged_payments(count: usize) -> Notice {
    Notice {
        code: "corrupt-record".to_owned(),
        message: format!(
            "Waiting payments whose records were damaged: {count}. They are gone from this tab; peers may have them."
        ),
    }
}

/// The snapshot was of no use.
pub(super) fn bad_snapshot(why: &str) -> Notice {
    Notice {
        code: "corrupt-snapshot".to_owned(),
        message: format!(
            "The stored balances were bad ({why}). They were computed again from the stored blocks."
        ),
    }
}

/// A block was lost.
pub(super) fn corrupt(height: u32, why: &str) -> Notice {
    Notice {
        code: "corrupt-record".to_owned(),
        message: format!(
            "The stored block {height} was bad ({why}). The chain was loaded up to it; the rest comes again from the peers."
        ),
    }
}
