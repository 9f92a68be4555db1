//! How a player behaves: what its host lets out of what its node says.
//!
//! The node of an attacker is a real one, too. Its host, which holds the key and seals the frames, holds blocks
//! back, rewrites claims and leaves questions unanswered. What a node believes is decided by the others alone.

use std::collections::VecDeque;

use crate::node::Node;
use crate::peer::LinkId;
use crate::primitives::{BlockHash, Target};
use crate::units::Height;
use crate::wire::{Message, Status, Tip, UnsealedFrame};

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
                if let Message::Block(block) = &message {
                    selfish.held.push_back((block.hash(), block.body.coinbase.height, link, frame));
                    return None;
                }
                selfish.conceal(&mut message)?;
            }
            Self::Liar => lie(&mut message)?,
        }
        frame.payload = message.encode();
        Some(frame)
    }

    /// What is let out after the node has taken in what happened.
    pub(super) fn release(&mut self, node: &Node) -> Vec<(LinkId, UnsealedFrame)> {
        match self {
            Self::Honest | Self::Liar => Vec::new(),
            Self::Selfish(selfish) => selfish.release(node),
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
        match message {
            Message::Hello(hello) => hello.status = Status { tip: self.public?, ..hello.status },
            Message::Status(_) | Message::Headers(_) | Message::Bodies(_) => return None,
            Message::Ping(_)
            | Message::Pong(_)
            | Message::Transactions(_)
            | Message::Block(_)
            | Message::GetHeaders(_)
            | Message::GetBodies(_)
            | Message::NotFound(_)
            | Message::GetInventory
            | Message::Inventory(_)
            | Message::GetTransactions(_) => {}
        }
        Some(())
    }
}

fn lie(message: &mut Message) -> Option<()> {
    let work = Target::for_hashes(1 << 60).work();
    let tip = Tip { hash: BlockHash([0x11; 32]), height: Height(1_000_000), work };
    match message {
        Message::Hello(hello) => hello.status.tip = tip,
        Message::Status(status) => status.tip = tip,
        Message::Ping(_) | Message::Pong(_) | Message::GetHeaders(_) | Message::GetBodies(_) => {}
        Message::Transactions(_)
        | Message::Block(_)
        | Message::Headers(_)
        | Message::Bodies(_)
        | Message::NotFound(_)
        | Message::GetInventory
        | Message::Inventory(_)
        | Message::GetTransactions(_) => return None,
    }
    Some(())
}
