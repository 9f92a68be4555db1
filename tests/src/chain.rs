//! Chains of real work, made natively and fast: their blocks lie far apart in the past, so that the difficulty rule
//! lets them be as easy as any block may be. What took time is kept beside the test's program.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};
use node_wasm::chain::Chain;
use node_wasm::consensus::ChainParams;
use node_wasm::host::chain_file;
use node_wasm::miner::{Template, scan};
use node_wasm::primitives::{Address, Block};
use node_wasm::units::{RoomName, Timestamp};

use crate::clock::now;

/// Seconds between blocks: beyond the patience of the difficulty rule.
const SPACING: u64 = 90;

/// The first `count` blocks of a chain of `room`, genesis left out.
///
/// # Errors
/// When the chain would reach into the future, or cannot be kept.
pub fn of(room: &RoomName, count: u32) -> Result<Vec<Block>> {
    let params = ChainParams::room(room.clone());
    let path = cache()?.join(format!("{room}-{count}.tabchain"));
    let genesis = params.genesis().hash();
    if let Ok(file) = fs::read(&path)
        && let Ok(blocks) = chain_file::read(&file, genesis)
        && holds(&params, &blocks)
    {
        return Ok(blocks);
    }
    let blocks = make(params, count)?;
    let shared: Vec<_> = blocks.iter().map(|block| std::sync::Arc::new(block.clone())).collect();
    fs::write(&path, chain_file::write(genesis, &shared)).with_context(|| format!("{}", path.display()))?;
    Ok(blocks)
}

fn cache() -> Result<PathBuf> {
    let program = env::current_exe()?;
    let directory = program.parent().context("a program lies in a directory")?.join("chains");
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

/// Whether the rules of today still accept what was kept.
fn holds(params: &ChainParams, blocks: &[Block]) -> bool {
    let mut chain = Chain::new(params.clone());
    blocks.iter().all(|block| chain.insert_block(now(), block.clone()).is_ok())
}

fn make(params: ChainParams, count: u32) -> Result<Vec<Block>> {
    let miner = Address([7; 20]);
    let start = u64::from(params.genesis_time.0);
    ensure!((start + SPACING * u64::from(count)) * 1000 < now().0, "{count} blocks would end in the future");
    let mut chain = Chain::new(params);
    let mut blocks = Vec::new();
    for height in 1..=count {
        let at = Timestamp((start + SPACING * u64::from(height)) * 1000);
        let block = solve(&chain, at, miner).context("no nonce solves the block")?;
        chain.insert_block(at, block.clone())?;
        blocks.push(block);
    }
    Ok(blocks)
}

fn solve(chain: &Chain, at: Timestamp, miner: Address) -> Option<Block> {
    let template = Template::new(chain, at, miner, 0, &[])?;
    let job = template.job(0);
    Some(template.solve(scan(&job.header, &job.target, 0, u32::MAX)?))
}
