//! What the page commands, carried out and answered.

use std::sync::Arc;

use wasm_bindgen_futures::spawn_local;

use super::driver::{Driver, config};
use super::events::HostEvent;
use super::js::now;
use super::protocol::ToNode;
use crate::api::{
    ApiError, Command, DEFAULT_FEE, Imported, Lifecycle, LogLevel, LogPart, MineRequest, Reply, SendRequest,
    Sent, SyncOutcome, Synced, Update, view,
};
use crate::chain::ChainError;
use crate::consensus::RuleError;
use crate::host::{chain_file, relay_client};
use crate::mempool::MempoolError;
use crate::node::{self, Input, Node};
use crate::primitives::{Block, BlockHash, TransactionId};
use crate::units::{Amount, Height};
use crate::wallet::{Draft, Funds, WalletError};

/// A page that comes back after so long, in milliseconds, may have been frozen without notice.
const HIDDEN_LONG_MS: u64 = 60_000;

impl Driver {
    /// Carries out a command; the answer comes now or when the node has it.
    pub(super) fn command(&mut self, id: u32, command: Command) {
        if needs_blocks(&command) && !self.node.chain().unloaded().is_empty() {
            self.loading.push(HostEvent::Page(Ok(ToNode::Call { id, command })));
            return;
        }
        let result = match command {
            Command::Send(request) => return self.send_payment(id, &request),
            Command::Sync => {
                self.syncing.push(id);
                return self.feed(Input::Sync);
            }
            Command::Verify => return self.verify(id),
            Command::Import { bytes } => return self.import(id, &bytes),
            Command::Status => Ok(Reply::Status(Box::new(self.status()))),
            Command::Mine(request) => self.mine(request),
            Command::Block { block } => {
                view::block(&self.node, &block).map(|block| Reply::Block(Box::new(block)))
            }
            Command::Blocks { from, count } => {
                Ok(Reply::Blocks(view::blocks(&self.node, from, count, &self.wallet.address())))
            }
            Command::Transaction { id } => {
                view::transaction(&self.node, &id).map(|view| Reply::Transaction(Box::new(view)))
            }
            Command::Account { address } => view::account(&self.node, &address).map(Reply::Account),
            Command::Mempool => Ok(Reply::Mempool(view::mempool(&self.node))),
            Command::Peers => Ok(Reply::Peers(view::peers(&self.node))),
            Command::Connect { relay } => self.connect(relay),
            Command::Disconnect => self.disconnect(),
            Command::Export => {
                Ok(Reply::Exported(chain_file::write(self.node.chain().genesis(), &self.chain())))
            }
            Command::Reset => self.reset(),
            Command::Lifecycle { event } => self.lifecycle(event),
        };
        self.page.answer(id, result);
    }

    /// What became of a payment.
    pub(super) fn submitted(&mut self, result: Result<TransactionId, MempoolError>) {
        let Some(id) = self.submitting.pop_front() else { return };
        let result =
            result.map(|id| Reply::Sent(Sent { id: id.to_string() })).map_err(|error| mempool_error(&error));
        self.page.answer(id, result);
    }

    /// What became of a sync.
    pub(super) fn synced(&mut self, outcome: node::SyncOutcome) {
        let outcome = match outcome {
            node::SyncOutcome::Replaced => SyncOutcome::Replaced,
            node::SyncOutcome::AlreadyBest => SyncOutcome::AlreadyBest,
            node::SyncOutcome::NoPeers => SyncOutcome::NoPeers,
        };
        let tip = self.node.chain().tip();
        for id in std::mem::take(&mut self.syncing) {
            let synced = Synced { outcome, height: tip.height.0, tip: tip.hash.to_string() };
            self.page.answer(id, Ok(Reply::Synced(synced)));
        }
    }

