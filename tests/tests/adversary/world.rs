//! A room of real nodes behind a relay that may lie: the nodes' own code, the relay's own `Rooms` and its clients, on a
//! virtual clock. What the relay does with each envelope is up to its [`Double`]; a second medium, which brings
//! everything to everyone, can be opened beside it.
//!
//! Every second it is checked that nobody believes what nobody said.
//!
//! It is no scenario of `node_wasm::sim`: there a run is one plan, drawn from a seed and played to its end behind one
//! call. Here a test turns the relay, opens a second medium and looks at what each node believes of the others between
//! any two seconds, for which the simulator's whole world would have to be public.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use node_wasm::chain::Chain;
use node_wasm::codec::decode;
use node_wasm::consensus::ChainParams;
use node_wasm::crypto::SecretKey;
use node_wasm::host::relay_client::{self, RelayClient, SocketEvent};
use node_wasm::miner::{Job, scan};
use node_wasm::node::{Config, Input, Node, Output};
use node_wasm::peer::{LinkId, Medium, SILENCE_MS_MAX};
use node_wasm::primitives::{Address, BlockHash, Payment, PeerId, Target, Transaction, TransactionId};
use node_wasm::units::{Amount, Height, Timestamp};
use node_wasm::wire::SessionId;
use node_wasm::wire::relay::{FromRelay, ResumeToken};
use relay::rooms::{self, Rooms, SocketId};

use super::double::Double;
use super::ghost::Ghost;

/// When the clock starts: a year after the rooms' genesis.
pub(super) const START: Timestamp = Timestamp(1_798_761_600_000);
/// The only one that mines.
pub(super) const MINER: usize = 0;
/// One that was there before the relay turned, ...
pub(super) const VICTIM: usize = 2;
/// ... and one that comes later and knows nothing. What the relay does, it does to these two.
pub(super) const JOINER: usize = 3;

/// A room whose blocks take some 500 hashes, where a chain of 2 each may grow beside it.
pub(super) fn params() -> ChainParams {
    ChainParams {
        starting_bits: Target::for_hashes(512).compact(),
        limit_bits: Target::for_hashes(2).compact(),
        ..ChainParams::room("adversary".parse().expect("a room's name"))
    }
}

pub(super) struct Player {
    pub(super) node: Node,
    key: SecretKey,
    client: RelayClient,
    attempt: u32,
    socket: Option<SocketId>,
    /// The second medium.
    channel: Option<LinkId>,
    job: Option<Job>,
    /// Every tip that it ever had: what it may have spoken of.
    tips: BTreeSet<BlockHash>,
}

pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) players: Vec<Player>,
    pub(super) double: Double,
    rooms: Rooms,
    /// What the relay has for its sockets, by when it comes.
    wire: BTreeMap<(Timestamp, u64), (SocketId, Vec<u8>)>,
    /// What is on the second medium: for whom.
    channel: VecDeque<(usize, Vec<u8>)>,
    ghost: Option<Ghost>,
    /// The payments that somebody made.
    payments: BTreeSet<TransactionId>,
    /// Whether each player ever said that it was possibly isolated.
    pub(super) warned: [bool; 4],
    count: u64,
}

impl World {
    /// Four nodes, three of which have met and mined twenty blocks by an honest relay.
    pub(super) fn new() -> Self {
        let mut world = Self {
            now: START,
            players: Vec::new(),
            double: Double::default(),
            rooms: Rooms::default(),
            wire: BTreeMap::new(),
            channel: VecDeque::new(),
            ghost: None,
            payments: BTreeSet::new(),
            warned: [false; 4],
            count: 0,
        };
        (0..4).for_each(|number| world.add(number));
        world.double.targets = [VICTIM, JOINER].map(|index| world.players[index].node.id()).to_vec();
        (0..JOINER).for_each(|index| world.connect(index));
        world.run(200, true);
        world
    }

