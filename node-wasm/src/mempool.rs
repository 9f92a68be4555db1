//! The mempool: valid payments that wait for a block.
//!
//! Every waiting payment passed the rules that depend on no balance, and when it came its sender could pay for it
//! and all its earlier ones. Bounded in bytes, per sender and in time; the best payers stay, among those that a block can
//! have. Left out: where payments come from, and telling others.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use crate::chain::{Account, ChainUpdate};
use crate::consensus::RuleError;
use crate::primitives::{Address, Block, Transaction, TransactionId};
use crate::units::{Amount, Timestamp};

/// All waiting payments together, in bytes: sixteen full blocks.
pub const MEMPOOL_BYTES_MAX: u64 = 4 << 20;
/// How many payments of one sender may wait, and how far its nonces may be ahead of the chain.
pub const PER_SENDER_MAX: u64 = 64;
/// How long a payment waits before it is dropped, in milliseconds: a day.
pub const EXPIRY_MS: u64 = 24 * 60 * 60 * 1000;
/// The least fee that is taken and forwarded: spam costs something.
pub const FEE_MIN: Amount = Amount(1);

/// Why a payment is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MempoolError {
    /// It breaks a rule of the chain, or would by the time its turn comes.
    #[error("{code}: {0}", code = .0.code())]
    Rule(#[from] RuleError),
    /// It waits already.
    #[error("this payment waits already")]
    Duplicate,
    /// Another payment with the nonce waits, and this one does not pay enough more.
    #[error("a payment with this nonce waits already; to replace it the fee must be at least {needed}")]
    ReplacementFee {
        /// The least fee that would do.
        needed: u64,
    },
    /// The nonce is too far ahead of the sender's last confirmed payment.
    #[error("at most {PER_SENDER_MAX} payments of one sender can wait")]
    TooManyPending,
    /// Full of payments that pay more for their size, as any does than one that no block can have.
    #[error("the mempool is full: a higher fee is needed")]
    Full,
    /// Below [`FEE_MIN`].
    #[error("the fee is below the least of {FEE_MIN}")]
    FeeTooLow,
}

/// A waiting payment.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The payment.
    pub transaction: Arc<Transaction>,
    /// Its id.
    pub id: TransactionId,
    /// Who pays.
    pub sender: Address,
    /// When it came.
    pub since: Timestamp,
    /// Whether its signature was checked when it came. Of a payment that came back with a reorg it was once, and is again.
    checked: bool,
}

/// How much a payment pays per byte: compared without rounding.
#[derive(Clone, Copy, Debug)]
struct FeeRate {
    fee: u64,
    size: u64,
}

/// Whose payments wait. Boxed, as what other maps hold: to the compiler they are one type.
#[derive(Clone, Debug, Default)]
struct Sender {
    /// What the chain knows of it.
    account: Account,
    nonces: BTreeMap<u64, TransactionId>,
}

/// A payment's place among those that can go: its rate, and its id where rates are equal.
type Place = (FeeRate, TransactionId);

/// The waiting payments.
#[derive(Clone, Debug, Default)]
pub struct Mempool {
    by_id: BTreeMap<TransactionId, Box<Waiting>>,
    by_sender: BTreeMap<Address, Box<Sender>>,
    /// The last payment of each sender, the worst payer first: what can go without making others impossible.
    tails: BTreeSet<Place>,
    bytes: u64,
    digest: u64,
}

impl Mempool {
    /// Takes a payment whose own rules were checked, its signature among them, from a sender with this `account`. Gives what it displaced.
    ///
    /// # Errors
    /// When it does not get in; nothing changes then.
    pub fn insert(&mut self, waiting: Waiting, account: Account) -> Result<Vec<TransactionId>, MempoolError> {
        self.check(&waiting, account)?;
        self.make_room(Waiting { checked: true, ..waiting }, account)
    }

    /// Takes back a payment that a reorg undid, or that the node had stored, even if its sender cannot pay for it at the
    /// moment: what it was paid from may be undone as well and come back. Gives what it displaced, or `None` when it does
    /// not get in.
    pub fn reinsert(&mut self, waiting: Waiting, account: Account) -> Option<Vec<TransactionId>> {
        let rival = self.rival(&waiting);
        let in_reach = waiting.nonce().checked_sub(account.nonce).is_some_and(|ahead| ahead < PER_SENDER_MAX);
        if !in_reach
            || self.by_id.contains_key(&waiting.id)
            || rival.is_some_and(|rival| rival.rate() >= waiting.rate())
        {
            return None;
        }
        self.make_room(waiting, account).ok()
    }

