//! Payment proofs on the command line: makes one from a chain file that the page exported, and checks one, in bytes or
//! JSON, knowing nothing but the room's name.
//!
//! ```text
//! cargo run -p node-wasm --example proof -- make ROOM CHAIN-FILE PAYMENT-ID > proof.json
//! cargo run -p node-wasm --example proof -- check ROOM PROOF-FILE
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command says what it found")]
#![allow(clippy::disallowed_methods, reason = "the checker's clock enters here")]

use std::error::Error;
use std::process::ExitCode;
use std::time::SystemTime;
use std::{env, fs};

use node_wasm::chain::Chain;
use node_wasm::consensus::ChainParams;
use node_wasm::host::chain_file;
use node_wasm::proof::PaymentProof;
use node_wasm::units::Timestamp;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", room, file, id] => make(ChainParams::room(room.parse()?), &read(file)?, id),
        ["check", room, file] => check(&ChainParams::room(room.parse()?), &read(file)?),
        _ => Err("usage: proof make ROOM CHAIN-FILE PAYMENT-ID\n       proof check ROOM PROOF-FILE".into()),
    }
}

fn read(file: &str) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("reading {file}: {error}"))
}

fn make(params: ChainParams, file: &[u8], id: &str) -> Result<(), Box<dyn Error>> {
    let mut chain = Chain::new(params);
    for block in chain_file::read(file, chain.genesis())? {
        chain.insert_block(now()?, block)?;
    }
    let id = id.parse().map_err(|error| format!("{id} is no payment's id: {error}"))?;
    let proof = PaymentProof::of(&chain, &id).ok_or("no block of the chain has this payment")?;
    println!("{}", serde_json::to_string(&proof)?);
    Ok(())
}

fn check(params: &ChainParams, file: &[u8]) -> Result<(), Box<dyn Error>> {
    let proof: PaymentProof =
        if file.first() == Some(&b'{') { serde_json::from_slice(file)? } else { PaymentProof::decode(file)? };
    let found = proof.check(params, Some(now()?))?;
    let payment = &proof.payment.payment;
    println!("{} pays {} tabs to {}", proof.payment.sender(), payment.amount, payment.recipient);
    println!("in block {} at height {}, made {} s after 1970", found.block, found.height, found.time);
    println!("confirmed by {} blocks, the last of them {}", found.depth, found.tip);
    println!("the chain's work is {} hashes: compare it with what the room's nodes say", found.work);
    Ok(())
}

fn now() -> Result<Timestamp, Box<dyn Error>> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(Timestamp(u64::try_from(since.as_millis())?))
}
