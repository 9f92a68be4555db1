//! Turns written-down words into a function's instructions.
//!
//! Code is made segment by segment. A segment says in which order its words are wanted ([`Step`]); what nothing wants is
//! left out, what is used once stays on the stack, and what is used again waits in a local, which is free for other
//! words after its last use. Every step is done for each kind of lane in turn, so that the processor finds
//! instructions of both kinds side by side.

use std::collections::{BTreeSet, HashMap};

use wasm_encoder::{BlockType, Function, Instruction, MemArg, MemArgTarget, ValType};

use crate::graph::{Expr, Graph, Leaf, Op, Stage, Value};
use crate::memory::{CONSTANT, Memory, RECORD, RECORDS, SCALAR, VECTOR};
use crate::sha256::State;

/// How a word is held: four nonces' in a vector, or one nonce's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Vector,
    Scalar,
}

/// What a local is for. With locals apart by their use, one round's code looks like the next one's, and compresses.
#[derive(Clone, Copy)]
pub(crate) enum Pool {
    /// A word that is used again at once.
    Passing,
    /// A round's new `e`.
    E,
    /// A round's new `a`.
    A,
    /// A word of the message.
    Message,
}

/// What a segment does with its words, in order.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// Computes the word here, if anything below uses it.
    Compute(Value, Pool),
    /// Writes the message word of a record, counted from the first.
    Store(u32, Value),
    /// Writes the message word of a record, counted from the current one.
    StoreAhead(u32, Value),
    /// Writes the slot of a word that is known once per header.
    StoreSlot(u32, Value),
}

impl Step {
    const fn value(self) -> Value {
        match self {
            Self::Compute(value, _)
            | Self::Store(_, value)
            | Self::StoreAhead(_, value)
            | Self::StoreSlot(_, value) => value,
        }
    }
}

/// One kind of lane, and where it keeps its words.
struct Lane {
    kind: Kind,
    nonce: u32,
    state: [u32; 8],
    /// Locals that hold nothing, by what they are for.
    free: [BTreeSet<u32>; 4],
    /// What a local is for.
    pools: HashMap<u32, Pool>,
    /// The nodes of this segment that are computed, in their locals.
    held: HashMap<usize, u32>,
    /// How often the nodes of this segment are still to be used.
    uses: HashMap<usize, u32>,
}

/// A function while it is made.
pub(crate) struct Code<'a> {
    graph: &'a Graph,
    memory: &'a mut Memory,
    /// When the code runs: what is known earlier is read from its slot.
    stage: Stage,
    parameters: u32,
    locals: Vec<ValType>,
    lanes: Vec<Lane>,
    body: Vec<Instruction<'static>>,
}

impl<'a> Code<'a> {
    /// A function with so many parameters, all plain words.
    pub(crate) fn new(
        graph: &'a Graph,
        memory: &'a mut Memory,
        stage: Stage,
        parameters: u32,
        kinds: &[Kind],
    ) -> Self {
        let mut code = Self {
            graph,
            memory,
            stage,
            parameters,
            locals: Vec::new(),
            lanes: Vec::new(),
            body: Vec::new(),
        };
        for kind in kinds {
            let nonce = code.local(*kind);
            let state = std::array::from_fn(|_| code.local(*kind));
            let (free, pools, held, uses) = Default::default();
            code.lanes.push(Lane { kind: *kind, nonce, state, free, pools, held, uses });
        }
        code
    }

    pub(crate) fn push(&mut self, instructions: impl IntoIterator<Item = Instruction<'static>>) {
        self.body.extend(instructions);
    }

    /// A new local.
    pub(crate) fn local(&mut self, kind: Kind) -> u32 {
        self.locals.push(match kind {
            Kind::Vector => ValType::V128,
            Kind::Scalar => ValType::I32,
        });
        self.parameters + self.locals.len() as u32 - 1
    }

    /// The local of a lane's nonces.
    pub(crate) fn nonce(&self, kind: Kind) -> Option<u32> {
        self.lanes.iter().find(|lane| lane.kind == kind).map(|lane| lane.nonce)
    }

    pub(crate) fn finish(self) -> Function {
        let mut function = Function::new(self.locals.into_iter().map(|kind| (1, kind)));
        for instruction in self.body.iter().chain([&Instruction::End]) {
            function.instruction(instruction);
        }
        function
    }

