//! What must hold of every node at every moment, checked against a second, simpler account of the rules.
//!
//! The checker replays each block once, from the genesis on and by its own arithmetic, and keeps the balances after
//! it; a node's ledger is compared with those at its tip whenever the tip moves, so every apply and every revert is
//! held against a replay; so is one that came from a snapshot, whose node has yet to load the bodies. It also knows
//! every block of the room by its work. Left out: signatures and proofs of work, which the nodes check; the checker only
//! knows what was signed.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::chain::{Account, ChainUpdate};
use crate::consensus::ChainParams;
use crate::mempool::Mempool;
use crate::miner::Template;
use crate::node::Node;
use crate::peer::Refusal;
use crate::primitives::{Address, Block, BlockHash, Transaction, TransactionId, Work};
use crate::units::Amount;

/// Who owns what after a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Balances {
    height: u32,
    /// What was ever created.
    supply: u64,
    accounts: BTreeMap<Address, Account>,
}

/// What is known of the room.
#[derive(Debug)]
pub(super) struct Checker {
    params: ChainParams,
    genesis: BlockHash,
    after: BTreeMap<BlockHash, Rc<Balances>>,
    parents: BTreeMap<BlockHash, BlockHash>,
    by_work: BTreeSet<(Work, BlockHash)>,
    signed: BTreeSet<TransactionId>,
}

/// What is wrong, as a sentence.
pub(super) type Checked = Result<(), String>;

impl Checker {
    pub(super) fn new(params: ChainParams) -> Self {
        let genesis = params.genesis().hash();
        Self {
            params,
            genesis,
            after: BTreeMap::from([(genesis, Rc::default())]),
            parents: BTreeMap::new(),
            by_work: BTreeSet::new(),
            signed: BTreeSet::new(),
        }
    }

    /// Notes a payment that somebody signed.
    pub(super) fn signed(&mut self, id: TransactionId) {
        self.signed.insert(id);
    }

    /// How many blocks were ever part of somebody's chain.
    pub(super) fn blocks(&self) -> usize {
        self.parents.len()
    }

    /// Notes the blocks of an update, and replays those that are new.
    pub(super) fn take_update(&mut self, node: &Node, update: &ChainUpdate) -> Checked {
        for block in &update.connected {
            let hash = block.hash();
            if self.after.contains_key(&hash) {
                continue;
            }
            let strange = block.body.transactions.iter().find(|payment| !self.signed.contains(&payment.id()));
            if let Some(payment) = strange {
                return Err(format!("{hash} confirms {}, which nobody signed", payment.id()));
            }
            let parent = block.header.previous;
            let before = self.after.get(&parent).ok_or_else(|| format!("{hash} has no parent {parent}"))?;
            let mut balances = Balances::clone(before);
            balances.apply(&self.params, block).map_err(|why| format!("{hash} was connected: {why}"))?;
            self.after.insert(hash, Rc::new(balances));
            self.parents.insert(hash, parent);
            if let Some((_, work)) = node.chain().position(&hash) {
                self.by_work.insert((work, hash));
            }
        }
        Ok(())
    }

    /// The ledger is that of a replay, and all that was created is there.
    pub(super) fn check_ledger(&self, node: &Node) -> Checked {
        let (chain, balances) = (node.chain(), self.balances(node)?);
        for (address, expected) in &balances.accounts {
            let got = chain.account(address);
            if got != *expected {
                return Err(format!("the ledger has {got:?} for {address}, a replay {expected:?}"));
            }
        }
        let supply = chain.ledger().supply();
        if supply != Some(Amount(balances.supply)) || chain.height().0 != balances.height {
            return Err(format!("the supply is {supply:?}, the subsidies are {}", balances.supply));
        }
        Ok(())
    }

    /// No complete chain that the node knows has more work than its own; but while bodies below a snapshot are still to
    /// be loaded, one that leaves its own below that may wait for them.
    pub(super) fn check_most_work(&self, node: &Node) -> Checked {
        let (chain, tip) = (node.chain(), node.chain().tip());
        for (_, hash) in self.by_work.iter().rev().take_while(|(work, _)| *work > tip.work) {
            let mut at = *hash;
            while chain.block(&at).is_some() && !chain.is_active(&at) {
                at = self.parents.get(&at).copied().unwrap_or(self.genesis);
            }
            if chain.is_active(&at) {
                // The node goes nowhere else before this branch has had its turn.
                let waits = chain.position(&at).is_some_and(|(height, _)| height.0 < chain.unloaded().end);
                if waits {
                    return Ok(());
                }
                return Err(format!("the tip is {}, but {hash} is here and has more work", tip.hash));
            }
        }
        Ok(())
    }