    /// Follows a change of the chain: confirmed payments leave, as do those whose nonce is used up. Payments of
    /// disconnected blocks come back. Gives what came and what left.
    pub fn follow(
        &mut self,
        now: Timestamp,
        update: &ChainUpdate,
        account: impl Fn(&Address) -> Account,
    ) -> (Vec<TransactionId>, Vec<TransactionId>) {
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for block in update.disconnected.iter().rev() {
            for transaction in &block.body.transactions {
                let waiting = Waiting::new(now, transaction.clone());
                let (id, sender) = (waiting.id, waiting.sender);
                let account = account(&sender);
                if let Some(displaced) = self.reinsert(waiting, account) {
                    added.push(id);
                    removed.extend(displaced);
                    // What was within the bound before is beyond it from here, and the last nonce of all of no use.
                    removed.extend(self.drop_from(&sender, account.nonce.saturating_add(PER_SENDER_MAX)));
                }
            }
        }
        let mut changed = BTreeSet::new();
        if update.connected.is_empty() {
            // The node went back behind a snapshot, and has not all of the blocks that it gave up.
            changed.extend(self.by_sender.keys().copied());
        } else if !self.by_sender.is_empty() {
            // While nothing waits, as in a sync, no address of a block has to be hashed.
            let blocks = update.disconnected.iter().chain(&update.connected);
            let waits = |address: &Address| self.by_sender.contains_key(address);
            changed.extend(blocks.flat_map(|block| touched(block)).filter(waits));
        }
        for address in changed {
            removed.extend(self.set_account(&address, account(&address)));
        }
        (added, removed)
    }

    /// Drops what has waited for [`EXPIRY_MS`], with the sender's later payments, which cannot go without it.
    pub fn expire(&mut self, now: Timestamp) -> Vec<TransactionId> {
        let old = |waiting: &&Waiting| now.ms_since(waiting.since) >= EXPIRY_MS;
        let expired: Vec<(Address, u64)> =
            self.iter().filter(old).map(|waiting| (waiting.sender, waiting.nonce())).collect();
        expired.into_iter().flat_map(|(sender, nonce)| self.drop_from(&sender, nonce)).collect()
    }

    /// The payments for a block of at most `bytes` of them: the best payers first, each sender's in the order of
    /// its nonces, none that its sender cannot pay for.
    #[must_use]
    pub fn select(&self, bytes: u64, account: impl Fn(&Address) -> Account) -> Vec<Arc<Transaction>> {
        let mut accounts: BTreeMap<Address, Account> = BTreeMap::new();
        let mut next = BinaryHeap::new();
        for sender in self.by_sender.keys() {
            accounts.insert(*sender, account(sender));
            next.extend(self.candidate(sender, accounts[sender].nonce));
        }
        let (mut selected, mut room) = (Vec::new(), bytes);
        while let Some((_, Reverse(id))) = next.pop() {
            let waiting = &self.by_id[&id];
            let account = accounts.entry(waiting.sender).or_default();
            let rest = waiting.transaction.payment.cost().and_then(|cost| account.balance.checked_sub(cost));
            let left = room.checked_sub(waiting.transaction.size());
            // The largest nonce is none that a payment may have.
            let (Some(balance), Some(left), Some(nonce)) = (rest, left, account.nonce.checked_add(1)) else {
                continue;
            };
            *account = Account { balance, nonce };
            room = left;
            selected.push(waiting.transaction.clone());
            next.extend(self.candidate(&waiting.sender, account.nonce));
        }
        selected
    }

    /// A waiting payment.
    #[must_use]
    pub fn get(&self, id: &TransactionId) -> Option<&Waiting> {
        self.by_id.get(id).map(|waiting| &**waiting)
    }

    /// Whether this very payment waits, and its signature was checked when it came.
    #[must_use]
    pub fn has_checked(&self, id: &TransactionId) -> bool {
        self.get(id).is_some_and(|waiting| waiting.checked)
    }