    fn add(&mut self, number: u8) {
        let key = SecretKey::derive(&[number], "adversary");
        let config = Config { params: params(), node_key: key.public(), seed: u64::from(number) };
        let node = Node::new(config, START);
        let url = "ws://relay".to_owned();
        let client = RelayClient::new(url, params().room, node.id(), u64::from(number), START);
        let tips = BTreeSet::from([node.chain().tip().hash]);
        let player = Player { node, key, client, attempt: 0, socket: None, channel: None, job: None, tips };
        self.players.push(player);
    }

    pub(super) fn connect(&mut self, index: usize) {
        self.tell_client(index, relay_client::Input::Connect("ws://relay".to_owned()));
    }

    /// A member of the room with a key of its own, and lies of its own.
    pub(super) fn haunt(&mut self, ghost: Ghost) {
        let (socket, join) = (self.fresh_socket(), ghost.join());
        let mut ghost = ghost;
        ghost.socket = Some(socket);
        self.ghost = Some(ghost);
        self.rooms.handle(self.now, rooms::Input::Received { socket, bytes: join.into() });
        self.flush_relay();
    }

    /// Opens the second medium between all.
    pub(super) fn open_channel(&mut self) {
        let ids: Vec<PeerId> = self.players.iter().map(|player| player.node.id()).collect();
        for index in 0..self.players.len() {
            let link = LinkId(1_000 + u32::try_from(index).expect("few nodes"));
            self.players[index].channel = Some(link);
            let session = self.fresh_session();
            self.feed(index, Input::LinkUp { link, medium: Medium::Broadcast, session });
            for peer in ids.iter().filter(|id| **id != ids[index]) {
                self.feed(index, Input::PeerJoined { link, peer: *peer });
            }
        }
        self.settle();
    }

    /// Lets time pass second by second, with a block every ten if there is mining.
    pub(super) fn run(&mut self, seconds: u64, mining: bool) {
        for _ in 0..seconds {
            self.now = self.now.plus_ms(1000);
            for index in 0..self.players.len() {
                self.feed(index, Input::Tick);
                self.tell_client(index, relay_client::Input::Tick);
            }
            self.rooms.handle(self.now, rooms::Input::Tick);
            self.flush_relay();
            for (to, envelope) in self.double.inject(self.now) {
                self.put(self.now, to, &envelope);
            }
            self.haunting(None);
            if mining && self.now.0.is_multiple_of(10_000) {
                self.find();
            }
            self.settle();
            self.check_honesty();
        }
    }

    /// The miner finds a block.
    fn find(&mut self) {
        self.feed(MINER, Input::Mine(Some(Address::of(&payer().public()))));
        let job = self.players[MINER].job.clone().expect("a job");
        let nonce = scan(&job.header, &job.target, 0, u32::MAX).expect("a nonce");
        self.feed(MINER, Input::Mined { job: job.id, nonce });
        self.feed(MINER, Input::Mine(None));
    }

    /// A player is handed a payment.
    pub(super) fn pay(&mut self, index: usize, nonce: u64) -> Transaction {
        let payment = Payment {
            sender: payer().public(),
            recipient: Address([2; 20]),
            amount: Amount(7),
            fee: Amount(1),
            nonce,
            data: Vec::new(),
        };
        let transaction = payment.sign(&params().genesis().hash(), &payer());
        self.payments.insert(transaction.id());
        self.feed(index, Input::Submit(transaction.clone()));
        transaction
    }

    fn settle(&mut self) {
        for _ in 0..200_000 {
            if let Some((to, bytes)) = self.channel.pop_front() {
                let link = self.players[to].channel.expect("it is open for all");
                self.feed(to, Input::Received { link, bytes });
                continue;
            }
            match self.wire.first_entry() {
                Some(entry) if entry.key().0 <= self.now => {
                    let (socket, bytes) = entry.remove();
                    self.deliver(socket, bytes);
                }
                Some(_) | None => return,
            }
        }
        panic!("the network does not come to rest");
    }

    fn deliver(&mut self, socket: SocketId, bytes: Vec<u8>) {
        let member = self.players.iter().position(|player| player.socket == Some(socket));
        match member {
            Some(index) => {
                let attempt = self.players[index].attempt;
                let event = SocketEvent::Message(bytes);
                self.tell_client(index, relay_client::Input::Socket { attempt, event });
            }
            None => self.haunting(Some(bytes)),
        }
    }