    /// What waits was signed, is not used up, and what would be mined can be paid for.
    pub(super) fn check_mempool(&self, node: &Node) -> Checked {
        let (mempool, balances) = (node.mempool(), self.balances(node)?);
        let (mut bytes, mut digest) = (0, 0_u64);
        for waiting in mempool.iter() {
            let (id, nonce) = (waiting.id, waiting.transaction.payment.nonce);
            let used = balances.account(&waiting.sender).nonce;
            if !self.signed.contains(&id) || nonce < used {
                return Err(format!("{id} waits with the nonce {nonce}, its sender has used {used}"));
            }
            bytes += waiting.transaction.size();
            digest = digest.wrapping_add(u64::from_le_bytes(*id.0.first_chunk().unwrap_or(&[0; 8])));
        }
        if (bytes, digest) != (mempool.bytes(), mempool.digest()) {
            return Err("the mempool's size or digest is not that of what waits".to_owned());
        }
        let mut spent = Balances::clone(balances);
        for transaction in self.selected(mempool, balances) {
            spent.pay(&transaction).map_err(|why| format!("{} would be mined: {why}", transaction.id()))?;
        }
        Ok(())
    }

    /// Nothing has outgrown its bound.
    pub(super) fn check_bounds(node: &Node) -> Checked {
        match node.bounds().iter().find(|bound| bound.size > bound.max) {
            Some(bound) => Err(format!("{}: {} of at most {}", bound.name, bound.size, bound.max)),
            None => Ok(()),
        }
    }

    /// Among honest nodes frames get lost and overtaken, and nothing worse.
    pub(super) fn check_refusals(node: &Node) -> Checked {
        let harmless = |refusal: Refusal| matches!(refusal, Refusal::Session | Refusal::Replayed);
        match node.refusals().iter().find(|(refusal, _)| !harmless(*refusal)) {
            Some((refusal, count)) => Err(format!("honest frames were refused, {count}: {refusal}")),
            None => Ok(()),
        }
    }

    /// Why a payment that waits at `node` cannot be mined there, if it cannot: an earlier one is missing, or money.
    pub(super) fn hindrance(&self, node: &Node, payment: &Transaction) -> Option<String> {
        let mut balances = self.balances(node).ok().cloned()?;
        let sender = payment.sender();
        while balances.account(&sender).nonce <= payment.payment.nonce {
            let next = balances.account(&sender).nonce;
            let mut waiting = node.mempool().iter();
            let found =
                waiting.find(|other| other.sender == sender && other.transaction.payment.nonce == next);
            let Some(found) = found else { return Some(format!("nonce {next} is missing")) };
            if let Err(why) = balances.pay(&found.transaction) {
                return Some(why);
            }
        }
        None
    }

    fn selected(&self, mempool: &Mempool, balances: &Balances) -> Vec<std::sync::Arc<Transaction>> {
        mempool.select(Template::room(self.params.block_bytes_max), |address| balances.account(address))
    }

    fn balances(&self, node: &Node) -> Result<&Balances, String> {
        let tip = node.chain().tip().hash;
        self.after
            .get(&tip)
            .map(|balances| &**balances)
            .ok_or_else(|| format!("nobody announced the tip {tip}"))
    }
}

impl Balances {
    fn account(&self, address: &Address) -> Account {
        self.accounts.get(address).copied().unwrap_or_default()
    }

    fn apply(&mut self, params: &ChainParams, block: &Block) -> Checked {
        self.height += 1;
        let subsidy = params.subsidy.0 >> ((self.height - 1) / params.halving_interval).min(63);
        let mut reward = subsidy;
        for transaction in &block.body.transactions {
            self.pay(transaction)?;
            reward += transaction.payment.fee.0;
        }
        self.supply += subsidy;
        let coinbase = &block.body.coinbase;
        self.accounts.entry(coinbase.recipient).or_default().balance.0 += coinbase.reward.0;
        if coinbase.reward.0 != reward || coinbase.height.0 != self.height {
            return Err(format!("it creates {}, due are {reward}", coinbase.reward));
        }
        Ok(())
    }

    /// Moves a payment; its fee is left to the miner.
    fn pay(&mut self, transaction: &Transaction) -> Checked {
        let payment = &transaction.payment;
        let from = self.accounts.entry(transaction.sender()).or_default();
        let cost = payment.amount.0 + payment.fee.0;
        if from.nonce != payment.nonce || from.balance.0 < cost {
            return Err(format!("it takes {cost} with nonce {} from {from:?}", payment.nonce));
        }
        *from = Account { balance: Amount(from.balance.0 - cost), nonce: from.nonce + 1 };
        self.accounts.entry(payment.recipient).or_default().balance.0 += payment.amount.0;
        Ok(())
    }
}
