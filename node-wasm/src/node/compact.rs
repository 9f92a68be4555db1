//! The node's part in announcing blocks: compact casts, rebuilding from the mempool, and the payments that are missing.
//!
//! A block is cast once, by short ids. Whoever lacks payments asks one peer for them by their places; whoever gets no
//! answer, or not the body that the header commits to, fetches the body as any other. Nobody is blamed.
//!
//! So that a room that lacks the same payments does not ask the announcer for them with one voice, only a few, by
//! chance, do. The others ask any peer, which most often has them; one that lacks them itself says so. Then they wait
//! until somebody says to have the block, and ask there.

#[cfg(test)]
mod tests;

use super::{BEAT_MS, EARLY_MAX, Node, network};
use crate::chain::ChainError;
use crate::consensus::RuleError;
use crate::mempool::Waiting;
use crate::peer::{LinkId, Peer};
use crate::primitives::{Block, BlockHash, PeerId, Transaction};
use crate::sync::SLOW_MS;
use crate::units::Timestamp;
use crate::wire::{CompactBlock, Message, Rebuild};

/// Blocks that wait for payments at the same time: a room has one at a time, or two that compete. Each has more work
/// than the tip, and takes at most some 400 KB.
pub(super) const HALF_BUILT_MAX: usize = 4;
/// How many of them one peer may have announced.
const HALF_BUILT_PER_PEER_MAX: usize = 2;
/// How many peers' lists of short ids are tried for a block that waits: the first may be false, and each costs a look
/// at the whole mempool, whatever its length: a hash for each waiting payment, and for the few that its hints let pass a
/// search among at most [`Message::BLOCK_TRANSACTIONS_MAX`] ids.
const LISTS_MAX: u32 = 4;
/// How many waiting payments are looked at for one token of the announcer's budget. A token is about a signature, and a
/// look a short hash, of which a hundred or more cost as much. So whoever announces again and again, other blocks or
/// lists that seem to fit, costs no more than any other message may.
const LOOKS_PER_TOKEN: u64 = 128;
/// How many nodes of a room, on average, ask the announcer itself.
const ASK_ANNOUNCER: u64 = 4;

/// A block that waits for payments.
#[derive(Debug)]
pub(super) struct HalfBuilt {
    hash: BlockHash,
    rebuild: Rebuild,
    link: Option<LinkId>,
    announcer: PeerId,
    /// How many lists of short ids were tried.
    lists: u32,
    /// Who was asked for the payments and has not answered.
    asked: Option<PeerId>,
    /// Whether somebody was asked who did not have them.
    retried: bool,
    /// When somebody is asked, or the answer not waited for any longer.
    due: Timestamp,
}

impl Node {
    /// Tells those of a block whom the cast on `except` did not reach.
    pub(super) fn announce(&mut self, except: Option<LinkId>, block: &Block) {
        let compact = CompactBlock::new(block, self.random_below(u64::MAX));
        self.cast(except, &Message::CompactBlock(Box::new(compact)));
    }

    /// Takes an announcement that came on a link, or a block of this node's own that was set aside.
    pub(super) fn take_compact(
        &mut self,
        now: Timestamp,
        link: Option<LinkId>,
        from: PeerId,
        compact: CompactBlock,
    ) {
        let hash = compact.header.hash();
        let half = self.half_built.iter_mut().find(|half| half.hash == hash);
        let tried = half.is_some_and(|half| {
            half.lists += u32::from(half.announcer != from);
            half.announcer == from || half.lists > LISTS_MAX
        });
        let known = tried || self.chain.block(&hash).is_some();
        // The header first: nothing is done for one without proof of work.
        let taken = if known { Ok(false) } else { self.chain.insert_announced(now, compact.header) };
        self.credit(from, hash);
        match taken {
            Ok(_) if known => {}
            Ok(new) => self.rebuild(now, link, from, &compact, new),
            // Not of one that rests: orphans cost nothing, and a question that is open keeps others from being asked.
            Err(ChainError::UnknownParent(_)) if self.sync.is_free(now, &from) => {
                self.ask_headers(now, from, self.chain.locator());
            }
            Err(ChainError::UnknownParent(_)) => {}
            Err(ChainError::Rule(RuleError::TimeTooLate { .. })) => self.set_aside(link, from, compact),
            Err(error) => self.refused(hash, error),
        }
    }

