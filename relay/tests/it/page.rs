//! The built page over HTTP.

use crate::client::Client;
use crate::http::get;
use crate::server::{Directory, Server};

const SCRIPT: &str = "alert(1)";
/// `printf 'alert(1)' | openssl dgst -sha256 -binary | base64`
const SCRIPT_HASH: &str = "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='";
const HASHED: &str = "app-0123456789abcdef.js";

fn built_page() -> Directory {
    let directory = Directory::new();
    directory.write("index.html", &format!("<!doctype html><script>{SCRIPT}</script>"));
    directory.write(HASHED, &"export const tab = 1;\n".repeat(100));
    directory.write("node.js", "onmessage = () => {};");
    directory.write("node_bg.wasm", "\0asm\x01\0\0\0");
    directory
}

#[tokio::test]
async fn each_kind_of_file_is_typed_and_cached_as_it_should_be() {
    let page = built_page();
    let server = Server::serving(page.0.clone()).await;
    let immutable = "public, max-age=31536000, immutable";
    for (path, content_type, caching) in [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/index.html", "text/html; charset=utf-8", "no-cache"),
        (&format!("/{HASHED}"), "text/javascript; charset=utf-8", immutable),
        ("/node.js", "text/javascript; charset=utf-8", "no-cache"),
        ("/node_bg.wasm", "application/wasm", "no-cache"),
    ] {
        let answer = get(server.address, path, &[]).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), content_type, "{path}");
        assert_eq!(answer.header("cache-control"), caching, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"), "{path}");
        assert!(policy.contains(SCRIPT_HASH), "{path}");
    }
}

#[tokio::test]
async fn a_copy_is_confirmed_by_its_tag_in_every_encoding() {
    let page = built_page();
    let server = Server::serving(page.0.clone()).await;
    let path = format!("/{HASHED}");
    let mut tags = Vec::new();
    for (accept, encoding) in
        [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("identity", ""), ("br;q=0, gzip;q=0.5", "gzip")]
    {
        let accept = format!("accept-encoding: {accept}");
        let answer = get(server.address, &path, &[&accept]).await;
        assert_eq!(answer.header("content-encoding"), encoding);
        assert_eq!(answer.header("vary"), "accept-encoding");
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        let tag = answer.header("etag").to_owned();
        assert!(tag.starts_with('"'), "{tag} is strong");
        let again = get(server.address, &path, &[&accept, &format!("if-none-match: \"x\", {tag}")]).await;
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(again.header("etag"), tag);
        let stale = get(server.address, &path, &[&accept, "if-none-match: \"x\""]).await;
        assert_eq!(stale.status, 200);
        tags.push(tag);
    }
    assert_eq!(tags[1], tags[3]);
    tags.truncate(3);
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 3, "other bytes, other tag");
}

#[tokio::test]
async fn nothing_outside_the_directory_can_be_asked_for() {
    let page = built_page();
    let outside = page.0.join("../tabchain-relay-outside.txt");
    std::fs::write(&outside, "secret").expect("a file");
    let server = Server::serving(page.0.clone()).await;
    for path in [
        "/../tabchain-relay-outside.txt",
        "/%2e%2e/tabchain-relay-outside.txt",
        "/..%2ftabchain-relay-outside.txt",
        "//etc/passwd",
        "/node.js/..",
        "/absent.js",
    ] {
        assert_eq!(get(server.address, path, &[]).await.status, 404, "{path}");
    }
    std::fs::remove_file(outside).expect("still there");
}

#[tokio::test]
async fn a_new_build_is_noticed_and_its_script_allowed() {
    let page = built_page();
    let server = Server::serving(page.0.clone()).await;
    let first = get(server.address, "/", &[]).await;
    page.write("index.html", "<!doctype html><script>alert('another')</script>");
    let second = get(server.address, "/", &[]).await;
    assert_ne!(first.header("etag"), second.header("etag"));
    assert!(!second.header("content-security-policy").contains(SCRIPT_HASH));
    assert!(String::from_utf8_lossy(&second.body).contains("another"));
}

#[tokio::test]
async fn without_a_page_the_relay_works_and_says_what_to_do() {
    let page = Directory::new();
    let server = Server::serving(page.0.clone()).await;
    let answer = get(server.address, "/", &[]).await;
    assert_eq!(answer.status, 503);
    assert!(String::from_utf8_lossy(&answer.body).contains("cargo xtask run"));
    Client::member(server.address, "x", 1).await;
    page.write("index.html", "built");
    assert_eq!(get(server.address, "/", &[]).await.body, b"built");
}

#[tokio::test]
async fn health_counts_rooms_and_sockets() {
    let server = Server::start().await;
    let _member = Client::member(server.address, "x", 1).await;
    let answer = get(server.address, "/healthz", &[]).await;
    assert_eq!(answer.status, 200);
    let health: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(health["status"], "ok");
    assert_eq!((&health["rooms"], &health["sockets"]), (&1.into(), &1.into()));
}
