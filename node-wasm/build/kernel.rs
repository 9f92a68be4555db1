//! The mining kernels: SHA-256d of a header for several nonces at once, as one wasm module.
//!
//! A miner hashes the same 80 bytes over and over, with another nonce each time. All speed comes from five ideas:
//!
//! * **Lanes.** A group of nonces is hashed at once: four in the lanes of vectors ([`Kind::Vector`]), and in a mixed
//!   kernel a fifth in plain words ([`Kind::Scalar`]), whose instructions some processors run beside the vectors'.
//! * **Midstate.** The nonce is in the header's second block of 64 bytes, so the first block's compression is done once
//!   per header, by the caller.
//! * **Partial evaluation.** Of the two compressions that are left, much does not depend on the nonce: the padding, the
//!   rounds before the nonce's. SHA-256 is not emitted but written down, by the very functions that the library
//!   computes with (`src/miner/sha256.rs`), and every operation is done as early as its operands are known: while
//!   this runs, or in `prepare`, or in the search ([`crate::graph`]).
//! * **Early exit.** A target tests the hash's eighth word first, and that is known three rounds before the end.
//!   A search stops there, and reports a group where that word has zeros under the target's mask in any lane. A mask,
//!   as easy targets want fewer zeros than a word has bits. The caller hashes such a group whole.
//! * **Short code.** Only the rounds with the message's own words are written out, where the folding pays. The others run
//!   in loops, because code that outgrows a processor's caches of decoded instructions is slow. Four rounds a body make
//!   each of the state's eight variables anew once, so that none is moved about. With eight the mixed kernel was
//!   12 % slower, with sixteen both were by a third (in V8; the vectors' alone does not mind eight).
//!
//! The module is emitted instruction by instruction ([`crate::code`]) and embedded as bytes, outside of what the
//! compiler and `wasm-opt` see: each of them loses up to a quarter, by an order that needs more registers than there
//! are.
//!
//! What the module and its caller agree on is in `src/miner/contract.rs`; how it is called, in `src/miner/kernel.rs`.

use std::array;

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function, FunctionSection,
    Instruction, MemorySection, MemoryType, Module, TypeSection, ValType,
};

use crate::code::{Code, Kind, Pool, Step, at, repeat};
use crate::contract::{LANES, MASK, TAIL, WRITE};
use crate::graph::{Expr, Graph, Leaf, Stage};
use crate::memory::{CONSTANT, CONSTANTS, Memory, RECORD, RECORDS, WORD};
use crate::sha256::{DIGEST_BITS, END, HEADER_BITS, INITIAL, K, State, Word as _, round, schedule};

/// The last round of the second hash: it makes the word that three more rounds would only move.
const LAST: usize = 60;
/// The variable that is that word.
const E: usize = 4;
/// The other variable that a round computes.
const A: usize = 0;
/// The words of a block.
const BLOCK: usize = 16;

/// The parameters of the search.
const NONCE: u32 = 0;
const GROUPS: u32 = 1;
const PARAMETERS: u32 = 2;
/// The function that every search calls first.
const PREPARE: u32 = 0;

/// The rounds of a loop's body.
const BODY: usize = 4;

/// What a kernel is made of.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// The name of its search.
    pub(crate) name: &'static str,
    /// How the nonces of a group are held.
    pub(crate) kinds: &'static [Kind],
}

/// The module of the kernels: they share what they are told of a header, and what that makes known.
pub(crate) fn module(shapes: &[Shape]) -> Vec<u8> {
    let graph = Graph::default();
    let mut memory = Memory::default();
    let searches: Vec<_> = shapes.iter().map(|shape| search(&graph, &mut memory, shape.kinds)).collect();
    // After the searches, which say what they need.
    let prepare = prepare(&graph, &mut memory);

    let mut types = TypeSection::new();
    types.ty().function([], []);
    types.ty().function([ValType::I32; PARAMETERS as usize], []);
    types.ty().function([ValType::I32; PARAMETERS as usize], [ValType::I32]);
    let mut functions = FunctionSection::new();
    let mut exports = ExportSection::new();
    let mut codes = CodeSection::new();
    functions.function(0).function(1);
    codes.function(&prepare).function(&write());
    exports.export(WRITE, ExportKind::Func, PREPARE + 1);
    for (index, (shape, search)) in (PREPARE + 2..).zip(shapes.iter().zip(&searches)) {
        functions.function(2);
        codes.function(search);
        exports.export(shape.name, ExportKind::Func, index);
    }
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: Some(1),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(CONSTANTS as i32), memory.content());
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&exports);
    module.section(&codes).section(&data);
    module.finish()
}