    /// Keeps a block whose time has not come.
    pub(super) fn set_aside(&mut self, link: Option<LinkId>, from: PeerId, compact: CompactBlock) {
        self.early.truncate(EARLY_MAX - 1);
        self.early.push_front((link, from, compact));
    }

    /// Tries the blocks again whose time had not come.
    pub(super) fn retry_early(&mut self, now: Timestamp) {
        for (link, from, compact) in std::mem::take(&mut self.early) {
            self.take_compact(now, link, from, compact);
        }
    }

    /// Builds a block of waiting payments, and of those of the tip, which its rival is likely to have as well.
    fn rebuild(
        &mut self,
        now: Timestamp,
        link: Option<LinkId>,
        announcer: PeerId,
        compact: &CompactBlock,
        new: bool,
    ) {
        let hash = compact.header.hash();
        let (own, work) = (self.chain.tip().work, self.chain.position(&hash).map(|(_, work)| work));
        // What is behind the tip is fetched if it comes to matter, and so is a rival whose payments are not here: each
        // look for them costs one at the whole mempool.
        if work < Some(own) || (work == Some(own) && !new) {
            return;
        }
        let mut rebuild = Rebuild::new(compact, self.chain.params().block_bytes_max);
        if !rebuild.is_whole() {
            let cost = self.mempool.len() as u64 / LOOKS_PER_TOKEN;
            if self.peers.get_mut(&announcer).is_some_and(|peer| !peer.budget.spend(now, cost)) {
                return self.request_missing(now);
            }
            self.mempool.iter().for_each(|waiting| rebuild.offer(&waiting.id, &waiting.transaction));
            let tip = self.chain.block_at(self.chain.height());
            let confirmed = tip.iter().flat_map(|block| &block.body.transactions);
            confirmed.for_each(|transaction| rebuild.offer(&transaction.id(), transaction));
        }
        if rebuild.is_whole() {
            self.take_rebuilt(now, link, rebuild);
            return;
        }
        if work == Some(own) || self.is_half_built(&hash) {
            return;
        }
        self.make_place(&announcer);
        let (lists, asked, retried, due) = (1, None, false, now);
        self.half_built.push(HalfBuilt { hash, rebuild, link, announcer, lists, asked, retried, due });
        self.look_after_half_built(now);
    }

    /// Gives up the oldest half-built block of a peer that has its share of them, or the oldest of all.
    fn make_place(&mut self, announcer: &PeerId) {
        let own = |half: &HalfBuilt| half.announcer == *announcer;
        let has_share = self.half_built.iter().filter(|half| own(half)).count() >= HALF_BUILT_PER_PEER_MAX;
        let full = self.half_built.len() >= HALF_BUILT_MAX;
        let oldest = self.half_built.iter().position(|half| own(half) || !has_share);
        if let Some(oldest) = oldest.filter(|_| has_share || full) {
            self.half_built.remove(oldest);
        }
    }

    fn take_rebuilt(&mut self, now: Timestamp, link: Option<LinkId>, rebuild: Rebuild) {
        let block = rebuild.finish();
        let hash = block.hash();
        match self.insert_block(now, block) {
            Ok(outcome) => {
                self.isolation.came(&outcome);
                if self.follow(now, outcome)
                    && let Some(block) = self.chain.block(&hash)
                {
                    self.announce(link, &block);
                }
            }
            // Another payment with the same short id, or a list that never fitted: the body is fetched whole.
            Err(ChainError::Rule(RuleError::MerkleRoot { .. })) => self.request_missing(now),
            Err(error) => self.refused(hash, error),
        }
    }

