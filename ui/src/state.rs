//! What the page knows, and how it changes. Pure: the node's updates in, what is to be shown out.
//!
//! Every figure has one source. Where the node tells the same thing in two updates (the tip in `Status` and `Block`,
//! the hash rate in `Status` and `Mining`), the later one wins for every panel. Left out: fetching, which
//! [`crate::app`] does when the state says that something is missing.

use std::collections::VecDeque;
use std::rc::Rc;

use node_wasm::api::{
    BlockSummary, ConnectionView, LogLine, MiningView, Notice, PeerView, Reorg, Status, TransactionView,
    Update, Verifying,
};
use yew::Reducible;

use crate::chain::Chain;
use crate::text;

/// Log lines kept, all of them in the document: some minutes of a lively room.
pub const LOG_MAX: usize = 200;
/// Notices kept; the node has fewer kinds of them.
pub const NOTICES_MAX: usize = 8;
/// Payments of this wallet that are followed until they are confirmed.
pub const SENT_MAX: usize = 5;
/// The name of the notice that stands while the node is possibly isolated.
const ISOLATED: &str = "isolated";
/// How long other news wait after a reorg, in milliseconds: the next block comes with it and would hide it.
pub const REORG_SHOWN_MS: u64 = 8_000;

/// Everything that the page shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The figures at a glance; `None` until the node has started.
    pub status: Option<Rc<Status>>,
    /// The relay connection.
    pub connection: Option<ConnectionView>,
    /// The miner.
    pub mining: MiningView,
    /// How far a check of the chain is, once it has told.
    pub checking: Option<Verifying>,
    /// The peers, by id.
    pub peers: Rc<Vec<PeerView>>,
    /// The blocks near the tip and in sight.
    pub chain: Rc<Chain>,
    /// Blocks above this height came while the page was open.
    pub seen: Option<u32>,
    /// The waiting payments, the next to be mined first.
    pub mempool: Rc<Vec<TransactionView>>,
    /// The payments sent from this page, the newest first.
    pub sent: Rc<Vec<Sent>>,
    /// The node log, the newest line first.
    pub log: Rc<VecDeque<Rc<LogLine>>>,
    /// What the user has not dealt with.
    pub notices: Rc<Vec<Notice>>,
    /// The last thing that happened.
    pub news: News,
}

/// A payment that was sent from this page.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// As the node told it last.
    pub payment: TransactionView,
    /// Whether the node still knows it.
    pub fate: Fate,
}

/// Whether the node knows a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It does: waiting or confirmed.
    Known,
    /// Another payment took its nonce.
    Replaced,
    /// It does not, for whatever reason.
    Dropped,
}

/// The last thing that happened, as shown and spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Counts the news, so that the same text twice is spoken twice.
    pub number: u32,
    /// What it is about.
    pub kind: NewsKind,
    /// A sentence.
    pub text: String,
    /// When, in Unix milliseconds.
    pub at: u64,
}

/// What a piece of news is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewsKind {
    /// Nothing of the chain.
    #[default]
    Quiet,
    /// A block.
    Block,
    /// A block of this wallet.
    Won,
    /// A payment.
    Payment,
    /// Another branch of the chain.
    Reorg,
}

/// What can happen to the state.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// The node told something; several things in order, and the time in Unix milliseconds.
    Told(Vec<Update>, u64),
    /// Blocks that were asked for.
    Blocks(Vec<BlockSummary>),
    /// The mempool, as asked for.
    Mempool(Vec<TransactionView>),
    /// The peers, as asked for.
    Peers(Vec<PeerView>),
    /// A payment of this page, accepted or asked about again.
    Payment(TransactionView),
    /// The node does not know a payment of this page any more.
    Lost(String),
    /// The node is asked to check the chain.
    Checking,
    /// The user has dealt with a notice.
    Dismissed(String),
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut state = Rc::unwrap_or_clone(self);
        state.apply(action);
        Rc::new(state)
    }
}

impl State {
    /// Changes the state by an action.
    pub fn apply(&mut self, action: Action) {
        match action {
            Action::Told(updates, now) => updates.into_iter().for_each(|update| self.told(update, now)),
            Action::Blocks(blocks) => Rc::make_mut(&mut self.chain).fill(blocks),
            Action::Mempool(waiting) => self.mempool = Rc::new(waiting),
            Action::Peers(peers) => self.peers = Rc::new(peers),
            Action::Payment(payment) => self.follow(payment),
            Action::Lost(id) => {
                let known = |sent: &&mut Sent| sent.payment.id == id && sent.fate == Fate::Known;
                Rc::make_mut(&mut self.sent)
                    .iter_mut()
                    .filter(known)
                    .for_each(|sent| sent.fate = Fate::Dropped);
            }
            Action::Checking => self.checking = None,
            Action::Dismissed(code) => Rc::make_mut(&mut self.notices).retain(|notice| notice.code != code),
        }
    }

