//! A member of the room that is no node: it proves its own key like everyone, says that it has more than anybody, and
//! lies when it is asked.
#![expect(clippy::wildcard_enum_match_arm, reason = "questions are answered, and all else is overheard")]

use std::sync::OnceLock;

use node_wasm::chain::Chain;
use node_wasm::codec::{decode, encode};
use node_wasm::crypto::SecretKey;
use node_wasm::miner::{Template, scan};
use node_wasm::peer::{Accepted, LinkId, Medium, Peers};
use node_wasm::primitives::{Address, Block, BlockHash, PeerId};
use node_wasm::units::{Height, Timestamp};
use node_wasm::wire::relay::{FromRelay, RELAY_VERSION, ToRelay};
use node_wasm::wire::{Message, SessionId, Status, Tip};
use relay::rooms::SocketId;

use super::double::untrue_tip;
use super::world::params;

const LINK: LinkId = LinkId(1);
/// Blocks of the easy chain: together less work than the honest twenty.
const EASY_BLOCKS: u64 = 4_000;

/// How it lies as a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// Never answers.
    Silent,
    /// Answers with headers that connect to nothing.
    JunkHeaders,
    /// Answers with the true headers and never with a body.
    NoBodies,
    /// Answers with the true headers and with each other's bodies.
    SwappedBodies,
    /// Answers with a whole valid chain of less work.
    LowWork,
    /// Answers with the headers of that chain again and again, as if they never ended.
    EndlessHeaders,
    /// Answers with one true body at a time.
    OneBody,
}

pub(super) struct Ghost {
    habit: Habit,
    key: SecretKey,
    table: Peers,
    pub(super) socket: Option<SocketId>,
    /// Where in its endless headers it is.
    place: usize,
}

impl Ghost {
    pub(super) fn new(habit: Habit) -> Self {
        let key = SecretKey::derive(b"ghost", "adversary");
        let mut table = Peers::new(PeerId::of(&key.public()), params().genesis().hash());
        table.link_up(LINK, Medium::Relay, SessionId([0x60; 16]));
        Self { habit, key, table, socket: None, place: 0 }
    }

    pub(super) fn id(&self) -> PeerId {
        PeerId::of(&self.key.public())
    }

    pub(super) fn join(&self) -> Vec<u8> {
        encode(&ToRelay::Join { version: RELAY_VERSION, room: params().room, peer: self.id(), resume: None })
    }

    /// What it says of an envelope.
    pub(super) fn hear(&mut self, now: Timestamp, truth: &Chain, bytes: &[u8]) -> Vec<Vec<u8>> {
        match decode(bytes).expect("the relay's own words") {
            FromRelay::Welcome { peers, .. } => {
                peers.iter().flat_map(|peer| self.greet(truth, *peer, None)).collect()
            }
            FromRelay::PeerJoined { peer } => self.greet(truth, peer, None),
            FromRelay::Deliver { bytes, .. } => match self.table.accept(now, LINK, &bytes) {
                Ok(Some(Accepted::Hello { from, echo: Some(echo), .. })) => {
                    self.greet(truth, from, Some(echo))
                }
                Ok(Some(Accepted::Stranger(peer))) => self.greet(truth, peer, None),
                Ok(Some(Accepted::Message(from, message))) => {
                    let answer = self.answer(truth, message);
                    answer.into_iter().flat_map(|answer| self.send(Some(from), &answer)).collect()
                }
                Ok(_) | Err(_) => Vec::new(),
            },
            FromRelay::PeerLeft { .. } | FromRelay::Pong { .. } | FromRelay::Bye { .. } => Vec::new(),
        }
    }

    /// What it says by itself: a sign of life every ten seconds.
    pub(super) fn tick(&mut self, now: Timestamp, truth: &Chain) -> Vec<Vec<u8>> {
        let status = Message::Status(self.status(truth));
        if (now.0 / 1000).is_multiple_of(10) { self.send(None, &status) } else { Vec::new() }
    }

    fn status(&self, truth: &Chain) -> Status {
        let tip = match self.habit {
            Habit::Silent | Habit::JunkHeaders | Habit::EndlessHeaders => untrue_tip(),
            Habit::NoBodies | Habit::SwappedBodies | Habit::OneBody => truth.tip(),
            Habit::LowWork => Tip { hash: easy_chain().tip().hash, ..untrue_tip() },
        };
        Status { tip, mempool: 0 }
    }