    /// All waiting payments, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.by_id.values().map(|waiting| &**waiting)
    }

    /// How many payments wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The size of all waiting payments together.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many payments wait of the sender that has most of them waiting.
    #[must_use]
    pub fn per_sender_max(&self) -> u64 {
        self.by_sender.values().map(|sender| sender.nonces.len()).max().unwrap_or_default() as u64
    }

    /// A sum over the ids: equal sets have equal digests, and a peer's shows whether asking it is worth while.
    #[must_use]
    pub const fn digest(&self) -> u64 {
        self.digest
    }

    /// The first nonce from `nonce` on with which no payment of the sender waits.
    #[must_use]
    pub fn next_nonce(&self, sender: &Address, nonce: u64) -> u64 {
        let waiting = self.by_sender.get(sender);
        let is_free = |nonce: &u64| !waiting.is_some_and(|waiting| waiting.nonces.contains_key(nonce));
        (nonce..=u64::MAX).find(is_free).unwrap_or(nonce)
    }

    /// What a sender's waiting payments take, fees included.
    #[must_use]
    pub fn pending(&self, sender: &Address) -> Amount {
        self.pending_below(sender, u64::MAX)
    }

    fn check(&self, waiting: &Waiting, account: Account) -> Result<(), MempoolError> {
        let payment = &waiting.transaction.payment;
        if self.by_id.contains_key(&waiting.id) {
            return Err(MempoolError::Duplicate);
        }
        if payment.fee < FEE_MIN {
            return Err(MempoolError::FeeTooLow);
        }
        if payment.nonce < account.nonce {
            return Err(RuleError::Nonce { got: payment.nonce, expected: account.nonce }.into());
        }
        if payment.nonce - account.nonce >= PER_SENDER_MAX {
            return Err(MempoolError::TooManyPending);
        }
        let cost = payment.cost().ok_or(RuleError::AmountOverflow)?;
        let earlier = self.pending_below(&waiting.sender, payment.nonce);
        let balance = account.balance.checked_sub(earlier).unwrap_or(Amount::ZERO);
        if cost > balance {
            return Err(RuleError::InsufficientFunds { cost, balance }.into());
        }
        match self.rival(waiting) {
            Some(rival) if payment.fee < rival.replacement_fee(waiting.transaction.size()) => {
                let needed = rival.replacement_fee(waiting.transaction.size()).0;
                Err(MempoolError::ReplacementFee { needed })
            }
            _ => Ok(()),
        }
    }

    /// Puts the payment in the place of its rival, and drops the worst payers while there are too many bytes. `account` is
    /// its sender's.
    fn make_room(&mut self, waiting: Waiting, account: Account) -> Result<Vec<TransactionId>, MempoolError> {
        let (id, rate) = (waiting.id, self.rate_in_line(&waiting, account));
        let rival = self.rival(&waiting).map(|rival| rival.id);
        let freed = rival.map_or(0, |rival| self.by_id[&rival].transaction.size());
        let mut excess =
            (self.bytes + waiting.transaction.size()).saturating_sub(MEMPOOL_BYTES_MAX).saturating_sub(freed);
        let mut displaced = Vec::from_iter(rival);
        // The newcomer's own sender's is left out: without its earlier payments the newcomer is worth nothing.
        let is_other = |(_, id): &&Place| self.by_id[id].sender != waiting.sender;
        let mut tails = self.tails.iter().filter(is_other);
        let mut next = BinaryHeap::new();
        while excess > 0 {
            // With one more tail each time the worst of all is among them, and what has gone makes a tail of what was before it.
            next.extend(tails.next().copied().map(Reverse));
            let Some(Reverse((worst, tail))) = next.pop() else { return Err(MempoolError::Full) };
            if worst >= rate {
                return Err(MempoolError::Full);
            }
            let tail = &self.by_id[&tail];
            excess = excess.saturating_sub(tail.transaction.size());
            displaced.push(tail.id);
            let before = tail.nonce().checked_sub(1).and_then(|nonce| self.tail(&tail.sender, nonce));
            next.extend(before.map(Reverse));
        }
        for id in &displaced {
            self.remove(id);
        }
        let sender = waiting.sender;
        self.leave_tails(&sender);
        self.bytes += waiting.transaction.size();
        self.digest = self.digest.wrapping_add(digest_of(&id));
        let entry =
            self.by_sender.entry(sender).or_insert_with(|| Box::new(Sender { account, ..Sender::default() }));
        entry.nonces.insert(waiting.nonce(), id);
        self.by_id.insert(id, Box::new(waiting));
        self.join_tails(&sender);
        Ok(displaced)
    }

    /// The last payment of a sender whose nonce is at most `nonce_max`.
    fn tail(&self, sender: &Address, nonce_max: u64) -> Option<Place> {
        let sender = self.by_sender.get(sender)?;
        let (_, id) = sender.nonces.range(..=nonce_max).next_back()?;
        Some((self.rate_in_line(&self.by_id[id], sender.account), *id))
    }

    /// What a payment counts when room is made: nothing behind a gap, or where its sender cannot pay for it any more.
    /// No block can have it then, and nobody pays for its place.
    fn rate_in_line(&self, waiting: &Waiting, account: Account) -> FeeRate {
        let rate = waiting.rate();
        let is_in_line = self.next_nonce(&waiting.sender, account.nonce) >= waiting.nonce();
        let left = account.balance.checked_sub(self.pending_below(&waiting.sender, waiting.nonce()));
        let is_covered = waiting.transaction.payment.cost().is_some_and(|cost| left >= Some(cost));
        FeeRate { fee: if is_in_line && is_covered { rate.fee } else { 0 }, ..rate }
    }

    /// Takes a sender's tail out of their order, before the sender's payments change.
    fn leave_tails(&mut self, sender: &Address) {
        if let Some(tail) = self.tail(sender, u64::MAX) {
            self.tails.remove(&tail);
        }
    }

    /// Puts a sender's tail in its place, after the sender's payments have changed.
    fn join_tails(&mut self, sender: &Address) {
        self.tails.extend(self.tail(sender, u64::MAX));
    }

    /// The waiting payment of the same sender with the same nonce.
    fn rival(&self, waiting: &Waiting) -> Option<&Waiting> {
        let id = self.by_sender.get(&waiting.sender)?.nonces.get(&waiting.nonce())?;
        self.get(id)
    }

    fn candidate(&self, sender: &Address, nonce: u64) -> Option<(FeeRate, Reverse<TransactionId>)> {
        let id = self.by_sender.get(sender)?.nonces.get(&nonce)?;
        Some((self.by_id[id].rate(), Reverse(*id)))
    }

    fn pending_below(&self, sender: &Address, nonce: u64) -> Amount {
        let Some(sender) = self.by_sender.get(sender) else { return Amount::ZERO };
        let cost = |id: &TransactionId| self.by_id[id].transaction.payment.cost().map_or(0, |cost| cost.0);
        Amount(sender.nonces.range(..nonce).map(|(_, id)| cost(id)).fold(0, u64::saturating_add))
    }

    /// Notes what the chain knows of an address, and drops its payments whose nonces are used up.
    fn set_account(&mut self, sender: &Address, account: Account) -> Vec<TransactionId> {
        let dropped = self.drop_where(sender, |waiting| waiting < account.nonce);
        self.leave_tails(sender);
        if let Some(sender) = self.by_sender.get_mut(sender) {
            sender.account = account;
        }
        self.join_tails(sender);
        dropped
    }

    /// Drops the sender's payments with nonces from `nonce` on.
    fn drop_from(&mut self, sender: &Address, nonce: u64) -> Vec<TransactionId> {
        self.drop_where(sender, |waiting| waiting >= nonce)
    }

    fn drop_where(&mut self, sender: &Address, doomed: impl Fn(u64) -> bool) -> Vec<TransactionId> {
        let Some(sender) = self.by_sender.get(sender) else { return Vec::new() };
        let ids: Vec<_> =
            sender.nonces.iter().filter(|(nonce, _)| doomed(**nonce)).map(|(_, id)| *id).collect();
        for id in &ids {
            self.remove(id);
        }
        ids
    }

    fn remove(&mut self, id: &TransactionId) {
        let Some(sender) = self.get(id).map(|waiting| waiting.sender) else { return };
        self.leave_tails(&sender);
        let waiting = self.by_id.remove(id).expect("it was looked up");
        self.bytes -= waiting.transaction.size();
        self.digest = self.digest.wrapping_sub(digest_of(id));
        if let Some(entry) = self.by_sender.get_mut(&sender) {
            entry.nonces.remove(&waiting.nonce());
            if entry.nonces.is_empty() {
                self.by_sender.remove(&sender);
            }
        }
        self.join_tails(&sender);
    }
}

