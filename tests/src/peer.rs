//! A node without a tab: the node's own code, driven natively over a WebSocket to the relay.

use std::future;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::{SinkExt as _, StreamExt as _};
use node_wasm::consensus::ChainParams;
use node_wasm::host::relay_client::{self, RelayClient, SocketEvent};
use node_wasm::miner::{Job, scan};
use node_wasm::node::{Config, Input, Node, Output};
use node_wasm::peer::LinkId;
use node_wasm::primitives::{Address, Block, PeerId, Transaction, TransactionId};
use node_wasm::units::{RoomName, Timestamp};
use node_wasm::wallet::{Draft, Funds, Wallet};
use node_wasm::wire::SessionId;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use zeroize::Zeroizing;

use crate::clock::{now, random, until};
use crate::raw::NO_DELAY;

/// Nonces that are tried between two looks at the network.
const SLICE: u32 = 4096;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Request = Box<dyn FnOnce(&mut Host) + Send>;

/// A running peer; dropping it ends its connection.
#[derive(Debug)]
pub struct Peer {
    /// Its node id.
    pub id: PeerId,
    /// Its wallet's address.
    pub address: Address,
    requests: mpsc::UnboundedSender<Request>,
}

impl Peer {
    /// Starts a peer of `room` with `blocks` on its chain, that connects to a relay's `socket`.
    ///
    /// # Errors
    /// When a block does not hold.
    pub fn start(socket: &str, room: &RoomName, blocks: &[Block]) -> Result<Self> {
        let wallet = Wallet::from_seed(&Zeroizing::new(random()));
        let seed = u64::from_le_bytes(random());
        let (params, node_key) = (ChainParams::room(room.clone()), wallet.node_key().public());
        let mut node = Node::new(Config { params, node_key, seed }, now());
        for block in blocks {
            node.restore(now(), block.clone())?;
        }
        let relay = RelayClient::new(socket.to_owned(), room.clone(), node.id(), seed, now());
        let (id, address) = (node.id(), wallet.address());
        let (requests, receiver) = mpsc::unbounded_channel();
        let host =
            Host { node, wallet, relay, socket: None, attempt: 0, links: 0, job: None, submitted: None };
        tokio::spawn(host.run(receiver));
        Ok(Self { id, address, requests })
    }

    /// What `look` sees in the node.
    ///
    /// # Errors
    /// When the peer has panicked.
    pub async fn see<T: Send + 'static>(&self, look: impl FnOnce(&Node) -> T + Send + 'static) -> Result<T> {
        self.ask(|host| look(&host.node)).await
    }

    /// Waits until `check` holds of the node.
    ///
    /// # Errors
    /// The last failure of `check`, when the time is up.
    pub async fn until(
        &self,
        what: &str,
        limit: Duration,
        check: impl Fn(&Node) -> Result<()> + Clone + Send + 'static,
    ) -> Result<()> {
        until(format!("{what} on peer {}", self.id), limit, async || self.see(check.clone()).await?).await
    }

    /// How often it has connected to the relay: 1 for as long as it was never disconnected.
    ///
    /// # Errors
    /// When the peer has panicked.
    pub async fn connections(&self) -> Result<u32> {
        self.ask(|host| host.links).await
    }

    /// Starts or stops mining for the peer's own wallet.
    ///
    /// # Errors
    /// When the peer has panicked.
    pub async fn mine(&self, on: bool) -> Result<()> {
        self.ask(move |host| {
            let payout = on.then(|| host.wallet.address());
            host.node.handle(now(), Input::Mine(payout));
        })
        .await
    }

    /// Signs a payment with the wallet and hands it to the node.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn send(&self, to: Address, amount: u64, data: &'static str) -> Result<TransactionId> {
        self.ask(move |host| host.send(to, amount, data)).await?
    }

    async fn ask<T: Send + 'static>(&self, what: impl FnOnce(&mut Host) -> T + Send + 'static) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let request: Request = Box::new(|host| {
            // Whoever asked may have given up.
            let _ = answer.send(what(host));
        });
        ensure!(self.requests.send(request).is_ok(), "the peer has ended");
        answered.await.context("the peer has ended")
    }
}

/// What performs a node's outputs.
struct Host {
    node: Node,
    wallet: Wallet,
    relay: RelayClient,
    socket: Option<Socket>,
    attempt: u32,
    links: u32,
    /// What is searched, and the next nonce.
    job: Option<(Job, u32)>,
    submitted: Option<Result<TransactionId>>,
}

