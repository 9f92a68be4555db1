//! What a slot keeps between visits: the secret seed, the settings, the chain and the waiting payments.
//!
//! Wherever the browser cannot keep it, the node goes on in memory and says so. The seed is on the disk before it
//! is used. A record that does not hold ends the stored chain there: the rest is deleted and fetched again.

use std::rc::Rc;
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use zeroize::{Zeroize, Zeroizing};

use super::disk::{Batch, Disk, DiskError, Meta};
use super::events::{Events, HostEvent};
use super::js::{now, random, sleep};
use super::slots::{self, Slot};
use super::writer::Writer;
use crate::api::{Notice, Storage, Verified};
use crate::codec::{decode, encode};
use crate::host::record::{self, Stored};
use crate::host::verify::Verifier;
use crate::node::{Config, Node};
use crate::primitives::{Block, BlockHash, Transaction, TransactionId};
use crate::units::{RoomName, Timestamp};
use crate::wallet::Wallet;

/// Records per read: 32 MB of the largest blocks, 50 kB of empty ones.
const CHUNK: u32 = 128;
/// Payments that are taken from the store, at most: more do not wait in one mempool.
const PAYMENTS_MAX: u32 = 50_000;
/// How often a check starts over because a reorg replaced records under it.
const VERIFY_ATTEMPTS: u32 = 5;

const SEED: &str = "seed";
/// Where a seed that is not as it was written stays, for whoever can still read it.
const DAMAGED_SEED: &str = "seed.damaged";
const SETTINGS: &str = "settings";
const GENESIS: &str = "genesis";

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

    /// Loads the stored chain into a new node, as far as it holds.
    pub(super) async fn restore(&self, node: &mut Node) -> Result<Option<Notice>, DiskError> {
        let Some(Backend { disk, .. }) = &self.backend else { return Ok(None) };
        let mut next = 1;
        loop {
            let records = disk.blocks(next, CHUNK).await?;
            if records.is_empty() {
                return Ok(None);
            }
            for (height, bytes) in records {
                if let Err(why) = restore_one(node, next, height, &bytes) {
                    disk.truncate(next).await?;
                    return Ok(Some(corrupt(next, &why)));
                }
                next += 1;
            }
        }
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

    /// Checks every stored block from genesis, or every block in memory where nothing is stored. Runs beside the
    /// node: the future holds what it needs.
    pub(super) fn verify(
        &self,
        config: Config,
        in_memory: impl FnOnce() -> Vec<Arc<Block>>,
    ) -> impl Future<Output = Verified> + 'static {
        let stored = self.backend.as_ref().map(|backend| (backend.disk.clone(), backend.writer.clone()));
        let in_memory = if stored.is_none() { in_memory() } else { Vec::new() };
        async move {
            match stored {
                Some((disk, writer)) => verify_stored(&config, &disk, &writer).await,
                None => verify_in_memory(config, &in_memory).await,
            }
        }
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

fn restore_one(node: &mut Node, expected: u32, height: u32, bytes: &[u8]) -> Result<(), String> {
    if height != expected {
        return Err("the record is missing".to_owned());
    }
    match record::read(bytes) {
        Stored::Intact(block) => {
            // The block was in time when it was stored; a clock that was set back since does not make it bad.
            let at = now().max(Timestamp(u64::from(block.header.time.0) * 1000));
            node.restore(at, block).map_err(|error| error.to_string())
        }
        Stored::Damaged(_) => Err("its checksum does not match".to_owned()),
        Stored::Unreadable => Err("it is unreadable".to_owned()),
    }
}

async fn verify_stored(config: &Config, disk: &Disk, writer: &Writer) -> Verified {
    let mut attempt = 0;
    loop {
        attempt += 1;
        writer.flush().await;
        let rewrites = writer.rewrites();
        let mut verifier = Verifier::new(config.clone(), now());
        let mut next = 1;
        loop {
            let records = disk.blocks(next, CHUNK).await.unwrap_or_else(|error| {
                verifier.stop(&error.to_string());
                Vec::new()
            });
            let Some((last, _)) = records.last() else { break };
            next = last + 1;
            for (height, bytes) in &records {
                verifier.push(now(), *height, bytes);
            }
        }
        if !verifier.has_failed() || rewrites == writer.rewrites() || attempt == VERIFY_ATTEMPTS {
            return verifier.finish();
        }
    }
}

async fn verify_in_memory(config: Config, blocks: &[Arc<Block>]) -> Verified {
    let mut verifier = Verifier::new(config, now());
    for (block, height) in blocks.iter().zip(1..) {
        verifier.push(now(), height, &record::write(block));
        if height % CHUNK == 0 {
            sleep(0.0).await;
        }
    }
    verifier.finish()
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

fn corrupt(height: u32, why: &str) -> Notice {
    Notice {
        code: "corrupt-record".to_owned(),
        message: format!(
            "The stored block {height} was bad ({why}). The chain was loaded up to it; the rest comes again from the peers."
        ),
    }
}