impl Waiting {
    /// A payment that comes now. Its id and its sender's address are hashed here, once.
    #[must_use]
    pub fn new(since: Timestamp, transaction: Transaction) -> Self {
        let (id, sender) = (transaction.id(), transaction.sender());
        Self { id, sender, transaction: Arc::new(transaction), since, checked: false }
    }

    fn nonce(&self) -> u64 {
        self.transaction.payment.nonce
    }

    fn rate(&self) -> FeeRate {
        FeeRate { fee: self.transaction.payment.fee.0, size: self.transaction.size() }
    }

    /// The least fee with which a payment of `size` bytes replaces this one: a tenth more per byte, and more in
    /// all, so that each replacement that everyone has to forward is paid for.
    fn replacement_fee(&self, size: u64) -> Amount {
        let (fee, own) = (u128::from(self.transaction.payment.fee.0), u128::from(self.transaction.size()));
        let needed = (fee + 1).max((fee * 11 * u128::from(size)).div_ceil(10 * own));
        Amount(u64::try_from(needed).unwrap_or(u64::MAX))
    }
}

impl Ord for FeeRate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let cross = |a: &Self, b: &Self| u128::from(a.fee) * u128::from(b.size);
        cross(self, other).cmp(&cross(other, self))
    }
}

impl PartialOrd for FeeRate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for FeeRate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for FeeRate {}

/// Whose accounts a block changes.
fn touched(block: &Block) -> impl Iterator<Item = Address> {
    let payments = block.body.transactions.iter();
    let ends = payments.flat_map(|transaction| [transaction.sender(), transaction.payment.recipient]);
    ends.chain([block.body.coinbase.recipient])
}

fn digest_of(id: &TransactionId) -> u64 {
    u64::from_le_bytes(*id.0.first_chunk().expect("an id has 32 bytes"))
}
