//! Templates: the block that would come next, all but its nonce.

use std::sync::Arc;

use crate::chain::Chain;
use crate::consensus::required_bits;
use crate::primitives::{Address, Block, Body, Coinbase, Header, Target, Transaction};
use crate::units::{Amount, BlockTime, Height, Timestamp};

/// What the miner workers search: any nonce of this header whose hash meets the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Names the job in the answer.
    pub id: u64,
    /// The header; its nonce is free.
    pub header: Header,
    /// What the hash must not exceed.
    pub target: Target,
    /// The height that the block would have.
    pub height: Height,
}

/// A block on top of the tip that lacks its proof of work.
#[derive(Clone, Debug)]
pub struct Template {
    block: Block,
}

impl Template {
    /// How many bytes of payments fit a block of the room, header, coinbase and count left out.
    #[must_use]
    pub const fn room(block_bytes_max: u64) -> u64 {
        block_bytes_max.saturating_sub(Header::SIZE as u64 + 44)
    }

    /// The block that pays `recipient` and confirms `transactions`, which hold on the tip in this order. `None` at
    /// the end of all heights or amounts.
    #[must_use]
    pub fn new(
        chain: &Chain,
        now: Timestamp,
        recipient: Address,
        extra_nonce: u64,
        transactions: &[Arc<Transaction>],
    ) -> Option<Self> {
        let parent = chain.tip_context();
        let height = parent.height.child()?;
        let subsidy = chain.params().subsidy_at(height);
        let mut fees = transactions.iter().map(|transaction| transaction.payment.fee);
        let reward = fees.try_fold(subsidy, Amount::checked_add)?;
        let body = Body {
            coinbase: Coinbase { height, recipient, reward, extra_nonce },
            transactions: transactions.iter().map(|transaction| Transaction::clone(transaction)).collect(),
        };
        let time = now.block_time().max(BlockTime(parent.median.0.saturating_add(1)));
        let header = Header {
            version: chain.params().version,
            previous: chain.tip().hash,
            merkle_root: body.merkle_root(),
            time,
            bits: required_bits(chain.params(), &parent, time),
            nonce: 0,
        };
        Some(Self { block: Block { header, body } })
    }

    /// What the workers need of it.
    #[must_use]
    pub fn job(&self, id: u64) -> Job {
        Job {
            id,
            header: self.block.header,
            target: self.block.header.bits.expand().unwrap_or(Target::MAX),
            height: self.block.body.coinbase.height,
        }
    }

    /// The whole block with a nonce that was found.
    #[must_use]
    pub fn solve(&self, nonce: u32) -> Block {
        let mut block = self.block.clone();
        block.header.nonce = nonce;
        block
    }
}