    fn answer(&mut self, truth: &Chain, question: Message) -> Option<Message> {
        match question {
            Message::Ping(token) => Some(Message::Pong(token)),
            Message::GetHeaders(locator) => self.headers(truth, &locator).map(Message::Headers),
            Message::GetBodies(hashes) => self.bodies(truth, &hashes),
            _ => None,
        }
    }

    fn headers(
        &mut self,
        truth: &Chain,
        locator: &[BlockHash],
    ) -> Option<Vec<node_wasm::primitives::Header>> {
        let most = Message::HEADERS_MAX;
        match self.habit {
            Habit::Silent => None,
            Habit::JunkHeaders => {
                let mut header = params().genesis().header;
                header.previous = BlockHash([0xee; 32]);
                Some(vec![header; most])
            }
            Habit::NoBodies | Habit::SwappedBodies | Habit::OneBody => {
                Some(truth.headers_after(locator, most))
            }
            Habit::LowWork => Some(easy_chain().headers_after(locator, most)),
            Habit::EndlessHeaders => {
                let from = easy_chain().hash_at(Height(u32::try_from(self.place).expect("small")));
                self.place = (self.place + most) % usize::try_from(EASY_BLOCKS).expect("small");
                Some(easy_chain().headers_after(&[from.expect("it is on the chain")], most))
            }
        }
    }

    fn bodies(&self, truth: &Chain, hashes: &[BlockHash]) -> Option<Message> {
        let body =
            |chain: &Chain, hash: &BlockHash| chain.block(hash).map(|block| (*hash, block.body.clone()));
        match self.habit {
            Habit::Silent => None,
            Habit::JunkHeaders | Habit::NoBodies => Some(Message::NotFound(hashes.to_vec())),
            Habit::SwappedBodies => {
                let next = hashes.iter().cycle().skip(1);
                let swapped = hashes.iter().zip(next).filter_map(|(hash, next)| {
                    let mut body = body(truth, next)?.1;
                    body.coinbase.extra_nonce ^= 1;
                    Some((*hash, body))
                });
                Some(Message::Bodies(swapped.collect()))
            }
            Habit::OneBody => {
                Some(Message::Bodies(hashes.iter().filter_map(|hash| body(truth, hash)).take(1).collect()))
            }
            Habit::LowWork | Habit::EndlessHeaders => {
                let known = hashes.iter().filter_map(|hash| body(easy_chain(), hash));
                Some(Message::Bodies(known.collect()))
            }
        }
    }

    fn greet(&mut self, truth: &Chain, peer: PeerId, echo: Option<SessionId>) -> Vec<Vec<u8>> {
        let hello = Peers::hello(self.key.public(), echo, self.status(truth));
        self.send(Some(peer), &hello)
    }

    fn send(&mut self, to: Option<PeerId>, message: &Message) -> Vec<Vec<u8>> {
        let bytes = self.table.frame(LINK, to, message).expect("the link is open").seal(&self.key);
        let envelope = match to {
            Some(peer) => ToRelay::To { peer, bytes },
            None => ToRelay::Cast { bytes },
        };
        vec![encode(&envelope)]
    }
}

/// A valid chain of the easiest blocks, three minutes apart, from the room's first day.
fn easy_chain() -> &'static Chain {
    static CHAIN: OnceLock<Chain> = OnceLock::new();
    CHAIN.get_or_init(|| {
        let mut chain = Chain::new(params());
        let start = u64::from(params().genesis_time.0);
        for number in 1..=EASY_BLOCKS {
            let at = Timestamp((start + 180 * number) * 1000);
            let block = easy_block(&chain, at);
            chain.insert_block(at, block).expect("a valid block");
        }
        chain
    })
}

fn easy_block(chain: &Chain, at: Timestamp) -> Block {
    let template = Template::new(chain, at, Address([6; 20]), 0, &[]).expect("a template");
    let job = template.job(0);
    template.solve(scan(&job.header, &job.target, 0, u32::MAX).expect("a nonce"))
}