    /// Whether the page shows a chain that is still being caught up with.
    #[must_use]
    pub fn is_syncing(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.syncing > 0)
    }

    /// What a page has to hear that begins to listen: the node's own updates, as far as they still hold. Notices and news
    /// are the shell's.
    #[must_use]
    pub fn so_far(&self) -> Vec<Update> {
        let mut updates: Vec<Update> =
            self.log.iter().rev().map(|line| Update::Log((**line).clone())).collect();
        updates.push(Update::Mining(self.mining));
        updates.push(Update::Peers((*self.peers).clone()));
        updates.extend(self.connection.clone().map(Update::Connection));
        updates.extend(self.status.as_ref().map(|status| Update::Status(Box::new((**status).clone()))));
        updates
    }

    fn told(&mut self, update: Update, now: u64) {
        match update {
            Update::Status(status) => self.status_told(*status, now),
            Update::Block(block) => self.block_told(block, now),
            Update::Reorg(reorg) => self.reorg_told(&reorg, now),
            Update::Transaction(payment) => self.payment_told(*payment, now),
            Update::Forgotten => self.forgotten(),
            Update::Peers(peers) => self.peers = Rc::new(peers),
            Update::Connection(connection) => self.connection = Some(connection),
            Update::Mining(mining) => self.mining = mining,
            Update::Verifying(checking) => self.checking = Some(checking),
            Update::Log(line) => {
                let log = Rc::make_mut(&mut self.log);
                log.push_front(Rc::new(line));
                log.truncate(LOG_MAX);
            }
            Update::Notice(notice) => self.notice_told(notice),
        }
    }

    fn forgotten(&mut self) {
        self.chain = Rc::default();
        self.mempool = Rc::default();
        self.sent = Rc::default();
        self.seen = None;
        self.news = News { number: self.news.number.wrapping_add(1), ..News::default() };
    }

    fn notice_told(&mut self, notice: Notice) {
        let notices = Rc::make_mut(&mut self.notices);
        notices.retain(|other| other.code != notice.code);
        notices.insert(0, notice);
        notices.truncate(NOTICES_MAX);
    }

    fn status_told(&mut self, status: Status, now: u64) {
        let was_isolated = self.status.as_ref().is_some_and(|before| before.isolated);
        if status.isolated && !was_isolated {
            self.notice_told(Notice { code: ISOLATED.to_owned(), message: text::ISOLATED.to_owned() });
        } else if was_isolated && !status.isolated {
            self.apply(Action::Dismissed(ISOLATED.to_owned()));
        }
        if self.status.is_none() && status.mining {
            self.report(NewsKind::Quiet, "Mining goes on from last time.".to_owned(), now);
        }
        self.mining.on = status.mining;
        self.mining.hash_rate = status.hash_rate;
        let nothing = ConnectionView {
            state: status.connection,
            relay: String::new(),
            reason: String::new(),
            retry_at: None,
        };
        self.connection.get_or_insert(nothing).state = status.connection;
        self.seen.get_or_insert(status.height);
        Rc::make_mut(&mut self.chain).agree(status.height, &status.tip);
        self.status = Some(Rc::new(status));
    }

    fn block_told(&mut self, block: BlockSummary, now: u64) {
        // From a reset until the node tells where it stands, old blocks come back.
        if self.is_syncing() || self.seen.is_none() {
            self.seen = self.seen.map(|_| block.height);
        } else {
            // An own block that comes while the miner rests was won before, and is only back.
            let (kind, text) = if block.mine && self.mining.on {
                let reward = text::count(&block.reward, "tab");
                (NewsKind::Won, format!("You won block {}: {reward}.", block.height))
            } else {
                let miner = if block.mine { "you".to_owned() } else { text::short(&block.miner) };
                let payments = text::count(block.transactions, "payment");
                (NewsKind::Block, format!("Block {} by {miner}, with {payments}.", block.height))
            };
            self.report(kind, text, now);
        }
        if let Some(status) = self.status.as_mut().map(Rc::make_mut) {
            status.height = block.height;
            status.tip.clone_from(&block.hash);
        }
        Rc::make_mut(&mut self.chain).extend(block);
    }

    fn reorg_told(&mut self, reorg: &Reorg, now: u64) {
        let blocks = |hashes: &[String]| text::blocks_above(reorg.fork_height, hashes.len());
        let (undone, came) = (blocks(&reorg.disconnected), blocks(&reorg.connected));
        let text = format!("A branch with more work won: {undone} gave way to its {came}.");
        self.report(NewsKind::Reorg, text, now);
        Rc::make_mut(&mut self.chain).cut(reorg.fork_height.saturating_add(1));
        self.seen = self.seen.map(|seen| seen.min(reorg.fork_height));
    }

    fn payment_told(&mut self, payment: TransactionView, now: u64) {
        // What waited before the page was opened is no news.
        if let Some(status) = &self.status {
            let name = |address: &str| {
                if status.address == address { "you".to_owned() } else { text::short(address) }
            };
            let (from, to) = (name(&payment.from), name(&payment.to));
            let message = if payment.data.is_empty() { "" } else { " and a message" };
            let amount = text::count(&payment.amount, "tab");
            let text = format!("Payment of {amount}{message} from {from} to {to} waits for a block.");
            self.report(NewsKind::Payment, text, now);
        }
        self.replace(&payment);
        let waiting = Rc::make_mut(&mut self.mempool);
        waiting.retain(|other| !same_nonce(other, &payment));
        waiting.push(payment);
    }

    fn follow(&mut self, payment: TransactionView) {
        self.replace(&payment);
        let sent = Rc::make_mut(&mut self.sent);
        let place = sent.iter().position(|other| other.payment.id == payment.id);
        let payment = Sent { payment, fate: Fate::Known };
        match place.and_then(|place| sent.get_mut(place)) {
            Some(known) => *known = payment,
            None => sent.insert(0, payment),
        }
        sent.truncate(SENT_MAX);
    }

    /// A payment that the node knows has taken the place of its rivals.
    fn replace(&mut self, payment: &TransactionView) {
        let rival = |sent: &Sent| same_nonce(&sent.payment, payment) && sent.payment.id != payment.id;
        if self.sent.iter().any(rival) {
            let sent = Rc::make_mut(&mut self.sent).iter_mut();
            sent.filter(|sent| rival(sent)).for_each(|sent| sent.fate = Fate::Replaced);
        }
    }

    fn report(&mut self, kind: NewsKind, text: String, now: u64) {
        let hides_reorg = self.news.kind == NewsKind::Reorg && kind != NewsKind::Reorg;
        if hides_reorg && now.abs_diff(self.news.at) < REORG_SHOWN_MS {
            return;
        }
        self.news = News { number: self.news.number.wrapping_add(1), kind, text, at: now };
    }
}