    /// A segment; at its end the state's variables are these words.
    pub(crate) fn segment(&mut self, pointer: u32, steps: &[Step], state: State<Expr<'_>>) {
        self.steps(pointer, steps, &state.map(Expr::value));
        for lane in 0..self.lanes.len() {
            state.iter().for_each(|word| self.value(lane, pointer, word.value()));
            let variables = self.lanes[lane].state;
            self.push(variables.into_iter().rev().map(Instruction::LocalSet));
        }
    }

    /// A segment, at whose end the stack says whether this word is zero in any lane.
    pub(crate) fn any_zero(&mut self, pointer: u32, word: Expr<'_>) {
        self.steps(pointer, &[], &[word.value()]);
        self.push([Instruction::I32Const(0)]);
        for lane in 0..self.lanes.len() {
            self.value(lane, pointer, word.value());
            if self.lanes[lane].kind == Kind::Vector {
                self.push([Instruction::I32x4AllTrue]);
            }
            self.push([Instruction::I32Eqz, Instruction::I32Or]);
        }
    }

    /// A segment's steps, and what of its words the end will use.
    pub(crate) fn steps(&mut self, pointer: u32, steps: &[Step], end: &[Value]) {
        let stored = steps.iter().filter(|step| !matches!(step, Step::Compute(..))).map(|step| step.value());
        let wanted: Vec<_> = stored.chain(end.iter().copied()).collect();
        for lane in &mut self.lanes {
            lane.uses.clear();
            lane.held.clear();
            for value in &wanted {
                lane.count(self.graph, self.stage, *value);
            }
        }
        for step in steps {
            for lane in 0..self.lanes.len() {
                self.step(lane, pointer, *step);
            }
        }
    }

    fn step(&mut self, lane: usize, pointer: u32, step: Step) {
        let (base, address) = match step {
            Step::Compute(value, pool) => return self.compute(lane, pointer, value, pool),
            Step::Store(record, _) => (Instruction::I32Const(0), RECORDS + record * RECORD),
            Step::StoreAhead(record, _) => (Instruction::LocalGet(pointer), RECORDS + record * RECORD),
            Step::StoreSlot(address, _) => (Instruction::I32Const(0), address),
        };
        self.body.push(base);
        self.value(lane, pointer, step.value());
        let in_record = if matches!(step, Step::StoreSlot(..)) { 0 } else { SCALAR };
        self.body.push(match self.lanes[lane].kind {
            Kind::Vector => Instruction::V128Store(at(address + VECTOR, 4)),
            Kind::Scalar => Instruction::I32Store(at(address + in_record, 2)),
        });
    }

    /// Puts a word into a local, unless it is there or nothing uses it.
    fn compute(&mut self, lane: usize, pointer: u32, value: Value, pool: Pool) {
        let Value::Node(node) = value else { return };
        let state = &self.lanes[lane];
        if state.uses.contains_key(&node) && !state.held.contains_key(&node) {
            self.op(lane, pointer, node);
            let local = self.hold(lane, node, pool);
            self.body.push(Instruction::LocalSet(local));
        }
    }

    /// Puts a word on the stack.
    fn value(&mut self, lane: usize, pointer: u32, value: Value) {
        let kind = self.lanes[lane].kind;
        let node = match value {
            Value::Known(word) if kind == Kind::Scalar => {
                return self.body.push(Instruction::I32Const(word.cast_signed()));
            }
            Value::Node(node) if self.graph.stage(value) == Some(self.stage) => node,
            Value::Known(_) | Value::Node(_) => {
                let address = self.memory.early(self.graph, value);
                return self.load(kind, Instruction::I32Const(0), address);
            }
        };
        if let Some(local) = self.lanes[lane].held.get(&node).copied() {
            self.body.push(Instruction::LocalGet(local));
        } else {
            self.op(lane, pointer, node);
            if self.lanes[lane].uses[&node] > 1 {
                let local = self.hold(lane, node, Pool::Passing);
                self.body.push(Instruction::LocalTee(local));
            }
        }
        self.lanes[lane].used(node);
    }

