//! Checks a stored chain from genesis: every record against its checksum, every block against the rules.

use super::record::{self, Stored};
use crate::api::{BadBlock, Verified};
use crate::node::{Config, Node};
use crate::units::Timestamp;

/// A check in progress. Feed it the records in the order of the chain; genesis, height 0, has none.
#[derive(Debug)]
pub struct Verifier {
    node: Node,
    height: u32,
    error: Option<BadBlock>,
}

impl Verifier {
    /// A check of the chain of `config`'s room.
    #[must_use]
    pub fn new(config: Config, now: Timestamp) -> Self {
        Self { node: Node::new(config, now), height: 0, error: None }
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
                    Ok(()) => self.height = height,
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

    /// What the check came to.
    #[must_use]
    pub fn finish(self) -> Verified {
        Verified { valid: self.error.is_none(), height: self.height, error: self.error }
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
        let now = START.plus_ms(1_000_000);
        let config = Config { params: easy_params(), node_key: key(9).public(), seed: 1 };
        let mut verifier = Verifier::new(config, now);
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
}