    /// The ghost hears an envelope, or time passes for it.
    fn haunting(&mut self, heard: Option<Vec<u8>>) {
        let Some(mut ghost) = self.ghost.take() else { return };
        let truth = self.players[MINER].node.chain();
        let said = match heard {
            Some(bytes) => ghost.hear(self.now, truth, &bytes),
            None => ghost.tick(self.now, truth),
        };
        let socket = ghost.socket.expect("it has joined");
        self.ghost = Some(ghost);
        for bytes in said {
            self.rooms.handle(self.now, rooms::Input::Received { socket, bytes: bytes.into() });
        }
        self.flush_relay();
    }

    fn feed(&mut self, index: usize, input: Input) {
        self.players[index].node.handle(self.now, input);
        while let Some(output) = self.players[index].node.poll() {
            match output {
                Output::Send { link, frame } => {
                    let recipient = frame.recipient;
                    let bytes = frame.seal(&self.players[index].key);
                    if self.players[index].channel == Some(link) {
                        self.cast_on_channel(index, recipient, &bytes);
                    } else {
                        self.players[index].client.send(bytes, recipient, 0);
                        self.poll_client(index);
                    }
                }
                Output::Job(job) => self.players[index].job = job,
                Output::Chain(_)
                | Output::Submitted(_)
                | Output::Synced(_)
                | Output::Imported { .. }
                | Output::Mempool(_)
                | Output::Event(_) => {}
            }
        }
        let player = &mut self.players[index];
        player.tips.insert(player.node.chain().tip().hash);
        self.warned[index] |= player.node.is_isolated();
    }

    fn cast_on_channel(&mut self, from: usize, recipient: Option<PeerId>, bytes: &[u8]) {
        for to in (0..self.players.len()).filter(|to| *to != from) {
            if recipient.is_none_or(|recipient| recipient == self.players[to].node.id()) {
                self.channel.push_back((to, bytes.to_vec()));
            }
        }
    }

    fn tell_client(&mut self, index: usize, input: relay_client::Input) {
        self.players[index].client.handle(self.now, input);
        self.poll_client(index);
    }

    fn poll_client(&mut self, index: usize) {
        while let Some(output) = self.players[index].client.poll() {
            match output.into_node_input() {
                Ok(input) => self.feed(index, input),
                Err(relay_client::Output::Open { attempt, .. }) => self.open(index, attempt),
                Err(relay_client::Output::Transmit(bytes)) => {
                    let Some(socket) = self.players[index].socket else { continue };
                    self.rooms.handle(self.now, rooms::Input::Received { socket, bytes: bytes.into() });
                    self.flush_relay();
                }
                Err(relay_client::Output::Close) => {
                    if let Some(socket) = self.players[index].socket.take() {
                        self.rooms.handle(self.now, rooms::Input::Closed { socket });
                        self.flush_relay();
                    }
                }
                Err(_) => {}
            }
        }
    }

    fn open(&mut self, index: usize, attempt: u32) {
        let (socket, session) = (self.fresh_socket(), self.fresh_session());
        let link = LinkId(u32::try_from(socket.0).expect("few sockets"));
        (self.players[index].socket, self.players[index].attempt) = (Some(socket), attempt);
        self.double.sockets.insert(socket, self.players[index].node.id());
        let event = SocketEvent::Opened { link, session };
        self.tell_client(index, relay_client::Input::Socket { attempt, event });
    }

    fn fresh_socket(&mut self) -> SocketId {
        self.count += 1;
        let socket = SocketId(self.count);
        let mut resume = [0; 16];
        resume[..8].copy_from_slice(&self.count.to_le_bytes());
        self.rooms.handle(self.now, rooms::Input::Opened { socket, resume: ResumeToken(resume) });
        socket
    }

    fn fresh_session(&mut self) -> SessionId {
        self.count += 1;
        let mut session = [7; 16];
        session[..8].copy_from_slice(&self.count.to_le_bytes());
        SessionId(session)
    }

