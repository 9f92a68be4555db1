//! Running commands so that a person sees that something happens, and why it failed when it did.
//!
//! [`run`] shows one line per command with the seconds that it has taken and the last thing that it said; its output
//! appears only when it fails. [`show`] passes the output through, for tests whose own counts are the point. Every
//! command runs in a process group of its own, so that a signal or a time limit ends it with all that it started.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// How many of a failed command's last lines are shown: enough for a compiler's first error and its notes.
const TAIL_LINES: usize = 100;
/// How much of a command's last line fits beside the title on a narrow terminal.
const HINT_CHARS: usize = 60;
/// How often the line changes on a terminal.
const TICK: Duration = Duration::from_secs(1);
/// How often a line is added where there is no terminal to rewrite it on.
const TICK_IN_LOG: Duration = Duration::from_secs(20);
/// How long a stopped command has to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// The process group that a signal must reach; 0 when no command runs.
static GROUP: AtomicI32 = AtomicI32::new(0);
static STOPPED: AtomicBool = AtomicBool::new(false);

/// Makes Ctrl-C, SIGTERM and SIGHUP end the running command, gracefully, and then this program.
pub(crate) fn stop_on_signal() -> Result<()> {
    ctrlc::set_handler(|| {
        STOPPED.store(true, Ordering::SeqCst);
        match GROUP.load(Ordering::SeqCst) {
            0 => std::process::exit(130),
            group => signal_group(group, Signal::SIGTERM),
        }
    })
    .context("listening for Ctrl-C")
}

/// Whether the user asked this program to stop.
pub(crate) fn stopped() -> bool {
    STOPPED.load(Ordering::SeqCst)
}

/// What a command is for, and what helps when it fails.
pub(crate) struct Step {
    title: String,
    advice: &'static str,
    limit: Option<Duration>,
}

impl Step {
    /// A step with no advice and no time limit.
    pub(crate) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), advice: "", limit: None }
    }

    /// What the user can do when it fails.
    pub(crate) const fn advice(mut self, advice: &'static str) -> Self {
        self.advice = advice;
        self
    }

    /// When it counts as hung.
    pub(crate) const fn limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }
}

/// Runs a command behind one line of progress.
pub(crate) fn run(step: &Step, command: &mut Command) -> Result<()> {
    let started = Instant::now();
    let terminal = std::io::stderr().is_terminal();
    let tick = if terminal { TICK } else { TICK_IN_LOG };
    let mut tail = VecDeque::new();
    let mut hint = String::new();
    let mut drawn: Option<Instant> = None;
    let ended = follow(step, command, |line| {
        if let Some(line) = line {
            if tail.len() == TAIL_LINES {
                tail.pop_front();
            }
            hint = line.trim().chars().take(HINT_CHARS).collect();
            tail.push_back(line);
        }
        if drawn.is_none_or(|drawn| drawn.elapsed() >= tick) {
            drawn = Some(Instant::now());
            let seconds = started.elapsed().as_secs();
            match terminal {
                true => eprint!("\r\x1b[2K  {} {seconds} s  {hint}", step.title),
                false => eprintln!("  {} {seconds} s  {hint}", step.title),
            }
        }
    });
    if terminal {
        eprint!("\r\x1b[2K");
    }
    let seconds = started.elapsed().as_secs_f32();
    match ended {
        Ok(()) => eprintln!("  {} done in {seconds:.1} s", step.title),
        Err(_) => tail.iter().for_each(|line| eprintln!("    {line}")),
    }
    ended
}

/// Runs a command whose output is the user's to read; `on_line` sees it too.
pub(crate) fn show(step: &Step, command: &mut Command, mut on_line: impl FnMut(&str)) -> Result<()> {
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    follow(step, command, |line| {
        if let Some(line) = line {
            println!("{line}");
            on_line(&line);
        }
    })
}

/// Starts a command in a group of its own that signals reach, with its output on the terminal.
pub(crate) fn start(command: &mut Command) -> Result<Child> {
    let child = command
        .process_group(0)
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("starting `{}`", shown(command)))?;
    GROUP.store(group_of(&child), Ordering::SeqCst);
    Ok(child)
}

/// Starts a command in the group of one that [`start`] started.
pub(crate) fn start_beside(first: &Child, command: &mut Command) -> Result<Child> {
    command
        .process_group(group_of(first))
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("starting `{}`", shown(command)))
}

/// Ends what [`start`] started.
pub(crate) fn stop(child: &mut Child) -> Result<ExitStatus> {
    signal_group(group_of(child), Signal::SIGTERM);
    wait(child)
}

/// Waits for what [`start`] started.
pub(crate) fn wait(child: &mut Child) -> Result<ExitStatus> {
    let status = child.wait().context("waiting for a command");
    GROUP.store(0, Ordering::SeqCst);
    status
}

/// Runs a command to its end; `on_line` gets every line, and nothing once a tick.
fn follow(step: &Step, command: &mut Command, mut on_line: impl FnMut(Option<String>)) -> Result<()> {
    let started = Instant::now();
    let mut child = start(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let (sender, lines) = mpsc::channel();
    forward(child.stdout.take(), sender.clone());
    forward(child.stderr.take(), sender);
    let mut stop = step.limit.map(|limit| (limit, Signal::SIGTERM));
    let mut hung = false;
    loop {
        match lines.recv_timeout(TICK) {
            Ok(line) => on_line(Some(line)),
            Err(RecvTimeoutError::Timeout) => on_line(None),
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if let Some((at, signal)) = stop.filter(|(at, _)| started.elapsed() > *at) {
            hung = true;
            signal_group(group_of(&child), signal);
            stop = (signal == Signal::SIGTERM).then_some((at + GRACE, Signal::SIGKILL));
        }
    }
    let status = wait(&mut child)?;
    if status.success() && !hung {
        return Ok(());
    }
    let why = match hung {
        _ if stopped() => "was stopped".to_owned(),
        true => format!("hung: no end after {} s", started.elapsed().as_secs()),
        false => format!("failed ({status})"),
    };
    bail!("{} {why}: `{}`. {}", step.title, shown(command), step.advice)
}

fn forward(output: Option<impl Read + Send + 'static>, lines: Sender<String>) {
    let Some(output) = output else { return };
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            // The receiver lives until both of a command's outputs end.
            let _ = lines.send(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned());
        }
    });
}

fn signal_group(group: i32, signal: Signal) {
    // A group that is gone already has nothing left to stop.
    let _ = killpg(Pid::from_raw(group), signal);
}

fn group_of(child: &Child) -> i32 {
    i32::try_from(child.id()).expect("process ids are positive 32-bit numbers")
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_failure_says_what_why_and_what_next() {
        let error =
            run(&Step::new("the thing").advice("Do this."), &mut shell("exit 3")).unwrap_err().to_string();
        assert_eq!(error, "the thing failed (exit status: 3): `sh -c exit 3`. Do this.");
        let error = run(&Step::new("x"), &mut Command::new("no-such-program")).unwrap_err().to_string();
        assert_eq!(error, "starting `no-such-program`");
    }

    #[test]
    fn a_hung_command_ends_with_all_that_it_started() {
        let limit = Duration::from_millis(100);
        // The pipe closes only when the grandchild is gone too.
        let error = run(&Step::new("sleeper").limit(limit), &mut shell("sleep 600 & sleep 600")).unwrap_err();
        assert!(error.to_string().starts_with("sleeper hung"), "{error}");
    }
}