    /// What became of an import.
    pub(super) fn imported(&mut self, new: u32, error: Option<(usize, BlockHash, ChainError)>) {
        let Some(id) = self.importing.pop_front() else { return };
        let tip = self.node.chain().tip();
        let result = match error {
            None => {
                Ok(Reply::Imported(Imported { blocks: new, height: tip.height.0, tip: tip.hash.to_string() }))
            }
            Some((place, hash, error)) => {
                let code = match &error {
                    ChainError::Rule(rule) => rule.code(),
                    ChainError::KnownInvalid(_) => RuleError::InvalidAncestor.code(),
                    ChainError::UnknownParent(_)
                    | ChainError::UnknownHeader(_)
                    | ChainError::Stale(_)
                    | ChainError::TooManyBranches
                    | ChainError::WrongSnapshot => "bad-file",
                };
                let place = place + 1;
                let message = format!(
                    "block {place} of the file, {hash}: {error}; the {new} new ones before it were kept"
                );
                Err(refusal(code, message))
            }
        };
        self.page.answer(id, result);
    }

    fn send_payment(&mut self, id: u32, request: &SendRequest) {
        let fee = request.fee.clone().unwrap_or_else(|| DEFAULT_FEE.to_string());
        let data = request.data.as_deref().unwrap_or_default();
        let draft = Draft { to: &request.to, amount: &request.amount, fee: &fee, data };
        let address = self.wallet.address();
        let (chain, mempool) = (self.node.chain(), self.node.mempool());
        let account = chain.account(&address);
        let nonce = request.nonce.unwrap_or_else(|| mempool.next_nonce(&address, account.nonce));
        // A payment that is replaced takes nothing any more.
        let replaced = mempool
            .iter()
            .find(|waiting| waiting.sender == address && waiting.transaction.payment.nonce == nonce)
            .and_then(|waiting| waiting.transaction.payment.cost());
        let pending = mempool.pending(&address);
        let pending = pending.checked_sub(replaced.unwrap_or(Amount::ZERO)).unwrap_or(pending);
        let data_bytes_max = chain.params().data_bytes_max;
        let funds = Funds { balance: account.balance, pending, nonce, data_bytes_max };
        match self.wallet.sign(draft, funds, &chain.genesis()) {
            Ok(transaction) => {
                self.submitting.push_back(id);
                self.feed(Input::Submit(transaction));
            }
            Err(error) => self.page.answer(id, Err(wallet_error(&error))),
        }
    }

    fn mine(&mut self, request: MineRequest) -> Result<Reply, ApiError> {
        let workers = request.workers.unwrap_or(self.settings.workers);
        let intensity = request.intensity.unwrap_or(self.settings.intensity);
        if workers == 0 {
            return Err(field_refusal("bad-argument", "at least one worker is needed", "workers"));
        }
        if !(1..=100).contains(&intensity) {
            return Err(field_refusal("bad-argument", "the intensity is 1 to 100 per cent", "intensity"));
        }
        let switched = self.settings.mining != request.on;
        self.settings.mining = request.on;
        self.settings.workers = workers.min(super::miners::Miners::workers_max());
        self.settings.intensity = intensity;
        self.miners.tune(self.settings.workers, self.settings.intensity);
        if switched {
            self.feed(Input::Mine(request.on.then(|| self.wallet.address())));
        }
        self.store.save_settings(&self.settings, &self.events);
        let view = self.mining_view();
        self.page.update(Update::Mining(view));
        self.page.status_changed();
        Ok(Reply::Mining(view))
    }

    fn connect(&mut self, relay: Option<String>) -> Result<Reply, ApiError> {
        if relay.as_deref().is_some_and(|url| !relay_client::is_relay(url)) {
            let message = "a relay's address starts with ws:// or wss://";
            return Err(field_refusal("bad-argument", message, "relay"));
        }
        self.settings.connected = true;
        let relay = relay.unwrap_or_else(|| self.relay_url.clone());
        self.tell_relay(relay_client::Input::Connect(relay));
        self.store.save_settings(&self.settings, &self.events);
        Ok(Reply::Connection(self.relay.view().state))
    }

    fn disconnect(&mut self) -> Result<Reply, ApiError> {
        self.settings.connected = false;
        self.tell_relay(relay_client::Input::Disconnect);
        self.store.save_settings(&self.settings, &self.events);
        Ok(Reply::Connection(self.relay.view().state))
    }

