//! What must hold in the end: one tip, no acknowledged payment lost, and nobody who thinks that it is isolated.

use std::collections::BTreeSet;

use super::world::{Acknowledged, Failure, World};
use crate::node::Node;
use crate::primitives::TransactionId;
use crate::units::Height;

/// How long it may take, in milliseconds: clients come back to the relay, a question that was lost is given up after
/// [`crate::sync::ANSWER_MS_MAX`] and asked again after [`crate::sync::REST_MS`], headers, bodies and payments one after
/// another, and mempools are compared once a minute. A doubt ends with its cause, which
/// may be a dead member: the relay throws those out after a minute.
const SETTLE_MS_MAX: u64 = 4 * 60_000;
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
            let missing = self.unagreed();
            let took = self.now.ms_since(start);
            self.report.rest_ms = took;
            if missing.is_none() && self.report.tip_ms == 0 {
                self.report.tip_ms = took;
            }
            let missing =
                missing.or_else(|| self.unloaded()).or_else(|| self.unrest()).or_else(|| self.doubt());
            let Some(missing) = missing else { return Ok(()) };
            if self.report.rest_ms >= SETTLE_MS_MAX {
                self.fail(None, format!("{} s after everything was mended, {missing}", SETTLE_MS_MAX / 1000));
            }
        }
    }

    fn nodes(&self) -> Vec<&Node> {
        self.players.iter().filter_map(|player| Some(&player.life.as_ref()?.node)).collect()
    }

    /// Who has another tip.
    fn unagreed(&self) -> Option<String> {
        let nodes = self.nodes();
        let tip = nodes.first()?.chain().tip();
        let place = nodes.iter().position(|node| node.chain().tip() != tip)?;
        let other = nodes[place].chain().tip();
        Some(format!(
            "node 0 is at {} {}, node {place} at {} {}",
            tip.height, tip.hash, other.height, other.hash
        ))
    }

    /// Which payment is not settled, where all have one tip.
    fn unrest(&self) -> Option<String> {
        let nodes = self.nodes();
        let first = nodes.first()?;
        let tip = first.chain().tip();
        let blocks = (1..=tip.height.0).filter_map(|height| first.chain().block_at(Height(height)));
        let mined: BTreeSet<TransactionId> = blocks
            .flat_map(|block| block.body.transactions.iter().map(|payment| payment.id()).collect::<Vec<_>>())
            .collect();
        self.acknowledged.iter().find_map(|payment| self.unsettled(payment, &nodes, &mined))
    }

    /// Who says that it is possibly isolated.
    fn doubt(&self) -> Option<String> {
        let place = self.nodes().iter().position(|node| node.is_isolated())?;
        Some(format!("node {place} says that it is possibly isolated"))
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
        // What a lagging disk had not written yet is gone.
        let forgotten = player.lives != paid.life && !player.disk.is_prompt();
        if forgotten || mined.contains(&id) || node.chain().account(&sender).nonce > nonce {
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
