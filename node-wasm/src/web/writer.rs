//! Write-behind: what the node changes reaches the disk soon, in order and whole.
//!
//! Changes gather while a transaction is under way and go into the next one together, so that a sync of thousands
//! of blocks is a few transactions, and a reorg is never stored by half. A snapshot goes into the transaction of the
//! blocks that it is of, and out with the first of them. What gathers is at most one entry per height and per waiting
//! payment, each shared with the node, so it needs no bound of its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use futures::channel::oneshot;
use wasm_bindgen_futures::spawn_local;

use super::disk::{Batch, Disk};
use super::events::{Events, HostEvent};
use crate::chain::{Chain, ChainUpdate};
use crate::codec::encode;
use crate::host::record;
use crate::host::restore::{self, Schedule};
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
    /// The height of the last stored block.
    top: u32,
    snapshots: Schedule,
    rewrites: u32,
    idle: Vec<oneshot::Sender<()>>,
}

#[derive(Default)]
struct Pending {
    clear: bool,
    blocks: BTreeMap<u32, Option<Arc<Block>>>,
    mempool: BTreeMap<TransactionId, Option<Arc<Transaction>>>,
    snapshot: Option<Option<Vec<u8>>>,
}

impl Pending {
    fn is_empty(&self) -> bool {
        !self.clear && self.snapshot.is_none() && self.blocks.is_empty() && self.mempool.is_empty()
    }
}

impl Writer {
    /// Writes to `disk`; a failure is told as an event, after which nothing more is written.
    pub(super) fn new(disk: Rc<Disk>, events: &Events) -> Self {
        Self { disk, events: events.clone(), state: Rc::default() }
    }

    /// The disk holds this chain, and a snapshot of it at this height; 0 is none.
    pub(super) fn resume(&self, chain: &Chain, snapshot: u32) {
        let mut state = self.state.borrow_mut();
        (state.top, state.snapshots) = (chain.height().0, Schedule::resume(chain, snapshot));
    }

    /// The best chain changed.
    pub(super) fn chain(&self, update: &ChainUpdate) {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let fork = update.fork_height.0;
        if fork < state.top {
            state.rewrites += 1;
        }
        state.pending.blocks.extend((fork + 1..=state.top).map(|height| (height, None)));
        let connected = update.connected.iter().map(|block| Some(block.clone()));
        state.pending.blocks.extend((fork + 1..).zip(connected));
        state.top = fork + update.connected.len() as u32;
        if state.snapshots.follow(update) {
            state.pending.snapshot = Some(None);
        }
    }

    /// Stores what changed, with a snapshot of the chain where one is due. What was told before is of this chain. To be
    /// called after [`HostEvent::Written`] as well: no snapshot is stored while anything is being written.
    pub(super) fn settle(&self, chain: &Chain) {
        let mut state = self.state.borrow_mut();
        // A disk that does not keep up is given no more of them than it writes.
        if !state.writing && !state.failed && state.snapshots.is_due(chain.height()) {
            state.pending.snapshot = Some(Some(restore::write_snapshot(chain)));
            state.snapshots.stored(chain.height());
        }
        drop(state);
        self.start();
    }

    /// A payment waits, or waits no longer.
    pub(super) fn payment(&self, id: TransactionId, transaction: Option<Arc<Transaction>>) {
        self.state.borrow_mut().pending.mempool.insert(id, transaction);
        self.start();
    }

    /// The stored snapshot is not what it should be: [`Self::settle`] stores another, or none.
    pub(super) fn drop_snapshot(&self) {
        let mut state = self.state.borrow_mut();
        (state.pending.snapshot, state.snapshots) = (Some(None), Schedule::without());
    }

    /// Forgets the chain and the mempool.
    pub(super) fn clear(&self) {
        let mut state = self.state.borrow_mut();
        state.pending = Pending { clear: true, ..Pending::default() };
        (state.top, state.snapshots) = (0, Schedule::default());
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
        if state.writing || state.failed || state.pending.is_empty() {
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
    events.post(HostEvent::Written);
    for waiter in idle {
        // Whoever gave up waiting does not mind.
        let _ = waiter.send(());
    }
}

fn next_batch(state: &RefCell<State>) -> Option<Batch> {
    let pending = std::mem::take(&mut state.borrow_mut().pending);
    if pending.is_empty() {
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
        snapshot: pending.snapshot,
    })
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt as _, StreamExt as _};

    use super::*;
    use crate::test;
    use crate::testing::{START, block_on, easy_params};

    #[test]
    async fn a_snapshot_that_is_due_in_the_midst_of_a_write_is_stored_at_its_end() {
        let (events, mut queue) = Events::new();
        let name = format!("test/{}", hex::encode(super::super::js::random::<8>()));
        let disk = Rc::new(Disk::open(&name).await.expect("a database"));
        let writer = Writer::new(disk.clone(), &events);
        let mut chain = Chain::new(easy_params());
        let outcome = chain.insert_block(START, block_on(&chain, START, 1, &[])).expect("a valid block");
        writer.chain(&outcome.update.expect("the tip moves"));
        writer.settle(&chain);
        writer.drop_snapshot();
        writer.settle(&chain);
        writer.flush().await;
        assert!(disk.snapshot().await.expect("readable").is_none());
        assert!(matches!(queue.next().now_or_never(), Some(Some(HostEvent::Written))));
        writer.settle(&chain);
        writer.flush().await;
        let stored = disk.snapshot().await.expect("readable").expect("stored");
        assert_eq!(restore::read_snapshot(&stored), Some(chain.snapshot()));
    }
}
