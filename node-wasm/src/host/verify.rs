//! Checks a stored chain from genesis: every record against its checksum, every block against the rules, signatures
//! included, and what is believed without a check, the snapshots, against what the blocks come to.

use super::record::{self, Stored};
use super::restore;
use crate::api::{BadBlock, Verified};
use crate::chain::Snapshot;
use crate::node::{Config, Node};
use crate::units::Timestamp;

/// A check in progress. Feed it the records in the order of the chain; genesis, height 0, has none.
#[derive(Debug)]
pub struct Verifier {
    node: Node,
    /// What is believed, with its name.
    believed: Vec<(&'static str, Snapshot)>,
    /// Whether the stored snapshot cannot be read.
    damaged: bool,
    height: u32,
    error: Option<BadBlock>,
}

impl Verifier {
    /// A check of the chain of `config`'s room.
    #[must_use]
    pub fn new(config: Config, now: Timestamp) -> Self {
        Self { node: Node::new(config, now), believed: Vec::new(), damaged: false, height: 0, error: None }
    }

    /// Also checks a snapshot, which has this name, once its height is reached.
    pub fn believe(&mut self, name: &'static str, snapshot: Snapshot) {
        self.believed.push((name, snapshot));
    }

    /// Also checks the stored snapshot, of which this is the record.
    pub fn believe_record(&mut self, record: &[u8]) {
        match restore::read_snapshot(record) {
            Some(snapshot) => self.believe("the stored snapshot", snapshot),
            None => self.damaged = true,
        }
    }

    /// Checks the record that stands at `height`. After the first bad one nothing more is looked at.
    pub fn push(&mut self, now: Timestamp, height: u32, bytes: &[u8]) {
        if self.error.is_some() {
            return;
        }
        if height != self.height + 1 {
            self.fail(String::new(), "stored record missing".to_owned());
            return;
        }
        match record::read(bytes) {
            Stored::Unreadable => self.fail(String::new(), "stored record unreadable".to_owned()),
            // A changed block most often breaks a rule, and the rule says more than the checksum.
            Stored::Damaged(block) => {
                let hash = block.hash().to_string();
                let rule = match self.node.restore(now, block) {
                    Err(error) => error.to_string(),
                    Ok(()) => "stored record damaged".to_owned(),
                };
                self.fail(hash, rule);
            }
            Stored::Intact(block) => {
                let hash = block.hash().to_string();
                match self.node.restore(now, block) {
                    Ok(()) => {
                        self.height = height;
                        self.compare(hash);
                    }
                    Err(error) => self.fail(hash, error.to_string()),
                }
            }
        }
    }

    /// The next record cannot be read at all.
    pub fn stop(&mut self, why: &str) {
        if self.error.is_none() {
            self.fail(String::new(), why.to_owned());
        }
    }

    /// Whether a bad record was found.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// The last height that holds.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// What the check came to, after the last record.
    #[must_use]
    pub fn finish(mut self) -> Verified {
        if self.believed.iter().any(|(_, snapshot)| snapshot.height().0 > self.height) {
            self.stop("stored record missing");
        }
        // Whatever became of it, the blocks were checked without it.
        if self.damaged && self.error.is_none() {
            let rule = "the stored snapshot is damaged".to_owned();
            self.error = Some(BadBlock { height: 0, hash: String::new(), rule });
        }
        Verified { valid: self.error.is_none(), height: self.height, error: self.error }
    }

    /// Compares the chain so far with what is believed of it at this height.
    fn compare(&mut self, hash: String) {
        let chain = self.node.chain();
        let here = |(_, snapshot): &&(_, Snapshot)| snapshot.height() == chain.height();
        let wrong = self.believed.iter().filter(here).find(|(_, snapshot)| *snapshot != chain.snapshot());
        if let Some((name, _)) = wrong {
            let rule = format!("{name} is not what the blocks up to here come to");
            // The block itself holds, but what is believed after it does not.
            self.error = Some(BadBlock { height: self.height, hash, rule });
        }
    }

