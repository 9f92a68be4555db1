//! Chains to measure with: blocks of a thousand payments among a thousand people, and empty ones, ten seconds apart, in
//! a room where every second hash is a block.

use std::sync::LazyLock;

use node_wasm::consensus::ChainParams;
use node_wasm::crypto::SecretKey;
use node_wasm::primitives::{Address, Block, BlockHash, Body, Coinbase, Header, Payment, Transaction};
use node_wasm::testing::{START, address, easy_params, key, proven};
use node_wasm::units::{Amount, Height, Timestamp};

/// Payments of a full block, and people: each pays once.
pub(crate) const PAYMENTS: usize = 1000;
/// What each is given to begin with.
const GIFT: u64 = 5;
/// Seconds between blocks.
const SPACING: u64 = 10;

static PEOPLE: LazyLock<Vec<SecretKey>> =
    LazyLock::new(|| (0..PAYMENTS).map(|number| SecretKey::derive(&number.to_le_bytes(), "bench")).collect());

/// The next block of a chain, and again the next.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    params: ChainParams,
    genesis: BlockHash,
    previous: BlockHash,
    height: u32,
    /// How many payments each of the people who pay has made.
    nonce: u64,
    miner: Address,
}

/// When every block of these chains has long been made.
pub(crate) const fn now() -> Timestamp {
    START.plus_ms(10_000_000_000)
}

impl Branch {
    /// On the genesis.
    pub(crate) fn new() -> Self {
        let params = easy_params();
        let genesis = params.genesis().hash();
        Self { params, genesis, previous: genesis, height: 0, nonce: 0, miner: address(1) }
    }

    /// From here on another one's: the same payments in other blocks.
    pub(crate) fn rival(&self) -> Self {
        Self { miner: address(2), ..self.clone() }
    }

    pub(crate) const fn params(&self) -> &ChainParams {
        &self.params
    }

    /// A block without payments.
    pub(crate) fn empty(&mut self) -> Block {
        self.block(Vec::new())
    }

    /// The first two blocks of a chain: everyone is given something.
    pub(crate) fn funding(&mut self) -> [Block; 2] {
        let first = self.empty();
        let gifts = (0..).zip(PEOPLE.iter());
        let gifts = gifts.map(|(nonce, person)| pay(&self.genesis, &key(1), person, GIFT, nonce)).collect();
        [first, self.block(gifts)]
    }

    /// A block in which each of the people pays the next one.
    pub(crate) fn full(&mut self) -> Block {
        self.paying(PAYMENTS)
    }

    /// A block in which each of the first so many people pays the next one, and the last the first.
    pub(crate) fn paying(&mut self, people: usize) -> Block {
        let people = &PEOPLE[..people];
        let payments = people.iter().zip(people.iter().cycle().skip(1));
        let payments = payments.map(|(from, to)| pay(&self.genesis, from, to, 1, self.nonce)).collect();
        self.nonce += 1;
        self.block(payments)
    }

    fn block(&mut self, transactions: Vec<Transaction>) -> Block {
        self.height += 1;
        let height = Height(self.height);
        let reward = self.params.subsidy_at(height);
        let coinbase = Coinbase { height, recipient: self.miner, reward, extra_nonce: 0 };
        let body = Body { coinbase, transactions };
        // On schedule: the target stays what it was.
        let header = Header {
            version: self.params.version,
            previous: self.previous,
            merkle_root: body.merkle_root(),
            time: START.plus_ms(1000 * SPACING * u64::from(self.height)).block_time(),
            bits: self.params.starting_bits,
            nonce: 0,
        };
        let block = proven(Block { header, body });
        assert!(block.size() <= self.params.block_bytes_max, "a block of {} bytes", block.size());
        self.previous = block.hash();
        block
    }
}

/// Without a fee, so that nobody runs dry.
fn pay(genesis: &BlockHash, from: &SecretKey, to: &SecretKey, amount: u64, nonce: u64) -> Transaction {
    let recipient = Address::of(&to.public());
    let payment = Payment {
        sender: from.public(),
        recipient,
        amount: Amount(amount),
        fee: Amount::ZERO,
        nonce,
        data: Vec::new(),
    };
    payment.sign(genesis, from)
}
