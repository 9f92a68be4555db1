//! The scenarios by name: what each sets up, and what it measures.

use std::str::FromStr;

use super::conduct::{Conduct, Selfish};
use super::pace::ROOM_RATE;
use super::plan::{Fault, Part, Plan};
use super::report::Report;
use super::switch::NewSwitch;
use super::world::{Failure, START, World};
use crate::node::Node;
use crate::primitives::Payment;
use crate::units::{Amount, Height, Timestamp};

const MINUTE_MS: u64 = 60_000;
/// How deep a payment lies when its receiver believes it.
const CONFIRMATIONS: u32 = 6;

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// Everything is drawn from the seed.
    Swarm,
    /// A selfish miner with 25 % of the hash rate.
    Selfish25,
    /// A selfish miner with 33 %.
    Selfish33,
    /// A selfish miner with 40 %.
    Selfish40,
    /// A miner with 51 % takes back a payment.
    Majority,
    /// A node that knows nobody but liars meets an honest one.
    Eclipse,
    /// Two halves mine apart and meet again.
    Partition,
    /// A hundred join a room at once.
    Joiners,
    /// Miners sleep for half an hour and wake.
    Sleepers,
    /// The hash rate grows a hundredfold and falls back.
    Steps,
}

/// No scenario has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no scenario {0:?}")]
pub struct UnknownScenario(String);

/// What to play.
#[derive(Clone, Debug)]
pub struct Options {
    /// What.
    pub scenario: Scenario,
    /// Where all chance comes from.
    pub seed: u64,
    /// How many nodes, where the scenario leaves it open.
    pub nodes: Option<usize>,
    /// How long, in minutes of the virtual clock, where the scenario leaves it open.
    pub minutes: Option<u64>,
    /// The relay; without one the nodes are tabs of one browser.
    pub relay: Option<NewSwitch>,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Swarm,
        Self::Selfish25,
        Self::Selfish33,
        Self::Selfish40,
        Self::Majority,
        Self::Eclipse,
        Self::Partition,
        Self::Joiners,
        Self::Sleepers,
        Self::Steps,
    ];

    /// Its name on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Swarm => "swarm",
            Self::Selfish25 => "selfish-25",
            Self::Selfish33 => "selfish-33",
            Self::Selfish40 => "selfish-40",
            Self::Majority => "majority",
            Self::Eclipse => "eclipse",
            Self::Partition => "partition",
            Self::Joiners => "joiners",
            Self::Sleepers => "sleepers",
            Self::Steps => "steps",
        }
    }
}

impl FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(name: &str) -> Result<Self, UnknownScenario> {
        let found = Self::ALL.into_iter().find(|scenario| scenario.name() == name);
        found.ok_or_else(|| UnknownScenario(name.to_owned()))
    }
}

/// Plays a scenario to its end.
///
/// # Errors
/// The first check that fails.
pub fn run(options: &Options) -> Result<Report, Failure> {
    match options.scenario {
        Scenario::Swarm => Stage::of(
            options,
            Plan::swarm(options.seed, options.nodes, options.minutes, options.relay.is_some()),
        )
        .play(),
        Scenario::Selfish25 => selfish(options, 250),
        Scenario::Selfish33 => selfish(options, 330),
        Scenario::Selfish40 => selfish(options, 400),
        Scenario::Majority => majority(options),
        Scenario::Eclipse => eclipse(options),
        Scenario::Partition => partition(options),
        Scenario::Joiners => joiners(options),
        Scenario::Sleepers => sleepers(options),
        Scenario::Steps => steps(options),
    }
}

/// Eyal and Sirer's share of the rewards for a selfish miner with `alpha` of the hash rate whose blocks win no race.
fn expected_share(alpha: f64) -> f64 {
    let honest = 1.0 - alpha;
    (alpha * honest * honest * 4.0 * alpha - alpha.powi(3)) / (1.0 - alpha * (1.0 + (2.0 - alpha) * alpha))
}

