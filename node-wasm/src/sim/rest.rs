//! What must hold in the end: one tip, and no acknowledged payment lost.

use std::collections::BTreeSet;

use super::world::{Acknowledged, Failure, World};
use crate::node::Node;
use crate::primitives::TransactionId;
use crate::units::Height;

/// How long it may take, in milliseconds: peers that failed each other while the lines were bad ask each other again
/// only after [`crate::sync::REST_MS_MAX`], somebody has to find a block, and mempools are compared once a minute.
pub(super) const REST_MS_MAX: u64 = crate::sync::REST_MS_MAX + 5 * 60_000;
/// How often one looks, in milliseconds.
const LOOK_MS: u64 = 1_000;

impl World {
    /// Mends everything and waits until all nodes agree.
    ///
    /// # Errors
    /// The first check that fails, or what is still missing when the time is up.
    pub(super) fn come_to_rest(&mut self) -> Result<(), Failure> {
        self.mend();
        let start = self.now;
        loop {
            self.run_until(self.now.plus_ms(LOOK_MS))?;
            let missing = self.unrest();
            self.report.rest_ms = self.now.ms_since(start);
            let Some(missing) = missing else { return Ok(()) };
            if self.report.rest_ms >= REST_MS_MAX {
                self.fail(None, format!("{} s after everything was mended, {missing}", REST_MS_MAX / 1000));
            }
        }
    }

    /// What still has to happen.
    fn unrest(&self) -> Option<String> {
        let nodes: Vec<&Node> =
            self.players.iter().filter_map(|player| Some(&player.life.as_ref()?.node)).collect();
        let first = nodes.first()?;
        let tip = first.chain().tip();
        if let Some(place) = nodes.iter().position(|node| node.chain().tip() != tip) {
            let other = nodes[place].chain().tip();
            return Some(format!(
                "node 0 is at {} {}, node {place} at {} {}",
                tip.height, tip.hash, other.height, other.hash
            ));
        }
        let blocks = (1..=tip.height.0).filter_map(|height| first.chain().block_at(Height(height)));
        let mined: BTreeSet<TransactionId> = blocks
            .flat_map(|block| block.body.transactions.iter().map(|payment| payment.id()).collect::<Vec<_>>())
            .collect();
        self.acknowledged.iter().find_map(|payment| self.unsettled(payment, &nodes, &mined))
    }

    /// Why a payment that a node acknowledged is lost, or not yet where it should be. It is mined, or made void by
    /// another with its nonce, or waits: everywhere, or where it was acknowledged if nothing can mine it at present.
    fn unsettled(
        &self,
        paid: &Acknowledged,
        nodes: &[&Node],
        mined: &BTreeSet<TransactionId>,
    ) -> Option<String> {
        let payment = &paid.transaction;
        let (id, nonce, sender) = (payment.id(), payment.payment.nonce, payment.sender());
        let player = &self.players[paid.player];
        let node = &player.life.as_ref()?.node;
        if player.lives != paid.life || mined.contains(&id) || node.chain().account(&sender).nonce > nonce {
            return None;
        }
        let rival = |node: &Node| {
            node.mempool().iter().any(|waiting| {
                waiting.sender == sender && waiting.transaction.payment.nonce == nonce && waiting.id != id
            })
        };
        if rival(node) {
            return None;
        }
        if node.mempool().get(&id).is_none() {
            return Some(format!("payment {id}, which node {} acknowledged, is lost", paid.player));
        }
        let absent = nodes.iter().position(|node| node.mempool().get(&id).is_none() && !rival(node))?;
        match self.checker.hindrance(node, payment) {
            Some(_) => None,
            None => Some(format!("payment {id} waits at node {} and not at {absent}", paid.player)),
        }
    }
}