    /// Whether a block waits for payments, so that its body is not asked for yet.
    pub(super) fn is_half_built(&self, hash: &BlockHash) -> bool {
        self.half_built.iter().any(|half| half.hash == *hash)
    }

    /// Asks for the payments that are due, and gives up blocks whose payments did not come or are not needed.
    pub(super) fn look_after_half_built(&mut self, now: Timestamp) {
        for mut half in std::mem::take(&mut self.half_built) {
            if self.chain.block(&half.hash).is_some() || (now >= half.due && half.asked.is_some()) {
                continue;
            }
            if now >= half.due {
                let peer = self.source_of(&half);
                half.asked = Some(peer);
                half.due = now.plus_ms(SLOW_MS);
                self.send(peer, &Message::GetBlockTransactions(half.rebuild.missing(), half.hash));
            }
            self.half_built.push(half);
        }
    }

    /// Whom to ask for a block's payments: at first anybody; then somebody who says to have the block, or the
    /// announcer while nobody does.
    fn source_of(&mut self, half: &HalfBuilt) -> PeerId {
        let near = self.random_below(self.peers.len() as u64) < ASK_ANNOUNCER;
        let work = self.chain.position(&half.hash).map(|(_, work)| work);
        let may_help = |peer: &&Peer| {
            let has_it = Some(peer.status.tip.work) >= work;
            peer.id != half.announcer && if half.retried { has_it } else { !near }
        };
        let others = self.peers.iter().filter(may_help).map(|peer| peer.id).collect();
        self.shuffled(others).first().copied().unwrap_or(half.announcer)
    }

    /// Puts payments that came where they are missing.
    pub(super) fn fill(&mut self, now: Timestamp, payments: &[Waiting]) {
        if self.half_built.is_empty() {
            return;
        }
        for payment in payments {
            self.half_built.iter_mut().for_each(|half| half.rebuild.offer(&payment.id, &payment.transaction));
        }
        for half in std::mem::take(&mut self.half_built) {
            if half.rebuild.is_whole() {
                self.take_rebuilt(now, half.link, half.rebuild);
            } else {
                self.half_built.push(half);
            }
        }
    }

    /// A peer does not have what it was asked for: asks once more, when others have had the time to say what they have.
    pub(super) fn miss_half_built(&mut self, now: Timestamp, asked: PeerId, hashes: &[BlockHash]) {
        let wait = BEAT_MS + self.random_below(network::STATUS_SPREAD_MS);
        let is_missed = |half: &HalfBuilt| half.asked == Some(asked) && hashes.contains(&half.hash);
        self.half_built.retain(|half| !is_missed(half) || !half.retried);
        for half in self.half_built.iter_mut().filter(|half| is_missed(half)) {
            (half.asked, half.retried, half.due) = (None, true, now.plus_ms(wait));
        }
    }

    /// Answers with the payments at rising `places` of a block: each at most once.
    pub(super) fn serve_block_transactions(
        &mut self,
        now: Timestamp,
        to: PeerId,
        places: &[u16],
        hash: BlockHash,
    ) {
        let block = self.chain.block(&hash).filter(|_| places.is_sorted_by(|a, b| a < b));
        let all = block.as_ref().map_or(&[][..], |block| &block.body.transactions);
        let wanted = places.iter().filter_map(|place| all.get(usize::from(*place)).cloned());
        let wanted: Vec<Transaction> = wanted.collect();
        if wanted.is_empty() {
            self.answer(now, to, &Message::NotFound(vec![hash]));
        }
        for part in wanted.chunks(Message::TRANSACTIONS_MAX) {
            self.answer(now, to, &Message::Transactions(part.to_vec()));
        }
    }
}