    fn fail(&mut self, hash: String, rule: String) {
        self.error = Some(BadBlock { height: self.height + 1, hash, rule });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Chain;
    use crate::primitives::Block;
    use crate::test;
    use crate::testing::{START, block_on, easy_params, key};

    fn blocks(count: u64) -> Vec<Block> {
        let mut chain = Chain::new(easy_params());
        let mut blocks = Vec::new();
        for number in 1..=count {
            let now = START.plus_ms(number * 10_000);
            let block = block_on(&chain, now, 1, &[]);
            chain.insert_block(now, block.clone()).expect("a valid block");
            blocks.push(block);
        }
        blocks
    }

    fn verify(records: &[(u32, Vec<u8>)]) -> Verified {
        verify_believing(records, |_| {})
    }

    fn verify_believing(records: &[(u32, Vec<u8>)], believe: impl Fn(&mut Verifier)) -> Verified {
        let now = START.plus_ms(1_000_000);
        let config = Config { params: easy_params(), node_key: key(9).public(), seed: 1 };
        let mut verifier = Verifier::new(config, now);
        believe(&mut verifier);
        for (height, bytes) in records {
            verifier.push(now, *height, bytes);
        }
        verifier.finish()
    }

    fn records(count: u64) -> Vec<(u32, Vec<u8>)> {
        (1..).zip(blocks(count).iter().map(record::write)).collect()
    }

    #[test]
    fn an_untouched_chain_is_valid() {
        assert_eq!(verify(&records(4)), Verified { valid: true, height: 4, error: None });
    }

    #[test]
    fn a_changed_byte_names_the_block_and_what_is_wrong() {
        let check = |offset: usize, expect: &str| {
            let mut records = records(4);
            records[1].1[offset] ^= 1;
            let verified = verify(&records);
            let error = verified.error.expect("found");
            assert_eq!((verified.valid, verified.height, error.height), (false, 1, 2));
            assert!(error.rule.starts_with(expect), "{offset}: {}", error.rule);
        };
        // The checksum's first byte; the version; the last byte, of the list of payments.
        check(0, "stored record damaged");
        check(8, "C-01");
        check(records(4)[1].1.len() - 1, "stored record unreadable");
    }

    #[test]
    fn a_changed_reward_with_a_fitting_checksum_is_found_by_the_rules() {
        let mut blocks = blocks(3);
        blocks[1].body.coinbase.reward.0 += 1;
        let records: Vec<_> = (1..).zip(blocks.iter().map(record::write)).collect();
        let error = verify(&records).error.expect("found");
        assert_eq!(error.height, 2);
        assert!(error.rule.starts_with("C-08"), "{}", error.rule);
    }

    #[test]
    fn a_hole_is_found() {
        let mut records = records(4);
        records.remove(2);
        let error = verify(&records).error.expect("found");
        assert_eq!((error.height, error.rule.as_str()), (3, "stored record missing"));
    }

    /// The chain of the first of these blocks, one of which may be paid to another.
    fn chain_of(blocks: &[Block]) -> Chain {
        let mut chain = Chain::new(easy_params());
        for block in blocks {
            chain.insert_block(START.plus_ms(1_000_000), block.clone()).expect("valid");
        }
        chain
    }

    #[test]
    fn a_snapshot_that_the_blocks_bear_out_is_valid_and_any_other_is_named() {
        let blocks = blocks(5);
        let records: Vec<_> = (1..).zip(blocks.iter().map(record::write)).collect();
        let stored = restore::write_snapshot(&chain_of(&blocks[..3]));
        let live = chain_of(&blocks).snapshot();
        let check = |stored: &[u8], live: &Snapshot| {
            verify_believing(&records, |verifier| {
                verifier.believe("the node's own ledger", live.clone());
                verifier.believe_record(stored);
            })
        };
        assert_eq!(check(&stored, &live), Verified { valid: true, height: 5, error: None });
        let wrong = |stored: &[u8], live: &Snapshot, height: u32, expect: &str| {
            let error = check(stored, live).error.expect("found");
            assert_eq!(error.height, height);
            assert!(error.rule.starts_with(expect), "{}", error.rule);
        };
        // Balances or a header that were changed, with a checksum that fits.
        for place in [90, stored.len() - 30, stored.len() - 10] {
            let mut bytes = stored[8..].to_vec();
            bytes[place - 8] ^= 1;
            let (snapshot, damaged) = (record::seal(&bytes), [&stored[..8], &bytes].concat());
            wrong(&snapshot, &live, 3, "the stored snapshot is not what");
            wrong(&damaged, &live, 0, "the stored snapshot is damaged");
            assert_eq!(check(&damaged, &live).height, 5, "the blocks hold");
            let snapshot = restore::read_snapshot(&snapshot).expect("sealed");
            wrong(&stored, &snapshot, 3, "the node's own ledger is not what");
        }
        // A block that does not hold is worse than a snapshot that cannot be read.
        let mut bad = records.clone();
        bad[3].1.pop();
        let error = verify_believing(&bad, |verifier| verifier.believe_record(&[])).error.expect("found");
        assert_eq!((error.height, error.rule.as_str()), (4, "stored record unreadable"));
        // The node has more blocks than are stored.
        let more = chain_of(&super::tests::blocks(6)).snapshot();
        wrong(&stored, &more, 6, "stored record missing");
    }
}