/// `write(at, word)`: tells a word about the header.
fn write() -> Function {
    let mut function = Function::new([]);
    function.instruction(&Instruction::LocalGet(0));
    function.instruction(&Instruction::I32Const(WORD.ilog2() as i32)).instruction(&Instruction::I32Shl);
    function.instruction(&Instruction::LocalGet(1)).instruction(&Instruction::I32Store(at(0, 2)));
    function.instruction(&Instruction::End);
    function
}

/// `prepare()`: computes what depends on the header alone, from what the caller wrote about it, and puts the round
/// constants into their records. In the module they lie in a row: the page's program has the same table, and what is there
/// twice compresses to nothing.
fn prepare(graph: &Graph, memory: &mut Memory) -> Function {
    let steps: Vec<_> =
        memory.per_header().into_iter().map(|(value, slot)| Step::StoreSlot(slot, value)).collect();
    let mut code = Code::new(graph, memory, Stage::Header, 0, &[Kind::Scalar]);
    code.steps(0, &steps, &[]);
    let round = code.local(Kind::Scalar);
    let times =
        |by: u32| [Instruction::LocalGet(round), Instruction::I32Const(by as i32), Instruction::I32Mul];
    code.push([Instruction::Loop(BlockType::Empty)]);
    code.push(times(RECORD));
    code.push(times(WORD));
    code.push([Instruction::I32Load(at(CONSTANTS, 2)), Instruction::I32Store(at(RECORDS + CONSTANT, 2))]);
    code.push([Instruction::LocalGet(round), Instruction::I32Const(1), Instruction::I32Add]);
    code.push([Instruction::LocalTee(round), Instruction::I32Const(K.len() as i32), Instruction::I32Ne]);
    code.push([Instruction::BrIf(0), Instruction::End]);
    code.finish()
}

/// A kernel's `search(nonce, groups)`: how many groups were left when one was found that may hold a hit, itself
/// included; 0 when none was.
fn search(graph: &Graph, memory: &mut Memory, kinds: &[Kind]) -> Function {
    let mut code = Code::new(graph, memory, Stage::Nonce, PARAMETERS, kinds);
    let hash = Compression { graph, pointer: code.local(Kind::Scalar) };
    code.push([Instruction::Call(PREPARE)]);
    let header = |word| graph.leaf(Leaf::Header(word));
    let midstate: State<Expr<'_>> = array::from_fn(|at| header(at as u32));
    repeat(&mut code, |code| {
        let nonces = nonces(code);
        let words = [header(TAIL), header(TAIL + 1), header(TAIL + 2), graph.leaf(Leaf::Nonce)];
        let state = hash.rounds(code, midstate, &padded(&words, HEADER_BITS), K.len());
        let digest: Vec<_> = state.into_iter().zip(midstate).map(|(word, start)| word.add(start)).collect();
        let state = hash.rounds(code, INITIAL.map(Expr::known), &padded(&digest, DIGEST_BITS), LAST + 1);
        let eighth = state[E].add(Expr::known(INITIAL[7]));
        code.any_zero(hash.pointer, eighth.and(header(MASK)));
        code.push([
            Instruction::If(BlockType::Empty),
            Instruction::LocalGet(GROUPS),
            Instruction::Return,
            Instruction::End,
        ]);
        code.push([Instruction::LocalGet(NONCE), Instruction::I32Const(nonces), Instruction::I32Add]);
        code.push([Instruction::LocalSet(NONCE)]);
        code.push([Instruction::LocalGet(GROUPS), Instruction::I32Const(-1), Instruction::I32Add]);
        code.push([Instruction::LocalTee(GROUPS)]);
    });
    code.push([Instruction::I32Const(0)]);
    code.finish()
}

/// The last block of a message, whose bits are so many in all.
fn padded<'g>(words: &[Expr<'g>], bits: u32) -> Vec<Expr<'g>> {
    let mut block = words.to_vec();
    block.push(Expr::known(END));
    block.resize(BLOCK - 1, Expr::known(0));
    block.push(Expr::known(bits));
    block
}

/// The compression of a block.
#[derive(Clone, Copy)]
struct Compression<'g> {
    graph: &'g Graph,
    /// The local with the address of the current round's record.
    pointer: u32,
}