/// Of a sender's payments with one nonce the chain takes one.
fn same_nonce(one: &TransactionView, other: &TransactionView) -> bool {
    (&one.from, one.nonce) == (&other.from, other.nonce)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::tests::block;
    use node_wasm::api::{Connection, LogLevel, LogPart, Storage, TransactionState};

    fn status(height: u32, tip: &str) -> Status {
        Status {
            version: "0.1.0".to_owned(),
            room: "lobby".to_owned(),
            genesis: "a0".to_owned(),
            node_id: "id".to_owned(),
            address: "tab1me".to_owned(),
            height,
            tip: tip.to_owned(),
            work: "1".to_owned(),
            balance: "0".to_owned(),
            nonce: 0,
            pending: "0".to_owned(),
            peers: 0,
            mempool: 0,
            mining: true,
            hash_rate: 5.0,
            connection: Connection::Online,
            storage: Storage::Persistent,
            slot: 1,
            syncing: 0,
            loading: 0,
            isolated: false,
        }
    }

    fn payment(id: &str, state: TransactionState) -> TransactionView {
        TransactionView {
            id: id.to_owned(),
            from: "tab1me".to_owned(),
            to: "tab1you".to_owned(),
            amount: "5".to_owned(),
            fee: "1".to_owned(),
            nonce: 0,
            data: String::new(),
            size: 200,
            state,
            block: None,
            height: 1,
            waits_for: None,
        }
    }

    fn after(updates: Vec<Update>) -> State {
        let mut state = State::default();
        state.apply(Action::Told(updates, 1_000));
        state
    }

    #[test]
    fn no_two_panels_disagree_on_the_tip() {
        let state = after(vec![Update::Status(Box::new(status(4, "a4"))), Update::Block(block(5, "a"))]);
        let told = state.status.unwrap();
        assert_eq!((told.height, told.tip.as_str()), (5, "a5"));
        assert_eq!(state.chain.block(5).unwrap().hash, "a5");
        assert_eq!(state.seen, Some(4));
    }

    #[test]
    fn a_reorg_cuts_the_chain_and_is_told() {
        let mut updates: Vec<Update> = (0..=5).map(|height| Update::Block(block(height, "a"))).collect();
        let (disconnected, connected) = (vec!["a5".to_owned(), "a4".to_owned()], vec!["b4".to_owned(); 3]);
        updates.push(Update::Reorg(Reorg { fork_height: 3, disconnected, connected }));
        let state = after(updates);
        assert_eq!((state.chain.block(4), state.news.kind), (None, NewsKind::Reorg));
        assert!(
            state.news.text.ends_with("blocks 4 to 5 gave way to its blocks 4 to 6."),
            "{}",
            state.news.text
        );
    }

    #[test]
    fn a_reorg_is_shown_for_some_seconds() {
        let reorg = |fork_height| {
            let hashes = vec!["x".to_owned()];
            Update::Reorg(Reorg { fork_height, disconnected: hashes.clone(), connected: hashes })
        };
        let mut state =
            after(vec![Update::Status(Box::new(status(4, "a4"))), reorg(3), Update::Block(block(4, "b"))]);
        assert_eq!(state.news.kind, NewsKind::Reorg);
        state.apply(Action::Told(vec![reorg(2)], 1_001));
        assert!(state.news.text.contains("block 3"), "{}", state.news.text);
        state.apply(Action::Told(vec![Update::Block(block(5, "b"))], 1_001 + REORG_SHOWN_MS));
        assert_eq!(state.news.kind, NewsKind::Block);
    }

    #[test]
    fn only_a_block_that_was_just_mined_was_won() {
        let own = || Update::Block(BlockSummary { mine: true, reward: "1".to_owned(), ..block(1, "a") });
        let state = after(vec![Update::Status(Box::new(status(0, "a0"))), own()]);
        assert_eq!((state.news.kind, state.news.text.as_str()), (NewsKind::Won, "You won block 1: 1 tab."));
        let rests = Status { mining: false, ..status(0, "a0") };
        let mut state = after(vec![Update::Status(Box::new(rests)), own()]);
        assert_eq!(state.news.text, "Block 1 by you, with 0 payments.");
        state.told(Update::Forgotten, 0);
        state.apply(Action::Told(vec![own()], 2_000));
        assert_eq!((state.news.text.as_str(), state.news.number), ("", 2));
    }

    #[test]
    fn what_was_before_the_page_is_no_news() {
        let mut state = after(vec![Update::Transaction(Box::new(payment("p", TransactionState::Pending)))]);
        assert_eq!((state.news.text.as_str(), state.mempool.len()), ("", 1));
        let told = |state: &mut State| {
            state.apply(Action::Told(vec![Update::Status(Box::new(status(0, "a0")))], 1_000));
            state.news.text.clone()
        };
        assert_eq!(told(&mut state), "Mining goes on from last time.");
        assert_eq!((told(&mut state).is_empty(), state.news.number), (false, 1));
    }

    #[test]
    fn catching_up_is_not_news_block_by_block() {
        let behind = Status { syncing: 9, ..status(0, "a0") };
        let state = after(vec![Update::Status(Box::new(behind)), Update::Block(block(1, "a"))]);
        assert_eq!((state.news.kind, state.seen), (NewsKind::Quiet, Some(1)));
        let state = after(vec![Update::Status(Box::new(status(0, "a0"))), Update::Block(block(1, "a"))]);
        assert_eq!(state.news.kind, NewsKind::Block);
    }

    #[test]
    fn a_check_shows_how_far_it_is_and_a_new_one_nothing_of_the_old() {
        let far = |height| Verifying { height, total: 9 };
        let mut state = after(vec![Update::Verifying(far(1)), Update::Verifying(far(5))]);
        assert_eq!(state.checking, Some(far(5)));
        state.apply(Action::Checking);
        assert_eq!(state.checking, None);
    }

    #[test]
    fn the_later_word_on_miner_and_connection_wins() {
        let view = ConnectionView {
            state: Connection::Offline,
            relay: "ws://a".to_owned(),
            reason: String::new(),
            retry_at: Some(9),
        };
        let state = after(vec![
            Update::Connection(view),
            Update::Mining(MiningView { workers: 2, ..MiningView::default() }),
            Update::Status(Box::new(status(0, "a0"))),
        ]);
        let connection = state.connection.unwrap();
        assert_eq!((connection.state, connection.relay.as_str()), (Connection::Online, "ws://a"));
        assert_eq!((state.mining.on, state.mining.hash_rate, state.mining.workers), (true, 5.0, 2));
    }

    #[test]
    fn what_strangers_can_grow_is_bounded() {
        let line = |number: u64| {
            Update::Log(LogLine {
                time: number,
                part: LogPart::Peers,
                level: LogLevel::Info,
                text: String::new(),
            })
        };
        let notice =
            |number: u64| Update::Notice(Notice { code: number.to_string(), message: String::new() });
        let state = after((0..2_000).flat_map(|number| [line(number), notice(number)]).collect());
        assert_eq!((state.log.len(), state.log[0].time), (LOG_MAX, 1_999));
        assert_eq!(state.notices.len(), NOTICES_MAX);
    }

    #[test]
    fn a_notice_stands_once_until_dismissed() {
        let notice = |message: &str| {
            Update::Notice(Notice { code: "memory-only".to_owned(), message: message.to_owned() })
        };
        let mut state = after(vec![notice("first"), notice("second")]);
        assert_eq!(
            state.notices.iter().map(|notice| notice.message.as_str()).collect::<Vec<_>>(),
            ["second"]
        );
        state.apply(Action::Dismissed("memory-only".to_owned()));
        assert!(state.notices.is_empty());
    }

    #[test]
    fn isolation_stands_from_its_beginning_to_its_end_and_is_dismissed_once() {
        let tell = |state: &mut State, isolated| {
            let status = Status { isolated, ..status(0, "a0") };
            state.apply(Action::Told(vec![Update::Status(Box::new(status))], 0));
            state.notices.iter().filter(|notice| notice.code == "isolated").count()
        };
        let mut state = State::default();
        assert_eq!(
            [false, true, true, false, true].map(|isolated| tell(&mut state, isolated)),
            [0, 1, 1, 0, 1]
        );
        state.apply(Action::Dismissed("isolated".to_owned()));
        assert_eq!(tell(&mut state, true), 0, "the user knows");
    }

    #[test]
    fn sent_payments_are_followed() {
        let mut state = State::default();
        state.apply(Action::Payment(payment("p1", TransactionState::Pending)));
        state.apply(Action::Payment(payment("p2", TransactionState::Pending)));
        state.apply(Action::Payment(payment("p1", TransactionState::Confirmed)));
        let sent: Vec<_> =
            state.sent.iter().map(|sent| (sent.payment.id.as_str(), sent.payment.state)).collect();
        assert_eq!(sent, [("p2", TransactionState::Pending), ("p1", TransactionState::Confirmed)]);
        (0..20).for_each(|number| {
            state.apply(Action::Payment(payment(&number.to_string(), TransactionState::Pending)))
        });
        assert_eq!(state.sent.len(), SENT_MAX);
    }

    #[test]
    fn a_sent_payment_that_is_gone_does_not_wait() {
        let of = |id: &str, nonce| TransactionView { nonce, ..payment(id, TransactionState::Pending) };
        let mut state = State::default();
        for payment in [of("p0", 0), of("p1", 1), of("p2", 2)] {
            state.apply(Action::Payment(payment));
        }
        let fates = |state: &State| state.sent.iter().map(|sent| sent.fate).collect::<Vec<_>>();
        // A script's payment takes the place of one, and another is known no more.
        state.apply(Action::Told(vec![Update::Transaction(Box::new(of("other", 1)))], 0));
        for id in ["p1", "p0"] {
            state.apply(Action::Lost(id.to_owned()));
        }
        assert_eq!(fates(&state), [Fate::Known, Fate::Replaced, Fate::Dropped]);
        // A reorg brings it back.
        state.apply(Action::Payment(of("p1", 1)));
        assert_eq!(fates(&state), [Fate::Known, Fate::Known, Fate::Dropped]);
    }

    #[test]
    fn a_payment_told_twice_waits_once() {
        let told = || Update::Transaction(Box::new(payment("p", TransactionState::Pending)));
        let state = after(vec![Update::Status(Box::new(status(0, "a0"))), told(), told()]);
        assert_eq!(state.mempool.len(), 1);
        assert!(state.news.text.starts_with("Payment of 5 tabs from you to tab1you"), "{}", state.news.text);
    }
}