fn selfish(options: &Options, per_mille: u64) -> Result<Report, Failure> {
    let honest = options.nodes.unwrap_or(4).max(2) - 1;
    let mut rates = vec![ROOM_RATE * (1000 - per_mille) / 1000 / honest as u64; honest];
    rates.insert(0, ROOM_RATE * per_mille / 1000);
    let mut plan = Plan::quiet(options.seed, options.minutes.unwrap_or(300), &rates, options.relay.is_some());
    plan.players[0].conduct = Conduct::Selfish(Selfish::default());
    let mut stage = Stage::of(options, plan);
    stage.pass(stage.ms)?;
    let alpha = per_mille as f64 / 1000.0;
    let (address, chain) = (stage.world.players[0].address, stage.node(1).chain());
    let all = chain.height().0;
    let blocks = (1..=all).filter_map(|height| chain.block_at(Height(height)));
    let own = blocks.filter(|block| block.body.coinbase.recipient == address).count();
    let share = own as f64 / f64::from(all.max(1));
    stage.find(format!(
        "{:.1} % of the hash rate, mining selfishly, made {own} of {all} blocks: {:.1} % of the rewards; \
         Eyal and Sirer expect {:.1} % where the difficulty is constant",
        100.0 * alpha,
        100.0 * share,
        100.0 * expected_share(alpha)
    ));
    stage.world.players[0].part.conduct = Conduct::Honest;
    stage.play()
}

fn majority(options: &Options) -> Result<Report, Failure> {
    let honest = options.nodes.unwrap_or(5).max(2) - 1;
    let mut rates = vec![ROOM_RATE * 49 / 100 / honest as u64; honest];
    rates.insert(0, ROOM_RATE * 51 / 100);
    let plan = Plan::quiet(options.seed, options.minutes.unwrap_or(240), &rates, options.relay.is_some());
    let mut stage = Stage::of(options, plan);
    stage.pass(10 * MINUTE_MS)?;
    // It pays a merchant, and nobody in secret.
    let attacker = &stage.world.players[0];
    let (nonce, victim) = (stage.node(1).chain().account(&attacker.address).nonce, &stage.world.players[1]);
    let payment = |recipient| {
        let (amount, fee, sender) = (Amount(1000), Amount(5), attacker.wallet_key.public());
        let payment = Payment { sender, recipient, amount, fee, nonce, data: Vec::new() };
        payment.sign(&stage.world.params.genesis().hash(), &attacker.wallet_key)
    };
    let (paid, secret) = (payment(victim.address), payment(attacker.address));
    let taken_back = secret.id();
    let mut sides = vec![0; rates.len()];
    sides[0] = 1;
    stage.world.befall(Fault::Split(sides));
    let split = stage.node(1).chain().height().0;
    stage.world.submit(1, paid);
    stage.world.submit(0, secret);
    let ahead = |stage: &Stage| {
        let (own, others) = (stage.node(0).chain().tip(), stage.node(1).chain().tip());
        own.work > others.work && others.height.0 > split + CONFIRMATIONS
    };
    while !ahead(&stage) && stage.world.now.ms_since(START) < stage.ms {
        stage.pass(1000)?;
    }
    let (won, deep) = (ahead(&stage), stage.node(1).chain().height().0 - split);
    let minutes = stage.world.now.ms_since(START) / MINUTE_MS;
    stage.world.come_to_rest()?;
    let chain = stage.node(1).chain();
    let mut blocks = (split..=chain.height().0).filter_map(|height| chain.block_at(Height(height)));
    let undone = blocks.any(|block| block.body.transactions.iter().any(|payment| payment.id() == taken_back));
    stage.find(format!(
        "51 % of the hash rate {} ahead after {minutes} minutes; a payment {deep} blocks deep was {}",
        if won { "were" } else { "were not" },
        if undone { "taken back" } else { "not taken back" }
    ));
    Ok(stage.report())
}

