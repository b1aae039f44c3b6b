//! The addresses of receivers.

use kazasu_text::Said;
use kazasu_text::configuration::OutboxText;
use std::net::IpAddr;

/// A configured URL, taken apart.
pub(super) struct Url {
    pub(super) scheme: String,
    /// Without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) path: String,
}

impl Url {
    /// Errors name the key and never repeat the text, which may hold a password.
    pub(super) fn parse(key: &str, text: &str) -> anyhow::Result<Url> {
        let no_url = || Said::of(&OutboxText::NoUrl { key });
        let uri: kazasu_http_client::Uri = text.parse().map_err(|_| no_url())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            anyhow::bail!(no_url());
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        anyhow::ensure!(!host.is_empty(), no_url());
        let user = match authority.as_str().rsplit_once('@') {
            Some((user, _)) => {
                anyhow::ensure!(!user.contains(':'), Said::of(&OutboxText::PasswordInUrl { key }));
                Some(unescaped(user).ok_or_else(|| Said::of(&OutboxText::UserEscaped { key }))?)
            }
            None => None,
        };
        Ok(Url {
            scheme: scheme.to_ascii_lowercase(),
            host: host.to_owned(),
            port: authority.port_u16(),
            user,
            path: uri.path().to_owned(),
        })
    }

    /// True for this machine: what is sent there crosses no network.
    pub(super) fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Resolves `%40` and the like; `None` for a broken escape.
fn unescaped(text: &str) -> Option<String> {
    let (mut out, mut bytes) = (Vec::new(), text.bytes());
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => out.extend(hex::decode([bytes.next()?, bytes.next()?]).ok()?),
            _ => out.push(byte),
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let url = Url::parse("a.key", "smtps://switch%40example.jp@[::1]:465").unwrap();
        assert_eq!((url.scheme.as_str(), url.host.as_str(), url.port), ("smtps", "::1", Some(465)));
        assert_eq!(url.user.as_deref(), Some("switch@example.jp"));
        assert!(url.is_loopback());
        for (text, loopback) in [("http://127.8.0.1/x", true), ("http://LOCALHOST", true), ("http://10.0.0.1", false)] {
            assert_eq!(Url::parse("a.key", text).unwrap().is_loopback(), loopback, "{text}");
        }
        for text in ["", "portal", "/hook", "http://", "https://me:hunter2@portal.example.jp/", "http://%4@portal/"] {
            let error = Url::parse("a.key", text).err().unwrap().to_string();
            assert!(error.starts_with("a.key ") || error.starts_with("a.key:"), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