impl<'g> Compression<'g> {
    /// So many rounds, without the sum that ends a compression. The last few, which fill no loop's body, have no steps of
    /// their own: whatever segment follows computes their words when it asks for them.
    fn rounds(
        self,
        code: &mut Code<'_>,
        mut state: State<Expr<'g>>,
        block: &[Expr<'g>],
        rounds: usize,
    ) -> State<Expr<'g>> {
        let Self { graph, pointer } = self;
        let mut steps = Vec::new();
        for (at, word) in block.iter().enumerate() {
            steps.push(Step::Store(at as u32, word.value()));
            state = round(state, word.add(Expr::known(K[at])));
            steps.extend(computed(state));
        }
        code.segment(pointer, &steps, state);

        let record = |round: usize| Instruction::I32Const((RECORD as usize * round) as i32);
        let looped = (rounds - BLOCK) / BODY * BODY;
        code.push([record(0), Instruction::LocalSet(pointer)]);
        repeat(code, |code| {
            let (steps, state) = self.ahead(BODY, |at| graph.leaf(Leaf::Constant(at as u32)));
            code.segment(pointer, &steps, state);
            code.push([Instruction::LocalGet(pointer), record(BODY), Instruction::I32Add]);
            code.push([Instruction::LocalTee(pointer), record(looped), Instruction::I32Ne]);
        });
        self.ahead(rounds - BLOCK - looped, |at| Expr::known(K[looped + at])).1
    }

    /// Rounds whose state lies in the variables and whose message in the records: their steps, and the state after
    /// them. A record is named by how many it is after the pointer's.
    fn ahead(self, rounds: usize, constant: impl Fn(usize) -> Expr<'g>) -> (Vec<Step>, State<Expr<'g>>) {
        let mut state: State<_> = array::from_fn(|variable| self.graph.leaf(Leaf::State(variable)));
        let mut words: Vec<_> = (0..BLOCK).map(|at| self.graph.leaf(Leaf::Message(at as u32))).collect();
        let mut steps = Vec::new();
        for at in BLOCK..BLOCK + rounds {
            words.push(next_word(&words));
            steps.push(Step::Compute(words[at].value(), Pool::Message));
            steps.push(Step::StoreAhead(at as u32, words[at].value()));
            state = round(state, words[at].add(constant(at)));
            steps.extend(computed(state));
        }
        (steps, state)
    }
}

/// The schedule's word after these.
fn next_word<'g>(words: &[Expr<'g>]) -> Expr<'g> {
    let ago = |places: usize| words[words.len() - places];
    schedule(ago(16), ago(15), ago(7), ago(2))
}

/// What a round computes; the rest of the state only moves.
fn computed(state: State<Expr<'_>>) -> [Step; 2] {
    [Step::Compute(state[E].value(), Pool::E), Step::Compute(state[A].value(), Pool::A)]
}

/// Fills the lanes with the nonces of a group, as words of the message, and says how many they are.
fn nonces(code: &mut Code<'_>) -> i32 {
    let mut count = 0;
    if let Some(local) = code.nonce(Kind::Vector) {
        code.push([
            Instruction::LocalGet(NONCE),
            Instruction::I32x4Splat,
            Instruction::V128Const(i128::from_le_bytes([0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0])),
            Instruction::I32x4Add,
            Instruction::LocalTee(local),
            Instruction::LocalGet(local),
            Instruction::I8x16Shuffle([3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]),
            Instruction::LocalSet(local),
        ]);
        count += LANES.cast_signed();
    }
    if let Some(local) = code.nonce(Kind::Scalar) {
        // Bytes 0 and 2 change places by one rotation, 1 and 3 by the other.
        let half = |by, mask: u32| {
            [
                Instruction::LocalGet(local),
                Instruction::I32Const(by),
                Instruction::I32Rotl,
                Instruction::I32Const(mask.cast_signed()),
                Instruction::I32And,
            ]
        };
        code.push([Instruction::LocalGet(NONCE), Instruction::I32Const(count), Instruction::I32Add]);
        code.push([Instruction::LocalSet(local)]);
        code.push(half(8, 0x00ff_00ff));
        code.push(half(24, 0xff00_ff00));
        code.push([Instruction::I32Or, Instruction::LocalSet(local)]);
        count += 1;
    }
    count
}