fn eclipse(options: &Options) -> Result<Report, Failure> {
    const VICTIM: usize = 0;
    const BRIDGE: usize = 1;
    const HONEST: usize = 2;
    let liars = options.nodes.unwrap_or(16).max(5) - 5;
    let opens_ms = options.minutes.unwrap_or(20) * MINUTE_MS;
    let mut plan = Plan::quiet(options.seed, 0, &[ROOM_RATE / 20, 0], false);
    plan.players[BRIDGE].opens_ms = opens_ms;
    // The victim's browser holds nobody but liars. The others know each other by the relay or by a browser of theirs.
    let relay = options.relay.is_some();
    plan.players[BRIDGE].relay = relay;
    plan.players.extend((0..3).map(|_| Part { rate: ROOM_RATE / 3, relay, ..Part::default() }));
    plan.players.extend((0..liars).map(|_| Part {
        conduct: Conduct::Liar,
        browser: Some(0),
        ..Part::default()
    }));
    if !relay {
        // Without a relay the bridge cannot be in both: the honest ones come to the victim.
        for (place, part) in plan.players.iter_mut().enumerate().skip(HONEST).take(3) {
            (part.browser, part.opens_ms) = (Some(0), opens_ms + place as u64);
        }
    }
    let mut stage = Stage::of(options, plan);
    stage.pass(opens_ms)?;
    let alone = stage.node(VICTIM).chain().height().0;
    let opened = stage.world.now;
    let meets = |stage: &Stage| {
        let tip = stage.node(VICTIM).chain().tip().hash;
        stage.node(HONEST).chain().height().0 > 0 && stage.node(HONEST).chain().is_active(&tip)
    };
    while !meets(&stage) && stage.world.now.ms_since(opened) < 10 * MINUTE_MS {
        stage.pass(100)?;
    }
    let (took, met) = (stage.world.now.ms_since(opened), meets(&stage));
    stage.find(format!(
        "a victim among {liars} liars mined {alone} blocks alone; {} {}.{} s after it could hear one honest node",
        if met { "it had the honest chain" } else { "it did NOT have the honest chain" },
        took / 1000,
        took % 1000 / 100
    ));
    stage.play()
}

fn partition(options: &Options) -> Result<Report, Failure> {
    let nodes = options.nodes.unwrap_or(6).max(2);
    let rates = vec![ROOM_RATE / nodes as u64; nodes];
    let minutes = options.minutes.unwrap_or(15);
    let mut plan = Plan::quiet(options.seed, minutes, &rates, options.relay.is_some());
    plan.payments_per_hour = 600;
    let sides = (0..nodes).map(|place| u8::from(place >= nodes.div_ceil(2))).collect();
    plan.faults.push((plan.ms / 3, Fault::Split(sides)));
    let mut stage = Stage::of(options, plan);
    stage.pass(stage.ms)?;
    let heights = (stage.node(0).chain().height(), stage.node(nodes - 1).chain().height());
    let report = stage.play()?;
    let finding = format!(
        "after {} minutes apart the halves were at {} and {}; together again, one tip within {} s and the payments \
         everywhere within {} s, {} blocks undone at most, no payment lost",
        minutes * 2 / 3,
        heights.0,
        heights.1,
        report.tip_ms / 1000,
        report.rest_ms / 1000,
        report.deepest
    );
    Ok(Report { findings: vec![finding], ..report })
}

fn joiners(options: &Options) -> Result<Report, Failure> {
    let count = options.nodes.unwrap_or(101).max(2) - 1;
    let minutes = options.minutes.unwrap_or(30);
    let mut rates = vec![0; count];
    rates.insert(0, ROOM_RATE);
    let mut plan = Plan::quiet(options.seed, minutes, &rates, options.relay.is_some());
    for (place, part) in plan.players.iter_mut().enumerate().skip(1) {
        // All within ten seconds.
        part.opens_ms = minutes * MINUTE_MS + place as u64 * 10_000 / count as u64;
    }
    let opened = Timestamp(START.0 + minutes * MINUTE_MS + 10_000);
    let mut stage = Stage::of(options, plan);
    stage.pass(minutes * MINUTE_MS)?;
    let (height, bytes) = (stage.node(0).chain().height(), stage.world.report.bytes);
    stage.pass(10_000)?;
    let behind =
        |stage: &Stage| (0..=count).filter(|place| stage.node(*place).chain().height() < height).count();
    while behind(&stage) > 0 && stage.world.now.ms_since(opened) < 10 * MINUTE_MS {
        stage.pass(100)?;
    }
    let (took, late) = (stage.world.now.ms_since(opened), behind(&stage));
    let megabytes = (stage.world.report.bytes - bytes) as f64 / 1e6;
    stage.find(format!(
        "{count} joined a chain of {height} blocks within 10 s; {}.{} s after the last, {late} were behind; \
         {megabytes:.1} MB were sent",
        took / 1000,
        took % 1000 / 100
    ));
    stage.play()
}

