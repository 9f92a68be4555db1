//! Words that are not computed with but written down: what the kernels' code is made from.
//!
//! A word is known while the kernel is built, or once per header, or once per nonce ([`Stage`]), and an operation is
//! done as early as its operands are known. That is the whole of the partial evaluation: constants fold here, what
//! the nonce does not touch moves into the function that prepares a header, and the rest is the search.
//! A word of the message or a round constant is in a round's record ([`crate::memory`]), named by how far that is from
//! the record where a loop is. Equal operations are one node, so that what two rounds share is computed once.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::sha256::Word;

/// In which function's run a word is known; a word known while building is no node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Once per header.
    Header,
    /// For each nonce anew.
    Nonce,
}

/// Where a word comes from that no operation makes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Leaf {
    /// This word of what the caller wrote about the header.
    Header(u32),
    /// This variable of the state when the segment begins.
    State(usize),
    /// The nonce, as a word of the message.
    Nonce,
    /// The message word of the record so many after the current one.
    Message(u32),
    /// The round constant of the record so many after the current one.
    Constant(u32),
}

/// An operand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Value {
    Known(u32),
    Node(usize),
}

/// How a node's word is made.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Leaf(Leaf),
    Add(Value, Value),
    Xor(Value, Value),
    And(Value, Value),
    Rotr(Value, u32),
    Shr(Value, u32),
}

impl Op {
    pub(crate) fn operands(self) -> impl Iterator<Item = Value> {
        let (first, second) = match self {
            Self::Leaf(_) => (None, None),
            Self::Add(a, b) | Self::Xor(a, b) | Self::And(a, b) => (Some(a), Some(b)),
            Self::Rotr(a, _) | Self::Shr(a, _) => (Some(a), None),
        };
        first.into_iter().chain(second)
    }
}

/// All that was written down.
#[derive(Default)]
pub(crate) struct Graph {
    nodes: RefCell<Vec<(Op, Stage)>>,
    same: RefCell<HashMap<Op, usize>>,
}

impl Graph {
    /// A word from outside. But for the header's, every segment of code has its own: between two segments, variables and
    /// memory change.
    pub(crate) fn leaf(&self, leaf: Leaf) -> Expr<'_> {
        if matches!(leaf, Leaf::Header(_)) {
            return self.expr(self.node(Op::Leaf(leaf)));
        }
        self.expr(self.push(Op::Leaf(leaf), Stage::Nonce))
    }

    pub(crate) fn op(&self, node: usize) -> Op {
        self.nodes.borrow()[node].0
    }

    /// When a value is known; `None` where it is already.
    pub(crate) fn stage(&self, value: Value) -> Option<Stage> {
        match value {
            Value::Known(_) => None,
            Value::Node(node) => Some(self.nodes.borrow()[node].1),
        }
    }

    fn expr(&self, value: Value) -> Expr<'_> {
        match value {
            Value::Known(word) => Expr::Known(word),
            Value::Node(node) => Expr::Node(self, node),
        }
    }

    fn push(&self, op: Op, stage: Stage) -> Value {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push((op, stage));
        Value::Node(nodes.len() - 1)
    }

    /// The node of an operation, which is known when the latest of its operands is.
    fn node(&self, op: Op) -> Value {
        if let Some(node) = self.same.borrow().get(&op) {
            return Value::Node(*node);
        }
        let stage = op.operands().filter_map(|operand| self.stage(operand)).max().unwrap_or(Stage::Header);
        let value = self.push(op, stage);
        if let Value::Node(node) = value {
            self.same.borrow_mut().insert(op, node);
        }
        value
    }

    /// The sum. What does not depend on the nonce is summed apart, wherever in the sum it stands.
    fn add(&self, a: Value, b: Value) -> Value {
        const ZERO: Value = Value::Known(0);
        match (self.split(a), self.split(b)) {
            ((None, c), (None, d)) => self.add_plainly(c, d),
            ((Some(x), c), (None, d)) | ((None, d), (Some(x), c)) => {
                self.add_plainly(x, self.add_plainly(c, d))
            }
            ((Some(_), ZERO), (Some(_), _)) | ((Some(_), _), (Some(_), ZERO)) => self.add_plainly(a, b),
            ((Some(x), c), (Some(y), d)) => self.add_plainly(self.add_plainly(x, y), self.add_plainly(c, d)),
        }
    }

    /// The part of a sum that depends on the nonce, if any does, and the rest.
    fn split(&self, value: Value) -> (Option<Value>, Value) {
        let early = |value| self.stage(value) < Some(Stage::Nonce);
        let Value::Node(node) = value else { return (None, value) };
        match self.op(node) {
            _ if early(value) => (None, value),
            Op::Add(c, x) | Op::Add(x, c) if early(c) => (Some(x), c),
            Op::Leaf(_) | Op::Add(..) | Op::Xor(..) | Op::And(..) | Op::Rotr(..) | Op::Shr(..) => {
                (Some(value), Value::Known(0))
            }
        }
    }

    fn add_plainly(&self, a: Value, b: Value) -> Value {
        match (a, b) {
            (Value::Known(a), Value::Known(b)) => Value::Known(a.wrapping_add(b)),
            (Value::Known(0), x) | (x, Value::Known(0)) => x,
            _ => self.node(Op::Add(a.min(b), a.max(b))),
        }
    }
}

/// A word, written down.
#[derive(Clone, Copy)]
pub(crate) enum Expr<'g> {
    Known(u32),
    Node(&'g Graph, usize),
}

impl<'g> Expr<'g> {
    pub(crate) const fn value(self) -> Value {
        match self {
            Self::Known(word) => Value::Known(word),
            Self::Node(_, node) => Value::Node(node),
        }
    }

    fn one(self, known: impl Fn(u32) -> u32, op: impl Fn(Value) -> Op) -> Self {
        match self {
            Self::Known(word) => Self::Known(known(word)),
            Self::Node(graph, _) => graph.expr(graph.node(op(self.value()))),
        }
    }

    /// Operands in one order, so that `a + b` is the node of `b + a`.
    fn two(
        self,
        other: Self,
        known: fn(u32, u32) -> u32,
        make: impl Fn(&Graph, Value, Value) -> Value,
    ) -> Self {
        let (a, b) = (self.value(), other.value());
        match (self, other) {
            (Self::Known(a), Self::Known(b)) => Self::Known(known(a, b)),
            (Self::Node(graph, _), _) | (_, Self::Node(graph, _)) => {
                graph.expr(make(graph, a.min(b), a.max(b)))
            }
        }
    }
}

impl Word for Expr<'_> {
    fn known(word: u32) -> Self {
        Self::Known(word)
    }
    fn add(self, other: Self) -> Self {
        self.two(other, u32::wrapping_add, Graph::add)
    }
    fn xor(self, other: Self) -> Self {
        self.two(other, |a, b| a ^ b, |graph, a, b| graph.node(Op::Xor(a, b)))
    }
    fn and(self, other: Self) -> Self {
        self.two(other, |a, b| a & b, |graph, a, b| graph.node(Op::And(a, b)))
    }
    fn rotr<const N: u32>(self) -> Self {
        self.one(|word| word.rotate_right(N), |value| Op::Rotr(value, N))
    }
    fn shr<const N: u32>(self) -> Self {
        self.one(|word| word >> N, |value| Op::Shr(value, N))
    }
}
