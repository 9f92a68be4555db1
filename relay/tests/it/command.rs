//! The command: its one line of output, its errors, its end.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn relay(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relay"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in ["TABCHAIN_HOST", "TABCHAIN_PORT", "TABCHAIN_ASSETS"] {
        command.env_remove(name);
    }
    command
}

fn refusal(arguments: &[&str]) -> String {
    let output = relay(arguments).output().expect("the command starts");
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn it_prints_its_link_and_stops_when_told() {
    let mut relay = relay(&["--port", "0"]).env("TABCHAIN_HOST", "127.0.0.1").spawn().expect("starts");
    let mut line = String::new();
    let stdout = relay.stdout.take().expect("piped");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    let port = line.strip_prefix("http://127.0.0.1:").and_then(|rest| rest.strip_suffix("/\n"));
    let port: u16 = port.and_then(|port| port.parse().ok()).expect("the link");
    assert_ne!(port, 0);
    let taken = refusal(&["--port", &port.to_string()]);
    assert!(taken.contains(&format!("port {port} of 127.0.0.1 is in use")), "{taken}");
    assert!(taken.contains("--port"), "{taken}");
    let told = Command::new("kill").arg(relay.id().to_string()).status().expect("kill runs");
    assert!(told.success());
    assert!(relay.wait().expect("it ends").success());
}

#[test]
fn bad_flags_are_refused_by_name() {
    assert!(refusal(&["--port", "70000"]).contains("70000"));
    assert!(refusal(&["--prot", "1"]).contains("--port"));
    assert!(refusal(&["--host", "192.0.2.1"]).contains("192.0.2.1"));
}
