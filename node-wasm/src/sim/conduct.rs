//! How a player behaves: what its host lets out of what its node says.
//!
//! The node of an attacker is a real one, too. Its host, which holds the key and seals the frames, holds blocks
//! back, rewrites claims, leaves questions unanswered and shows blocks that break a rule. What a node believes is
//! decided by the others alone.

use std::collections::{BTreeMap, VecDeque};

use crate::miner::scan;
use crate::node::Node;
use crate::peer::LinkId;
use crate::primitives::{BlockHash, Body, Target};
use crate::units::{BlockTime, Height};
use crate::wire::{CompactBlock, Hello, Message, Tip, UnsealedFrame};

/// How a player behaves.
#[derive(Debug, Default)]
pub(super) enum Conduct {
    /// As the program does.
    #[default]
    Honest,
    /// Mines in secret, and publishes to make others' work worthless.
    Selfish(Selfish),
    /// Claims a chain that nobody can beat, and answers no question.
    Liar,
    /// Shows each block that it finds with a fault, a new one every time, and alters payments and bodies.
    Forger(Forger),
}

/// Selfish mining after Eyal and Sirer, "Majority is not Enough" (2013).
#[derive(Debug, Default)]
pub(super) struct Selfish {
    /// Blocks of its own that nobody has seen, the lowest first.
    held: VecDeque<(BlockHash, Height, LinkId, UnsealedFrame)>,
    /// The best block that others have.
    public: Option<Tip>,
    /// Its branch and the others' are equally long, and known to all.
    racing: bool,
}

/// What a forger has made.
#[derive(Debug, Default)]
pub(super) struct Forger {
    /// How much; it decides what comes next.
    count: usize,
    /// Its blocks, and whether the fault is in the header's hash: else the hash is that of a block that holds.
    blocks: BTreeMap<BlockHash, bool>,
    /// It makes no more.
    ended: bool,
}

impl Conduct {
    /// What leaves instead of a frame: itself, another, or nothing.
    pub(super) fn edit(&mut self, link: LinkId, mut frame: UnsealedFrame) -> Option<UnsealedFrame> {
        if matches!(self, Self::Honest) {
            return Some(frame);
        }
        let mut message = Message::decode(&frame.payload).ok()?;
        match self {
            Self::Honest => {}
            Self::Selfish(selfish) => {
                if let Message::CompactBlock(block) = &message {
                    selfish.held.push_back((block.header.hash(), block.coinbase.height, link, frame));
                    return None;
                }
                selfish.conceal(&mut message)?;
            }
            Self::Liar => lie(&mut message)?,
            Self::Forger(Forger { ended: true, .. }) => {}
            Self::Forger(forger) => forger.forge(&mut message),
        }
        frame.payload = message.encode();
        Some(frame)
    }

    /// What is let out after the node has taken in what happened.
    pub(super) fn release(&mut self, node: &Node) -> Vec<(LinkId, UnsealedFrame)> {
        match self {
            Self::Honest | Self::Liar | Self::Forger(_) => Vec::new(),
            Self::Selfish(selfish) => selfish.release(node),
        }
    }

    /// Forgers and liars have had their day.
    pub(super) fn mend(&mut self) {
        match self {
            // What it made is still on its way.
            Self::Forger(forger) => forger.ended = true,
            Self::Liar => *self = Self::Honest,
            Self::Honest | Self::Selfish(_) => {}
        }
    }

    /// Whether this player made a block with a fault, and whether nothing with its hash can hold.
    pub(super) fn forged(&self, hash: &BlockHash) -> Option<bool> {
        match self {
            Self::Forger(forger) => forger.blocks.get(hash).copied(),
            Self::Honest | Self::Liar | Self::Selfish(_) => None,
        }
    }
}

