//! What the node reports, stored and told to the page.

use super::driver::Driver;
use super::js::now;
use super::store::{bad_snapshot, corrupt};
use crate::api::{LogLevel, LogPart, Update, count, view};
use crate::chain::ChainUpdate;
use crate::host::restore;
use crate::node::{Event, MempoolChange};

impl Driver {
    /// The best chain changed: store it, tell it.
    pub(super) fn chain_changed(&mut self, update: &ChainUpdate) {
        if let Some(writer) = self.store.writer() {
            writer.chain(update);
        }
        if let Some(reorg) = view::reorg(update) {
            let undone = count(reorg.disconnected.len(), "block");
            let came = count(reorg.connected.len(), "block");
            let text = format!("reorg above block {}: {undone} undone, {came} came", reorg.fork_height);
            self.page.log(LogPart::Chain, LogLevel::Warn, text);
            self.page.update(Update::Reorg(reorg));
        }
        let own = self.wallet.address();
        for block in &update.connected {
            // What a file brings is its reader's answer, and no news.
            if !self.importing.is_empty() || !self.page.may_tell_block() {
                continue;
            }
            let summary = view::summary(block, &own);
            let payments = count(summary.transactions, "payment");
            let text = format!("block {}, {}, with {payments}", summary.height, summary.hash);
            self.page.log(LogPart::Chain, LogLevel::Info, text);
            self.page.update(Update::Block(summary));
        }
        self.page.status_changed();
    }

    /// The store brought a block that the node lacked. After the last one, what waited for it is answered.
    pub(super) fn take_stored(&mut self, height: u32, record: &[u8]) {
        let before = self.node.chain().height().0;
        if let Err((lost, why)) = restore::body(&mut self.node, now(), height, record) {
            if let Some(writer) = self.store.writer() {
                writer.drop_snapshot();
            }
            let notice = if lost > before { bad_snapshot(&why) } else { corrupt(lost, &why) };
            self.page.log(LogPart::Storage, LogLevel::Warn, notice.message.clone());
            self.page.notice(notice);
        }
        self.poll_node();
        self.page.status_changed();
        if self.node.chain().unloaded().is_empty() {
            self.take_waiting();
        }
    }

    /// Takes the calls anew that waited for blocks.
    pub(super) fn take_waiting(&mut self) {
        self.loading.drain(..).for_each(|call| self.events.post(call));
    }

    /// The mempool changed: store it, tell what came.
    pub(super) fn mempool_changed(&mut self, change: &MempoolChange) {
        if let Some(writer) = self.store.writer() {
            writer.mempool(change, self.node.mempool());
        }
        for id in &change.added {
            let Some(waiting) = self.node.mempool().get(id) else { continue };
            let transaction = waiting.transaction.clone();
            if self.page.may_tell_payment() {
                let view = view::pending(&self.node, &transaction);
                let text = format!("payment {} of {} waits", view.id, view.amount);
                self.page.log(LogPart::Mempool, LogLevel::Info, text);
                self.page.update(Update::Transaction(Box::new(view)));
            }
        }
        self.page.status_changed();
    }

    /// Something worth a line.
    pub(super) fn node_event(&mut self, event: &Event) {
        let (part, level) = match event {
            Event::PeerConnected { .. } | Event::PeerGone(_) | Event::NotIsolated => {
                (LogPart::Peers, LogLevel::Info)
            }
            Event::PeerRefused { .. } | Event::PeerStalled(_) | Event::PossiblyIsolated => {
                (LogPart::Peers, LogLevel::Warn)
            }
            Event::BlockRefused { .. } => (LogPart::Chain, LogLevel::Warn),
            Event::Mined { .. } => (LogPart::Miner, LogLevel::Info),
            Event::SyncStarted { .. } | Event::SyncFinished(_) => (LogPart::Sync, LogLevel::Info),
        };
        if matches!(event, Event::Mined { .. }) {
            self.miners.won();
        }
        if part == LogPart::Peers {
            self.page.peers(view::peers(&self.node));
        }
        self.page.log(part, level, event.to_string());
        self.page.status_changed();
    }
}