    /// What the rooms say goes through the double's hands.
    fn flush_relay(&mut self) {
        while let Some(output) = self.rooms.poll() {
            match output {
                rooms::Output::Send { socket, bytes } => {
                    let envelope: FromRelay = decode(&bytes).expect("the relay's own words");
                    for (after_ms, envelope) in self.double.tamper(self.now, socket, envelope) {
                        self.put(self.now.plus_ms(after_ms), socket, &envelope);
                    }
                }
                rooms::Output::Close { socket, code, .. } => {
                    panic!("the relay closed {socket:?} by {code:?}: the test says too much")
                }
            }
        }
    }

    fn put(&mut self, at: Timestamp, to: SocketId, envelope: &FromRelay) {
        self.count += 1;
        self.wire.insert((at, self.count), (to, node_wasm::codec::encode(envelope)));
    }

    /// Nothing forged is believed: not of a peer, of a payment or of the past.
    fn check_honesty(&self) {
        for (index, player) in self.players.iter().enumerate() {
            for peer in player.node.peers().iter() {
                let spoke = self.players.iter().find(|other| other.node.id() == peer.id);
                let haunts = self.ghost.as_ref().is_some_and(|ghost| ghost.id() == peer.id);
                assert!(spoke.is_some() || haunts, "{index} believes in {}, who never was", peer.id);
                if let Some(spoke) = spoke {
                    let tip = peer.status.tip.hash;
                    assert!(
                        spoke.tips.contains(&tip),
                        "{index} believes a word of {} that was never said",
                        peer.id
                    );
                    let heard = self.double.heard(&player.node.id(), &peer.id);
                    let present = player.channel.is_some()
                        || heard.is_some_and(|at| self.now.ms_since(at) <= SILENCE_MS_MAX + 2_000);
                    assert!(present, "{index} believes that {} is still there", peer.id);
                }
            }
            let mut waiting = player.node.mempool().iter();
            assert!(
                waiting.all(|waiting| self.payments.contains(&waiting.id)),
                "{index} has a forged payment"
            );
        }
    }

    /// Everything that a node's chain says follows from its blocks.
    pub(super) fn check_replay(&self, index: usize) {
        let chain = self.players[index].node.chain();
        let mut fresh = Chain::new(params());
        for height in 1..=chain.height().0 {
            let block = chain.block_at(Height(height)).expect("it is on the chain");
            fresh.insert_block(self.now, (*block).clone()).expect("it held before");
        }
        assert_eq!(fresh.tip(), chain.tip());
        assert_eq!(fresh.ledger(), chain.ledger());
    }

    pub(super) fn is_isolated(&self, index: usize) -> bool {
        self.players[index].node.is_isolated()
    }

    /// How many payments the room's payer made, as a node knows.
    pub(super) fn paid(&self, index: usize) -> u64 {
        self.chain(index).account(&Address::of(&payer().public())).nonce
    }

    /// Whom the relay showed another room joins again: of those that are there already it had nothing more to say.
    pub(super) fn reconnect_targets(&mut self) {
        for index in [VICTIM, JOINER] {
            self.tell_client(index, relay_client::Input::Disconnect);
            self.connect(index);
        }
    }

    pub(super) fn chain(&self, index: usize) -> &Chain {
        self.players[index].node.chain()
    }

    /// How many blocks of the miner's chain a node has not taken.
    pub(super) fn lag(&self, index: usize) -> u32 {
        let (truth, own) = (self.chain(MINER), self.chain(index));
        let common = (0..=truth.height().0).rev().find(|height| {
            let hash = truth.hash_at(Height(*height));
            hash.is_some() && hash == own.hash_at(Height(*height))
        });
        truth.height().0 - common.expect("they share the genesis")
    }

    /// Whether it knows all others.
    pub(super) fn knows_everyone(&self, index: usize) -> bool {
        let others = self.players.iter().filter(|other| other.node.id() != self.players[index].node.id());
        others.into_iter().all(|other| self.players[index].node.peers().get(&other.node.id()).is_some())
    }
}

/// Who is paid for the blocks, and pays.
fn payer() -> SecretKey {
    SecretKey::derive(&[9], "payer")
}