    fn verify(&self, id: u32) {
        let (config, believed) = (config(&self.room, &self.wallet), self.node.chain().snapshot());
        let events = self.events.clone();
        let result = self.store.verify(config, believed, || self.chain(), &events);
        spawn_local(async move {
            let result = result.await;
            events.post(HostEvent::Verified { id, result });
        });
    }

    fn import(&mut self, id: u32, file: &[u8]) {
        match chain_file::read(file, self.node.chain().genesis()) {
            Ok(blocks) => {
                self.importing.push_back(id);
                self.feed(Input::Import(blocks));
            }
            Err(error) => self.page.answer(id, Err(refusal("bad-file", error.to_string()))),
        }
    }

    fn reset(&mut self) -> Result<Reply, ApiError> {
        if let Some(writer) = self.store.writer() {
            writer.clear();
        }
        self.node = Node::new(config(&self.room, &self.wallet), now());
        self.take_waiting();
        self.miners.set_job(None);
        self.reopen_links();
        if self.settings.mining {
            self.feed(Input::Mine(Some(self.wallet.address())));
        }
        for id in std::mem::take(&mut self.syncing) {
            self.page.answer(id, Err(refusal("reset", "the chain was reset meanwhile")));
        }
        self.page.log(LogPart::Chain, LogLevel::Warn, "the chain was reset to genesis");
        self.page.update(Update::Forgotten);
        self.page.peers(Vec::new());
        self.page.status_changed();
        Ok(Reply::Done)
    }

    fn lifecycle(&mut self, event: Lifecycle) -> Result<Reply, ApiError> {
        match event {
            Lifecycle::Visible => {
                let hidden = self.hidden_since.take();
                if hidden.is_some_and(|since| now().ms_since(since) > HIDDEN_LONG_MS) {
                    self.woke();
                }
            }
            Lifecycle::Hidden => {
                self.hidden_since.get_or_insert(now());
            }
            Lifecycle::Online => {
                self.tell_relay(relay_client::Input::Online);
                self.feed(Input::Woke);
            }
            Lifecycle::Offline => self.tell_relay(relay_client::Input::Offline),
            // Whatever the workers have is stale by the time they run again; waking gives them another job.
            Lifecycle::Freeze => self.miners.set_job(None),
            Lifecycle::Resume => self.woke(),
        }
        Ok(Reply::Done)
    }

    /// The best chain, genesis left out.
    fn chain(&self) -> Vec<Arc<Block>> {
        let chain = self.node.chain();
        (1..=chain.height().0).map_while(|height| chain.block_at(Height(height))).collect()
    }
}

/// Whether a command's answer is in blocks that may still have to be read from the store.
const fn needs_blocks(command: &Command) -> bool {
    matches!(
        command,
        Command::Block { .. }
            | Command::Blocks { .. }
            | Command::Transaction { .. }
            | Command::Export
            | Command::Import { .. }
    )
}

fn refusal(code: &str, message: impl Into<String>) -> ApiError {
    ApiError { code: code.to_owned(), message: message.into(), field: None }
}

fn field_refusal(code: &str, message: &str, field: &str) -> ApiError {
    ApiError { field: Some(field.to_owned()), ..refusal(code, message) }
}

fn wallet_error(error: &WalletError) -> ApiError {
    field_refusal(error.code(), &error.to_string(), error.field().name())
}

fn mempool_error(error: &MempoolError) -> ApiError {
    let (code, field) = match error {
        MempoolError::Rule(rule @ RuleError::Nonce { .. }) => (rule.code(), Some("nonce")),
        MempoolError::Rule(rule @ RuleError::InsufficientFunds { .. }) => (rule.code(), Some("amount")),
        MempoolError::Rule(rule) => (rule.code(), None),
        MempoolError::Duplicate => ("duplicate", None),
        MempoolError::ReplacementFee { .. } => ("replacement-fee", Some("fee")),
        MempoolError::TooManyPending => ("too-many-pending", Some("nonce")),
        MempoolError::Full => ("mempool-full", Some("fee")),
        MempoolError::FeeTooLow => ("fee-too-low", Some("fee")),
    };
    ApiError { field: field.map(str::to_owned), ..refusal(code, error.to_string()) }
}
