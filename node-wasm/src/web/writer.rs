//! Write-behind: what the node changes reaches the disk soon, in order and whole.
//!
//! Changes gather while a transaction is under way and go into the next one together, so that a sync of thousands
//! of blocks is a few transactions, and a reorg is never stored by half. What gathers is at most one entry per
//! height and per waiting payment, each shared with the node, so it needs no bound of its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use futures::channel::oneshot;
use wasm_bindgen_futures::spawn_local;

use super::disk::{Batch, Disk};
use super::events::{Events, HostEvent};
use crate::chain::ChainUpdate;
use crate::codec::encode;
use crate::host::record;
use crate::primitives::{Block, Transaction, TransactionId};

/// The writing side of a slot's database.
pub(super) struct Writer {
    disk: Rc<Disk>,
    events: Events,
    state: Rc<RefCell<State>>,
}

#[derive(Default)]
struct State {
    pending: Pending,
    writing: bool,
    failed: bool,
    rewrites: u32,
    idle: Vec<oneshot::Sender<()>>,
}

#[derive(Default)]
struct Pending {
    clear: bool,
    blocks: BTreeMap<u32, Option<Arc<Block>>>,
    mempool: BTreeMap<TransactionId, Option<Arc<Transaction>>>,
}

impl Writer {
    /// Writes to `disk`; a failure is told as an event, after which nothing more is written.
    pub(super) fn new(disk: Rc<Disk>, events: &Events) -> Self {
        Self { disk, events: events.clone(), state: Rc::default() }
    }

    /// The best chain changed.
    pub(super) fn chain(&self, update: &ChainUpdate) {
        let mut state = self.state.borrow_mut();
        let fork = update.fork_height.0;
        let heights = |count: usize| (fork + 1..).take(count);
        if !update.disconnected.is_empty() {
            state.rewrites += 1;
        }
        state.pending.blocks.extend(heights(update.disconnected.len()).map(|height| (height, None)));
        let connected = update.connected.iter().map(|block| Some(block.clone()));
        state.pending.blocks.extend(heights(update.connected.len()).zip(connected));
        drop(state);
        self.start();
    }

    /// A payment waits, or waits no longer.
    pub(super) fn payment(&self, id: TransactionId, transaction: Option<Arc<Transaction>>) {
        self.state.borrow_mut().pending.mempool.insert(id, transaction);
        self.start();
    }

    /// Forgets the chain and the mempool.
    pub(super) fn clear(&self) {
        let mut state = self.state.borrow_mut();
        state.pending = Pending { clear: true, ..Pending::default() };
        state.rewrites += 1;
        drop(state);
        self.start();
    }

    /// How often stored blocks were replaced: a reader that takes several reads compares it.
    pub(super) fn rewrites(&self) -> u32 {
        self.state.borrow().rewrites
    }

    /// Waits until everything so far is written, or cannot be.
    pub(super) async fn flush(&self) {
        let idle = {
            let mut state = self.state.borrow_mut();
            state.writing.then(|| {
                let (sender, receiver) = oneshot::channel();
                state.idle.push(sender);
                receiver
            })
        };
        if let Some(idle) = idle {
            // The sender is dropped only with the worker.
            let _ = idle.await;
        }
    }

    fn start(&self) {
        let mut state = self.state.borrow_mut();
        if state.writing || state.failed {
            return;
        }
        state.writing = true;
        spawn_local(run(self.disk.clone(), self.events.clone(), self.state.clone()));
    }
}

async fn run(disk: Rc<Disk>, events: Events, state: Rc<RefCell<State>>) {
    while let Some(batch) = next_batch(&state) {
        if let Err(error) = disk.write(&batch).await {
            let mut state = state.borrow_mut();
            state.failed = true;
            state.pending = Pending::default();
            events.post(HostEvent::StoreFailed(error.to_string()));
        }
    }
    let idle = {
        let mut state = state.borrow_mut();
        state.writing = false;
        std::mem::take(&mut state.idle)
    };
    for waiter in idle {
        // Whoever gave up waiting does not mind.
        let _ = waiter.send(());
    }
}

fn next_batch(state: &RefCell<State>) -> Option<Batch> {
    let pending = std::mem::take(&mut state.borrow_mut().pending);
    if !pending.clear && pending.blocks.is_empty() && pending.mempool.is_empty() {
        return None;
    }
    let block =
        |(height, block): (u32, Option<Arc<Block>>)| (height, block.map(|block| record::write(&block)));
    let payment = |(id, payment): (TransactionId, Option<Arc<Transaction>>)| {
        (id, payment.map(|payment| record::seal(&encode(&*payment))))
    };
    Some(Batch {
        clear: pending.clear,
        blocks: pending.blocks.into_iter().map(block).collect(),
        mempool: pending.mempool.into_iter().map(payment).collect(),
    })
}
