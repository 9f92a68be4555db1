//! The scenarios by name: what each sets up, and what it measures.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::conduct::{Conduct, Selfish};
use super::finding::Finding;
use super::pace::ROOM_RATE;
use super::plan::{Fault, Part, Plan};
use super::report::Report;
use super::switch::NewSwitch;
use super::world::{Failure, START, World};
use crate::node::Node;
use crate::primitives::Payment;
use crate::units::{Amount, Height};

const MINUTE_MS: u64 = 60_000;
/// How deep a payment lies when its receiver believes it.
const CONFIRMATIONS: u32 = 6;
/// How long the others would need to catch up with a majority that shows its chain, in milliseconds: they go on while it
/// connects again, which takes some seconds.
const LEAD_MS: u64 = 30_000;
/// How long something is waited for that should happen within seconds, in milliseconds.
const PATIENCE_MS: u64 = 10 * MINUTE_MS;

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
    /// Miners sleep by turns and wake.
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

impl Options {
    /// The command that plays this again.
    #[must_use]
    pub fn command(&self) -> String {
        let mut command =
            format!("cargo xtask sim --scenario {} --seed {} --runs 1", self.scenario.name(), self.seed);
        for (name, value) in [("nodes", self.nodes.map(|nodes| nodes as u64)), ("minutes", self.minutes)] {
            command += &value.map_or(String::new(), |value| format!(" --{name} {value}"));
        }
        command
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

fn selfish(options: &Options, per_mille: u64) -> Result<Report, Failure> {
    let honest = options.nodes.unwrap_or(4).max(2) - 1;
    let mut rates = vec![ROOM_RATE * (1000 - per_mille) / 1000 / honest as u64; honest];
    rates.insert(0, ROOM_RATE * per_mille / 1000);
    let mut plan = Plan::quiet(options.seed, options.minutes.unwrap_or(300), &rates, options.relay.is_some());
    plan.players[0].conduct = Conduct::Selfish(Selfish::default());
    let mut stage = Stage::of(options, plan);
    stage.pass(stage.ms)?;
    let (players, chain) = (&stage.world.players, stage.node(1).chain());
    let all = chain.height().0;
    let blocks = (1..=all).filter_map(|height| chain.block_at(Height(height)));
    let own = blocks.filter(|block| block.body.coinbase.recipient == players[0].address).count() as u32;
    let (own_found, all_found) = (players[0].found, players.iter().map(|player| player.found).sum());
    stage.findings.push(Finding::Selfish { per_mille, own, all, own_found, all_found });
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
    stage.world.apply_fault(Fault::Split(sides));
    let split = stage.node(1).chain().height().0;
    stage.world.submit(1, paid);
    stage.world.submit(0, secret);
    let rest = (ROOM_RATE * 49 / 100 * LEAD_MS) as f64 / 1e6;
    let left_ms = stage.ms.saturating_sub(10 * MINUTE_MS);
    let ahead_ms = stage.pass_until(left_ms, 1000, |stage| {
        let (own, others) = (stage.node(0).chain().tip(), stage.node(1).chain().tip());
        let lead = own.work.approximate() - others.work.approximate();
        lead > rest && others.height.0 > split + CONFIRMATIONS
    })?;
    let depth = stage.node(1).chain().height().0 - split;
    stage.world.come_to_rest()?;
    let chain = stage.node(1).chain();
    let mut blocks = (split..=chain.height().0).filter_map(|height| chain.block_at(Height(height)));
    let undone = blocks.any(|block| block.body.transactions.iter().any(|payment| payment.id() == taken_back));
    stage.findings.push(Finding::Majority { ahead_ms, depth, undone });
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
    let told = |stage: &Stage| stage.node(VICTIM).is_isolated();
    stage.pass(0)?;
    let told_ms = stage.pass_until(opens_ms, 100, told)?;
    stage.pass(opens_ms - told_ms.unwrap_or(opens_ms))?;
    let alone = stage.node(VICTIM).chain().height().0;
    let met_ms = stage.pass_until(PATIENCE_MS, 100, |stage| {
        let (own, honest) = (stage.node(VICTIM).chain().tip(), stage.node(HONEST).chain().tip());
        honest.height.0 > 0 && own.hash == honest.hash
    })?;
    // Whoever lies is still in the majority: the victim has no reason yet to take its word back.
    stage.world.mend();
    let taken_back_ms = stage.pass_until(PATIENCE_MS, 100, |stage| !told(stage))?;
    stage.findings.push(Finding::Eclipse { liars, alone, told_ms, met_ms, taken_back_ms });
    stage.play()
}

fn partition(options: &Options) -> Result<Report, Failure> {
    let nodes = options.nodes.unwrap_or(6).max(2);
    let rates = vec![ROOM_RATE / nodes as u64; nodes];
    let minutes = options.minutes.unwrap_or(15);
    let mut plan = Plan::quiet(options.seed, minutes, &rates, options.relay.is_some());
    plan.payments_per_hour = 600;
    let first = nodes.div_ceil(2);
    if options.relay.is_some() {
        // The relay stays with the first half. The others are tabs of one browser, and have each other.
        plan.players[first..].iter_mut().for_each(|part| part.browser = Some(1));
    }
    let sides = (0..nodes).map(|place| u8::from(place >= first)).collect();
    plan.faults.push((plan.ms / 3, Fault::Split(sides)));
    let mut stage = Stage::of(options, plan);
    stage.pass(stage.ms)?;
    let heights = [0, nodes - 1].map(|place| stage.node(place).chain().height().0);
    let tips = [0..first, first..nodes]
        .map(|half| half.map(|place| stage.node(place).chain().tip().hash).collect::<BTreeSet<_>>().len());
    let apart_ms = stage.ms - stage.ms / 3;
    let report = stage.play()?;
    let Report { tip_ms, rest_ms, deepest, .. } = report;
    let findings = vec![Finding::Partition { apart_ms, heights, tips, tip_ms, rest_ms, deepest }];
    Ok(Report { findings, ..report })
}

fn joiners(options: &Options) -> Result<Report, Failure> {
    let joined = options.nodes.unwrap_or(101).max(2) - 1;
    let minutes = options.minutes.unwrap_or(30);
    let mut rates = vec![0; joined];
    rates.insert(0, ROOM_RATE);
    let mut plan = Plan::quiet(options.seed, minutes, &rates, options.relay.is_some());
    for (place, part) in plan.players.iter_mut().enumerate().skip(1) {
        // All within ten seconds.
        part.opens_ms = minutes * MINUTE_MS + place as u64 * 10_000 / joined as u64;
    }
    let mut stage = Stage::of(options, plan);
    stage.pass(minutes * MINUTE_MS)?;
    let (height, before) = (stage.node(0).chain().height().0, stage.world.report.bytes);
    stage.pass(10_000)?;
    let behind =
        |stage: &Stage| (0..=joined).filter(|place| stage.node(*place).chain().height().0 < height).count();
    let took_ms = stage.pass_until(PATIENCE_MS, 100, |stage| behind(stage) == 0)?.unwrap_or(PATIENCE_MS);
    let (behind, bytes) = (behind(&stage), stage.world.report.bytes - before);
    stage.findings.push(Finding::Joiners { joined, height, took_ms, behind, bytes });
    stage.play()
}

fn sleepers(options: &Options) -> Result<Report, Failure> {
    let nodes = options.nodes.unwrap_or(6).max(2);
    let rates = vec![ROOM_RATE / nodes as u64; nodes];
    let minutes = options.minutes.unwrap_or(120);
    let mut plan = Plan::quiet(options.seed, minutes, &rates, options.relay.is_some());
    for place in 1..nodes {
        // A quarter of the time each, by turns that overlap.
        let at = plan.ms / 8 + place as u64 * plan.ms / (2 * nodes as u64);
        plan.faults.extend([(at, Fault::Sleep(place)), (at + plan.ms / 4, Fault::Wake(place))]);
    }
    let mut stage = Stage::of(options, plan);
    stage.pass(stage.ms)?;
    let (kept, found) = (stage.node(0).chain().height().0, stage.world.players.iter().map(|p| p.found).sum());
    let (sleepers, asleep_ms) = (nodes - 1, stage.ms / 4);
    stage.findings.push(Finding::Sleepers { sleepers, asleep_ms, found, kept });
    stage.play()
}

fn steps(options: &Options) -> Result<Report, Failure> {
    let nodes = options.nodes.unwrap_or(4).max(2);
    let rates = vec![ROOM_RATE / nodes as u64; nodes];
    let plan = Plan::quiet(options.seed, options.minutes.unwrap_or(90), &rates, options.relay.is_some());
    let mut stage = Stage::of(options, plan);
    let third = stage.ms / 3;
    stage.pass(0)?;
    for factor in [1, 100, 1] {
        (0..nodes).for_each(|place| stage.world.set_rate(place, rates[place] * factor));
        let before = stage.node(0).chain().height().0;
        stage.pass(third)?;
        let chain = stage.node(0).chain();
        // The genesis' time is no moment of this room's.
        let times: Vec<u32> = (before.max(1)..=chain.height().0)
            .filter_map(|height| Some(chain.block_at(Height(height))?.header.time.0))
            .collect();
        let spacings: Vec<u32> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        let longest_s = spacings.iter().copied().max().unwrap_or_default();
        let mut settled: Vec<u32> = spacings.into_iter().skip(30).take(30).collect();
        settled.sort_unstable();
        let mean_ms = settled.iter().map(|s| u64::from(*s) * 1000).sum::<u64>() / settled.len().max(1) as u64;
        let median_s = settled.get(settled.len() / 2).copied().unwrap_or_default();
        let blocks = chain.height().0 - before;
        stage.findings.push(Finding::Step { factor, blocks, mean_ms, median_s, longest_s });
    }
    stage.play()
}

/// A world while it is played.
struct Stage {
    world: World,
    /// How long the plan lasts.
    ms: u64,
    findings: Vec<Finding>,
}

impl Stage {
    fn of(options: &Options, plan: Plan) -> Self {
        let ms = plan.ms;
        Self { world: World::new(plan, options.relay), ms, findings: Vec::new() }
    }

    fn pass(&mut self, ms: u64) -> Result<(), Failure> {
        self.world.run_until(self.world.now.plus_ms(ms))
    }

    /// Lets time pass until something holds, which is looked at every so many milliseconds; how long it took, unless
    /// that is more than `ms_max`.
    fn pass_until(
        &mut self,
        ms_max: u64,
        every_ms: u64,
        holds: impl Fn(&Self) -> bool,
    ) -> Result<Option<u64>, Failure> {
        let start = self.world.now;
        while !holds(self) {
            if self.world.now.ms_since(start) >= ms_max {
                return Ok(None);
            }
            self.pass(every_ms)?;
        }
        Ok(Some(self.world.now.ms_since(start)))
    }

    /// A player's node, which is never off in the scenarios that look at it.
    fn node(&self, place: usize) -> &Node {
        &self.world.players[place].life.as_ref().expect("nobody crashes in this scenario").node
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