impl Selfish {
    fn release(&mut self, node: &Node) -> Vec<(LinkId, UnsealedFrame)> {
        let chain = node.chain();
        // The others' chain became better: what was held is worth nothing.
        self.held.retain(|(hash, ..)| chain.is_active(hash));
        let best = node.peers().iter().map(|peer| peer.status.tip).max_by_key(|tip| tip.work);
        let Some(public) = best else { return Vec::new() };
        let (private, before) = (chain.tip(), self.public.replace(public));
        let grown = before.is_none_or(|before| public.work > before.work);
        self.racing &= !grown;
        let advanced = grown && !chain.is_active(&public.hash);
        let lead = private.height.0.saturating_sub(public.height.0);
        let up_to = if advanced && lead > 1 {
            // Far ahead: what they found has its rival at once.
            Some(public.height)
        } else if advanced || (self.racing && lead > 0) {
            self.racing = advanced && lead == 0;
            Some(private.height)
        } else {
            None
        };
        let Some(up_to) = up_to else { return Vec::new() };
        let count = self.held.iter().take_while(|(_, height, ..)| *height <= up_to).count();
        self.held.drain(..count).map(|(_, _, link, frame)| (link, frame)).collect()
    }

    /// While something is held, nothing that would show it leaves.
    fn conceal(&self, message: &mut Message) -> Option<()> {
        if self.held.is_empty() {
            return Some(());
        }
        if let Message::Hello(hello) = message {
            hello.status.tip = self.public?;
        }
        shows_no_block(message).then_some(())
    }
}

impl Forger {
    fn forge(&mut self, message: &mut Message) {
        self.count += 1;
        if let Message::CompactBlock(block) = message {
            let void = spoil(block, self.count);
            self.blocks.insert(block.header.hash(), void);
        } else if self.count.is_multiple_of(2) {
            if let Message::Transactions(payments) = message {
                payments.iter_mut().for_each(|payment| payment.payment.amount.0 += 1);
            } else if let Message::Bodies(bodies) = message {
                for (hash, body) in bodies {
                    body.coinbase.reward.0 += 1;
                    self.blocks.entry(*hash).or_insert(false);
                }
            }
        }
    }
}

/// Puts a fault into a block and proves its work anew; whether the hash is that of no block that holds.
fn spoil(block: &mut CompactBlock, fault: usize) -> bool {
    let CompactBlock { header, coinbase, ids, .. } = block;
    let mut target = header.bits.expand().unwrap_or(Target::MAX);
    match fault % 6 {
        0 if ids.is_empty() => coinbase.reward.0 += 1,
        1 if ids.is_empty() => coinbase.height.0 += 1,
        2 => header.time = BlockTime(1),
        3 => header.time = BlockTime(u32::MAX),
        4 => {
            target = Target::for_hashes(1);
            header.bits = target.compact();
        }
        _ => {
            // The header says nothing of it.
            coinbase.reward.0 += 1;
            return false;
        }
    }
    if ids.is_empty() {
        header.merkle_root = Body { coinbase: *coinbase, transactions: Vec::new() }.merkle_root();
    }
    let Some(nonce) = scan(header, &target, 0, u32::MAX) else { return true };
    header.nonce = nonce;
    true
}

/// Whether a message tells of no block that others do not have.
const fn shows_no_block(message: &Message) -> bool {
    matches!(
        message,
        Message::Hello(_)
            | Message::Ping(_)
            | Message::Pong(_)
            | Message::Transactions(_)
            | Message::GetHeaders(_)
            | Message::GetBodies(_)
            | Message::NotFound(_)
            | Message::GetInventory
            | Message::Inventory(_)
            | Message::GetTransactions(_)
            | Message::GetBlockTransactions(..)
    )
}

fn lie(message: &mut Message) -> Option<()> {
    let work = Target::for_hashes(1 << 60).work();
    let tip = Tip { hash: BlockHash([0x11; 32]), height: Height(1_000_000), work };
    if let Message::Hello(Hello { status, .. }) | Message::Status(status) = message {
        status.tip = tip;
        return Some(());
    }
    let asks = matches!(
        message,
        Message::Ping(_) | Message::Pong(_) | Message::GetHeaders(_) | Message::GetBodies(_)
    );
    asks.then_some(())
}