fn sleepers(options: &Options) -> Result<Report, Failure> {
    let nodes = options.nodes.unwrap_or(6).max(2);
    let rates = vec![ROOM_RATE / nodes as u64; nodes];
    let minutes = options.minutes.unwrap_or(120);
    let mut plan = Plan::quiet(options.seed, minutes, &rates, options.relay.is_some());
    for place in 1..nodes {
        // Half an hour each, by turns that overlap; in the end even the one that never sleeps does.
        let at = plan.ms / 8 + place as u64 * plan.ms / (2 * nodes as u64);
        plan.faults.extend([(at, Fault::Sleep(place)), (at + plan.ms / 4, Fault::Wake(place))]);
    }
    let mut stage = Stage::of(options, plan);
    stage.pass(stage.ms)?;
    let chain = stage.node(0).chain();
    let (height, found) =
        (chain.height().0, stage.world.players.iter().map(|player| player.found).sum::<u32>());
    stage.find(format!(
        "{} miners slept for {} minutes each: of {found} blocks found {height} are in the chain",
        nodes - 1,
        minutes / 4
    ));
    stage.play()
}

fn steps(options: &Options) -> Result<Report, Failure> {
    let nodes = options.nodes.unwrap_or(4).max(2);
    let rates = vec![ROOM_RATE / nodes as u64; nodes];
    let plan = Plan::quiet(options.seed, options.minutes.unwrap_or(90), &rates, options.relay.is_some());
    let mut stage = Stage::of(options, plan);
    let third = stage.ms / 3;
    stage.pass(0)?;
    for (factor, phase) in [(1, "before"), (100, "a hundredfold"), (1, "back again")] {
        (0..nodes).for_each(|place| stage.world.set_rate(place, rates[place] * factor));
        let from = stage.node(0).chain().height().0;
        stage.pass(third)?;
        let chain = stage.node(0).chain();
        let times: Vec<u32> = (from..=chain.height().0)
            .filter_map(|height| Some(chain.block_at(Height(height))?.header.time.0))
            .collect();
        let mut spacings: Vec<u32> =
            times.windows(2).skip(30).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        spacings.sort_unstable();
        let mean = f64::from(spacings.iter().sum::<u32>()) / spacings.len().max(1) as f64;
        let median = spacings.get(spacings.len() / 2).copied().unwrap_or_default();
        let longest =
            times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).skip(1).max().unwrap_or_default();
        stage.find(format!(
            "{phase}: {} blocks; after the first 30 one in {mean:.1} s (median {median} s); the longest wait {longest} s",
            times.len().saturating_sub(1)
        ));
    }
    stage.play()
}

/// A world while it is played.
struct Stage {
    world: World,
    /// How long the plan lasts.
    ms: u64,
    findings: Vec<String>,
}

impl Stage {
    fn of(options: &Options, plan: Plan) -> Self {
        let ms = plan.ms;
        Self { world: World::new(plan, options.relay), ms, findings: Vec::new() }
    }

    fn pass(&mut self, ms: u64) -> Result<(), Failure> {
        self.world.run_until(self.world.now.plus_ms(ms))
    }

    /// A player's node, which is never off in the scenarios that look at it.
    fn node(&self, place: usize) -> &Node {
        &self.world.players[place].life.as_ref().expect("nobody crashes in this scenario").node
    }

    fn find(&mut self, finding: String) {
        self.findings.push(finding);
    }

    /// Plays to the end of the plan, and on until everything is at rest.
    fn play(mut self) -> Result<Report, Failure> {
        let end = START.plus_ms(self.ms);
        if self.world.now < end {
            self.world.run_until(end)?;
        }
        self.world.come_to_rest()?;
        Ok(self.report())
    }

    fn report(self) -> Report {
        let world = &self.world;
        let tips = world.players.iter().filter_map(|player| Some(player.life.as_ref()?.node.chain().tip()));
        let tip = tips.max_by_key(|tip| tip.work);
        Report {
            nodes: world.players.len(),
            ms: world.now.ms_since(START),
            height: tip.map_or(0, |tip| tip.height.0),
            blocks: world.checker.blocks(),
            payments: world.acknowledged.len(),
            findings: self.findings,
            ..self.world.report
        }
    }
}
