//! Signing in through a provider at the command line (RFC 8252): the person's browser goes to the provider and comes back to a port of this
//! machine; where it runs on another one, the person pastes the address that it came back to.

use crate::language::shown;
use anyhow::{Context, bail, ensure};
use kazasu_api::client::Switch;
use kazasu_console::tell;
use kazasu_services::people::{ProviderFields, StartProvider};
use kazasu_text::keys::SignInText;
use kazasu_text::usage::UsageText;
use kazasu_text::{Because, Said};
use serde::Deserialize;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// The path to come back to.
const PATH: &str = "/callback";
/// The switch forgets an attempt after so long.
const PATIENCE: Duration = Duration::from_secs(600);
/// A browser sends its request within so long.
const REQUEST: Duration = Duration::from_secs(10);
/// Bytes of a request at most.
const MOST: usize = 16 * 1024;

/// What the person goes to the provider for.
pub(super) enum Wanted {
    /// To sign in.
    SignIn,
    /// To join with this invitation.
    Join(String),
    /// To show a second factor again.
    Again,
}

/// What stands behind the question mark when the browser comes back.
#[derive(Deserialize)]
struct CameBack {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Sends the person to the provider, and waits for the way back.
pub(super) async fn through(
    switch: &Switch,
    provider: Option<String>,
    wanted: Wanted,
) -> anyhow::Result<ProviderFields> {
    let port = TcpListener::bind(("127.0.0.1", 0)).await.because(|| Said::of(&UsageText::LocalPort))?;
    let redirect = format!("http://{}{PATH}", port.local_addr()?);
    let (invitation, again) = match wanted {
        Wanted::SignIn => (None, false),
        Wanted::Join(invitation) => (Some(invitation), false),
        Wanted::Again => (None, true),
    };
    let started = switch.call(&StartProvider { provider, redirect, invitation, again }).await?;
    tell!("{}\n{}", shown(&SignInText::OpenInBrowser), started.url);
    let came = tokio::time::timeout(PATIENCE, back(port)).await;
    let came = came.map_err(|_| anyhow::anyhow!(shown(&SignInText::NobodyCameBack)))??;
    if let Some(error) = came.error {
        let why = came.error_description.unwrap_or_default();
        bail!(shown(&SignInText::ProviderRefused { error: &plain(&error), why: &plain(&why) }));
    }
    let (code, state) = (came.code, came.state);
    let (code, state) = code.zip(state).with_context(|| shown(&SignInText::NoCode))?;
    Ok(ProviderFields { attempt: started.attempt, code, state, iss: came.iss })
}

/// A provider's text, without what a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// The browser, or what the person pastes.
async fn back(port: TcpListener) -> anyhow::Result<CameBack> {
    let (sender, mut pasted) = mpsc::channel(1);
    // Nothing ends a read of standard input: a thread of its own may wait there when the program ends.
    std::thread::Builder::new().name("pasted".to_owned()).spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if !line.trim().is_empty() && sender.blocking_send(line).is_err() {
                return;
            }
        }
    })?;
    loop {
        tokio::select! {
            Some(line) = pasted.recv() => match query_of(line.trim()) {
                Ok(came) => return Ok(came),
                Err(_) => tell!("{}", shown(&SignInText::PasteAddress)),
            },
            accepted = port.accept() => {
                let (stream, _) = accepted.because(|| Said::of(&UsageText::LocalPort))?;
                // Browsers also open connections on which they ask nothing.
                if let Ok(Ok(Some(came))) = tokio::time::timeout(REQUEST, answered(stream)).await {
                    return Ok(came);
                }
            }
        }
    }
}

/// Reads one request and answers it. None for another one than the way back.
async fn answered(mut stream: TcpStream) -> anyhow::Result<Option<CameBack>> {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        ensure!(bytes.len() < MOST, "the request is too long");
        ensure!(stream.read_buf(&mut bytes).await? > 0, "the request broke off");
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut words = text.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_back = method == "GET" && target.split('?').next() == Some(PATH);
    let came = if is_back { query_of(target).ok() } else { None };
    let (status, said) = match &came {
        Some(_) => ("200 OK", shown(&SignInText::BackAtTerminal)),
        None => ("404 Not Found", String::new()),
    };
    let head = "content-type: text/plain; charset=utf-8\r\ncache-control: no-store\r\nconnection: close";
    let answer = format!("HTTP/1.1 {status}\r\n{head}\r\ncontent-length: {}\r\n\r\n{said}", said.len());
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(came)
}

/// What stands behind the question mark of an address, or a text that is nothing else.
fn query_of(address: &str) -> anyhow::Result<CameBack> {
    let query = address.split_once('?').map_or(address, |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    let came: CameBack = serde_urlencoded::from_str(query)?;
    ensure!(came.code.is_some() || came.error.is_some(), "neither a code nor an error");
    Ok(came)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_whole_or_from_its_question_mark() {
        for text in [
            "http://127.0.0.1:4000/callback?code=a%2Bb&state=s&iss=https%3A%2F%2Fid.example#x",
            "code=a%2Bb&state=s&iss=https%3A%2F%2Fid.example",
        ] {
            let came = query_of(text).unwrap();
            assert_eq!(came.code.as_deref(), Some("a+b"));
            assert_eq!((came.state.as_deref(), came.iss.as_deref()), (Some("s"), Some("https://id.example")));
        }
        let refused = query_of("http://127.0.0.1/callback?error=access_denied&state=s").unwrap();
        assert_eq!(refused.error.as_deref(), Some("access_denied"));
        for wrong in ["", "hello", "http://127.0.0.1/callback", "http://127.0.0.1/callback?state=s"] {
            assert!(query_of(wrong).is_err(), "{wrong}");
        }
    }
}