impl Host {
    async fn run(mut self, mut requests: mpsc::UnboundedReceiver<Request>) {
        self.relay.handle(now(), relay_client::Input::Tick);
        loop {
            self.perform().await;
            let wait = self.wait();
            tokio::select! {
                biased;
                request = requests.recv() => match request {
                    Some(request) => request(&mut self),
                    None => return,
                },
                event = hear(&mut self.socket) => self.heard(event),
                () = sleep(wait) => {
                    self.node.handle(now(), Input::Tick);
                    self.relay.handle(now(), relay_client::Input::Tick);
                }
                () = future::ready(()), if self.job.is_some() => {
                    self.search();
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    /// How long nothing has to be done by itself.
    fn wait(&self) -> Duration {
        let due = [self.node.next_timeout(), self.relay.next_timeout()].into_iter().flatten().min();
        Duration::from_millis(due.map_or(u64::MAX, |due: Timestamp| due.ms_since(now())))
    }

    /// Performs everything that node and relay client want, until both are quiet.
    async fn perform(&mut self) {
        loop {
            if let Some(output) = self.node.poll() {
                self.node_output(output);
            } else if let Some(output) = self.relay.poll() {
                self.relay_output(output).await;
            } else {
                return;
            }
        }
    }

    fn node_output(&mut self, output: Output) {
        match output {
            Output::Send { frame, .. } => {
                let recipient = frame.recipient;
                self.relay.send(frame.seal(self.wallet.node_key()), recipient, 0);
            }
            Output::Job(job) => self.job = job.map(|job| (job, u32::from_le_bytes(random()))),
            Output::Submitted(result) => self.submitted = Some(result.map_err(Into::into)),
            Output::Chain(_)
            | Output::Synced(_)
            | Output::Imported { .. }
            | Output::Mempool(_)
            | Output::Event(_) => {}
        }
    }

    async fn relay_output(&mut self, output: relay_client::Output) {
        match output.into_node_input() {
            Ok(input) => self.node.handle(now(), input),
            Err(relay_client::Output::Open { attempt, url }) => self.open(attempt, &url).await,
            Err(relay_client::Output::Transmit(bytes)) => {
                if let Some(socket) = &mut self.socket
                    && socket.send(Message::Binary(bytes.into())).await.is_err()
                {
                    self.heard(SocketEvent::Closed { code: 1006 });
                }
            }
            Err(relay_client::Output::Close) => self.socket = None,
            Err(_) => {}
        }
    }

    async fn open(&mut self, attempt: u32, url: &str) {
        self.attempt = attempt;
        let event = match connect_async_with_config(url, None, NO_DELAY).await {
            Ok((socket, _)) => {
                self.socket = Some(socket);
                self.links += 1;
                SocketEvent::Opened { link: LinkId(self.links), session: SessionId(random()) }
            }
            Err(_) => SocketEvent::Closed { code: 1006 },
        };
        self.heard(event);
    }

    fn heard(&mut self, event: SocketEvent) {
        if matches!(event, SocketEvent::Closed { .. }) {
            self.socket = None;
        }
        self.relay.handle(now(), relay_client::Input::Socket { attempt: self.attempt, event });
    }

    fn search(&mut self) {
        let Some((job, next)) = &mut self.job else { return };
        match scan(&job.header, &job.target, *next, SLICE) {
            Some(nonce) => {
                let input = Input::Mined { job: job.id, nonce };
                self.job = None;
                self.node.handle(now(), input);
            }
            None => *next = next.wrapping_add(SLICE),
        }
    }

    fn send(&mut self, to: Address, amount: u64, data: &str) -> Result<TransactionId> {
        let own = self.wallet.address();
        let account = self.node.chain().account(&own);
        let funds = Funds {
            balance: account.balance,
            pending: self.node.mempool().pending(&own),
            nonce: self.node.mempool().next_nonce(&own, account.nonce),
            data_bytes_max: self.node.chain().params().data_bytes_max,
        };
        let draft = Draft { to: &to.to_string(), amount: &amount.to_string(), fee: "1", data };
        let payment: Transaction = self.wallet.sign(draft, funds, &self.node.chain().genesis())?;
        self.node.handle(now(), Input::Submit(payment));
        while let Some(output) = self.node.poll() {
            self.node_output(output);
        }
        self.submitted.take().context("the node does not say what became of the payment")?
    }
}

/// The next event of the socket; none ever, while there is no socket.
async fn hear(socket: &mut Option<Socket>) -> SocketEvent {
    let Some(socket) = socket else { return future::pending().await };
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => return SocketEvent::Message(bytes.to_vec()),
            Some(Ok(Message::Close(frame))) => {
                let code = frame.map_or(1005, |frame| u16::from(frame.code));
                return SocketEvent::Closed { code };
            }
            Some(Err(_)) | None => return SocketEvent::Closed { code: 1006 },
            Some(Ok(Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
        }
    }
}