    /// Computes a node's word, on the stack.
    fn op(&mut self, lane: usize, pointer: u32, node: usize) {
        let op = self.graph.op(node);
        let kind = self.lanes[lane].kind;
        if let (Op::Rotr(word, by), Kind::Vector) = (op, kind) {
            // There is no rotation of vectors.
            let by = by as i32;
            self.value(lane, pointer, word);
            self.push([Instruction::I32Const(by), Instruction::I32x4ShrU]);
            self.value(lane, pointer, word);
            return self.push([Instruction::I32Const(32 - by), Instruction::I32x4Shl, Instruction::V128Or]);
        }
        op.operands().for_each(|operand| self.value(lane, pointer, operand));
        let vector = kind == Kind::Vector;
        match op {
            Op::Leaf(leaf) => self.leaf(lane, pointer, leaf),
            Op::Add(..) => self.body.push(if vector { Instruction::I32x4Add } else { Instruction::I32Add }),
            Op::Xor(..) => self.body.push(if vector { Instruction::V128Xor } else { Instruction::I32Xor }),
            Op::And(..) => self.body.push(if vector { Instruction::V128And } else { Instruction::I32And }),
            Op::Rotr(_, by) => self.push([Instruction::I32Const(by as i32), Instruction::I32Rotr]),
            Op::Shr(_, by) => {
                let shift = if vector { Instruction::I32x4ShrU } else { Instruction::I32ShrU };
                self.push([Instruction::I32Const(by as i32), shift]);
            }
        }
    }

    fn leaf(&mut self, lane: usize, pointer: u32, leaf: Leaf) {
        let Lane { kind, nonce, state, .. } = self.lanes[lane];
        match leaf {
            Leaf::Header(index) => self.load(kind, Instruction::I32Const(0), Memory::header(index)),
            Leaf::State(variable) => self.body.push(Instruction::LocalGet(state[variable])),
            Leaf::Nonce => self.body.push(Instruction::LocalGet(nonce)),
            Leaf::Constant(record) => {
                self.load(kind, Instruction::LocalGet(pointer), RECORDS + record * RECORD + CONSTANT);
            }
            Leaf::Message(record) => {
                self.body.push(Instruction::LocalGet(pointer));
                let record = RECORDS + record * RECORD;
                self.body.push(match kind {
                    Kind::Vector => Instruction::V128Load(at(record + VECTOR, 4)),
                    Kind::Scalar => Instruction::I32Load(at(record + SCALAR, 2)),
                });
            }
        }
    }

    /// Loads a word that all lanes share. One instruction, where a vector constant takes an engine several.
    fn load(&mut self, kind: Kind, base: Instruction<'static>, address: u32) {
        self.body.push(base);
        self.body.push(match kind {
            Kind::Vector => Instruction::V128Load32Splat(at(address, 2)),
            Kind::Scalar => Instruction::I32Load(at(address, 2)),
        });
    }

    fn hold(&mut self, lane: usize, node: usize, pool: Pool) -> u32 {
        let kind = self.lanes[lane].kind;
        let local = self.lanes[lane].free[pool as usize].pop_first().unwrap_or_else(|| self.local(kind));
        self.lanes[lane].held.insert(node, local);
        self.lanes[lane].pools.insert(local, pool);
        local
    }
}

impl Lane {
    /// Counts a use of a value that is computed at this stage, and with the first use those of its operands.
    fn count(&mut self, graph: &Graph, stage: Stage, value: Value) {
        let Value::Node(node) = value else { return };
        if graph.stage(value) != Some(stage) {
            return;
        }
        let uses = self.uses.entry(node).or_default();
        *uses += 1;
        if *uses > 1 {
            return;
        }
        let op = graph.op(node);
        let times = if matches!(op, Op::Rotr(..)) && self.kind == Kind::Vector { 2 } else { 1 };
        for operand in op.operands() {
            (0..times).for_each(|_| self.count(graph, stage, operand));
        }
    }

    /// A word was used; after the last use its local is free.
    fn used(&mut self, node: usize) {
        let Some(uses) = self.uses.get_mut(&node) else { return };
        *uses -= 1;
        if *uses == 0
            && let Some(local) = self.held.remove(&node)
        {
            self.free[self.pools[&local] as usize].insert(local);
        }
    }
}

/// A memory operand; the alignment as a power of two.
pub(crate) const fn at(offset: u32, align: u32) -> MemArg {
    MemArg { offset: offset as u64, align, target: MemArgTarget::Memory(0), ordering: None }
}

/// Runs the body over and over, for as long as it leaves something other than zero on the stack.
pub(crate) fn repeat(code: &mut Code<'_>, body: impl FnOnce(&mut Code<'_>)) {
    code.push([Instruction::Loop(BlockType::Empty)]);
    body(code);
    code.push([Instruction::BrIf(0), Instruction::End]);
}
