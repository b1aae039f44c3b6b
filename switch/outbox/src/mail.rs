//! Notices by mail, through one SMTP server.

use super::Notice;
use super::channel::{Tell, Verdict};
use super::url::Url;
use anyhow::Context;
use kazasu_engine::clock;
use kazasu_schemas::money::Yen;
use kazasu_text::configuration::OutboxText;
use kazasu_text::notices::NoticeText;
use kazasu_text::{Month, Said, Text};
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::extension::ClientId;
use lettre::{Message, SmtpTransport, Transport};
use std::fmt;
use std::time::{Duration, UNIX_EPOCH};
use zeroize::Zeroizing;

/// What stands for the PPID in a recipient's address.
const PPID: &str = "{ppid}";

/// A mail server that is told.
#[derive(Clone)]
pub struct MailConfig {
    /// `smtps://user@host:port` (TLS from the first byte, port 465 unless named) or `smtp://user@host:port`: STARTTLS is
    /// then required (port 587), except on this machine, where it is not used (port 25).
    pub server: String,
    /// The user's password, if the server wants one.
    pub password: Option<Zeroizing<String>>,
    /// The sender, such as `Kazasu <kazasu@example.jp>`.
    pub from: String,
    /// The recipient, with `{ppid}` where the PPID stands: `{ppid}@notify.example.jp`.
    pub to: String,
}

/// Without the password.
impl fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailConfig")
            .field("server", &self.server)
            .field("from", &self.from)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

pub(super) struct Mail {
    transport: SmtpTransport,
    from: Mailbox,
    to: String,
}

impl Mail {
    pub(super) fn new(config: &MailConfig, timeout: Duration) -> anyhow::Result<Self> {
        let server = Url::parse("outbox.mail.server", &config.server)?;
        anyhow::ensure!(matches!(server.path.as_str(), "" | "/"), Said::of(&OutboxText::MailEnd));
        let no_address = |key| Said::of(&OutboxText::MailAddress { key });
        let from: Mailbox = config.from.parse().map_err(|_| no_address("outbox.mail.from"))?;
        anyhow::ensure!(config.to.matches(PPID).count() == 1, Said::of(&OutboxText::MailTo));
        recipient(&config.to, &"0".repeat(26)).map_err(|_| no_address("outbox.mail.to"))?;
        let host = server.host.as_str();
        let mut transport = match server.scheme.as_str() {
            "smtps" => SmtpTransport::relay(host).context("outbox.mail.server")?,
            "smtp" if server.is_loopback() => SmtpTransport::builder_dangerous(host),
            "smtp" => SmtpTransport::starttls_relay(host).context("outbox.mail.server")?,
            other => anyhow::bail!(Said::of(&OutboxText::MailScheme { got: other })),
        };
        if let Some(port) = server.port {
            transport = transport.port(port);
        }
        match (server.user, &config.password) {
            (Some(user), Some(password)) => {
                transport = transport.credentials(Credentials::new(user, password.as_str().to_owned()));
            }
            (None, None) => {}
            (Some(_), None) => anyhow::bail!(Said::of(&OutboxText::NoMailPassword)),
            (None, Some(_)) => anyhow::bail!(Said::of(&OutboxText::NoMailUser)),
        }
        let hello = ClientId::Domain(from.email.domain().to_owned());
        let transport = transport.hello_name(hello).timeout(Some(timeout)).build();
        Ok(Mail { transport, from, to: config.to.clone() })
    }

    fn message(&self, notice: &Notice) -> anyhow::Result<Message> {
        let now = u64::try_from(clock::now().0).unwrap_or(0);
        let text = SinglePart::builder()
            .header(ContentType::TEXT_PLAIN)
            .header(ContentTransferEncoding::Base64)
            .body(text(notice));
        let message = Message::builder()
            .message_id(Some(format!("<notice.{}@{}>", notice.id, self.from.email.domain())))
            .date(UNIX_EPOCH + Duration::from_millis(now))
            .from(self.from.clone())
            .to(recipient(&self.to, &notice.ppid)?)
            .subject(subject(notice))
            .singlepart(text)?;
        Ok(message)
    }
}

impl Tell for Mail {
    fn tell(&self, notice: &Notice) -> Verdict {
        let message = match self.message(notice) {
            Ok(message) => message,
            Err(error) => return Verdict::Refused(format!("cannot be written: {error:#}")),
        };
        match self.transport.send(&message) {
            Ok(_) => Verdict::Accepted,
            Err(error) if error.is_permanent() => Verdict::Refused(error.to_string()),
            Err(error) => Verdict::failed(error.to_string()),
        }
    }
}

fn recipient(template: &str, ppid: &str) -> anyhow::Result<Mailbox> {
    template.replace(PPID, ppid).parse::<Mailbox>().map_err(|error| anyhow::anyhow!("{error}"))
}

fn subject(notice: &Notice) -> String {
    let subject = NoticeText::LimitSubject { percent: notice.percent };
    format!("{} / {}", subject.ja(), subject.en())
}

fn text(notice: &Notice) -> String {
    // 2026-11-20T18:04:05+09:00, to the minute.
    let at = notice.at.get(..16).map_or_else(|| notice.at.clone(), |minute| minute.replace('T', " "));
    let message = NoticeText::LimitMessage {
        month: Month(&notice.month),
        percent: notice.percent,
        used: Yen::new(notice.used_yen),
        limit: Yen::new(notice.limit_yen),
        at: &at,
        id: &notice.id,
    };
    format!("{}\n----\n\n{}", message.ja(), message.en())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Journal, config, delivered, notice};
    use super::super::{Outbox, OutboxConfig, Outcome, WebhookConfig};
    use super::*;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, mpsc};

    /// What an SMTP server has kept.
    #[derive(Default)]
    struct Kept {
        from: String,
        to: String,
        data: String,
    }

    impl Kept {
        /// The value of a header, unfolded.
        fn header(&self, name: &str) -> String {
            let head = self.data.split_once("\n\n").unwrap().0.replace("\n ", " ").replace("\n\t", " ");
            let mut headers = head.lines().filter_map(|line| line.split_once(':'));
            headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).unwrap().1.trim().to_owned()
        }

        fn text(&self) -> String {
            assert_eq!(self.header("content-transfer-encoding"), "base64");
            String::from_utf8(base64(self.data.split_once("\n\n").unwrap().1)).unwrap().replace("\r\n", "\n")
        }
    }

    /// Answers one connection: `recipient` is what it says to RCPT. `None` when no mail was kept.
    fn converse(stream: TcpStream, recipient: &str) -> Option<Kept> {
        let mut out = stream.try_clone().ok()?;
        let mut say = move |line: &str| out.write_all(format!("{line}\r\n").as_bytes()).ok();
        let mut lines = BufReader::new(stream).lines();
        let (mut kept, mut whole) = (Kept::default(), false);
        say("220 mail.example.jp ESMTP")?;
        while let Some(Ok(line)) = lines.next() {
            let verb = line.get(..4).unwrap_or("").to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => say("250-mail.example.jp\r\n250 8BITMIME")?,
                "MAIL" => {
                    kept.from = line;
                    say("250 go on")?;
                }
                "RCPT" => {
                    kept.to = line;
                    say(recipient)?;
                }
                "DATA" => {
                    say("354 go on")?;
                    for line in lines.by_ref() {
                        let line = line.ok()?;
                        if line == "." {
                            break;
                        }
                        kept.data.push_str(line.strip_prefix('.').unwrap_or(&line));
                        kept.data.push('\n');
                    }
                    whole = true;
                    say("250 kept")?;
                }
                "QUIT" => {
                    let _ = say("221 bye");
                    break;
                }
                _ => say("502 what?")?,
            }
        }
        whole.then_some(kept)
    }

    /// A server that answers `recipient(n)` to the recipient of its nth connection, counted from 1.
    fn server(recipient: fn(usize) -> &'static str) -> (String, mpsc::Receiver<Kept>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (keep, kept) = mpsc::channel();
        std::thread::spawn(move || {
            for (n, stream) in listener.incoming().enumerate() {
                if let Some(mail) = converse(stream.unwrap(), recipient(n + 1))
                    && keep.send(mail).is_err()
                {
                    return;
                }
            }
        });
        (url, kept)
    }

    fn mail(server: &str) -> MailConfig {
        MailConfig {
            server: server.into(),
            password: None,
            from: "Kazasu <kazasu@example.jp>".into(),
            to: "{ppid}@notify.example.jp".into(),
        }
    }

    fn base64(text: &str) -> Vec<u8> {
        let (mut out, mut bits, mut n) = (Vec::new(), 0_u32, 0);
        for c in text.bytes() {
            let six = match c {
                b'A'..=b'Z' => c - b'A',
                b'a'..=b'z' => c - b'a' + 26,
                b'0'..=b'9' => c - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => continue,
            };
            bits = (bits << 6) | u32::from(six);
            n += 6;
            if n >= 8 {
                n -= 8;
                out.push(u8::try_from(bits >> n).unwrap());
                bits &= (1 << n) - 1;
            }
        }
        out
    }

    /// A header's words; white space between two encoded ones does not count (RFC 2047, 6.2).
    fn decoded(header: &str) -> String {
        let (mut out, mut after_encoded) = (Vec::new(), true);
        for word in header.split_whitespace() {
            let encoded = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?="));
            if !(after_encoded && (encoded.is_some() || out.is_empty())) {
                out.push(b' ');
            }
            after_encoded = encoded.is_some();
            match encoded {
                Some(encoded) => out.extend(base64(encoded)),
                None => out.extend(word.bytes()),
            }
        }
        String::from_utf8(out).unwrap()
    }

    #[tokio::test]
    async fn a_notice_arrives_by_mail() {
        let (server, kept) = server(|_| "250 welcome");
        let (settle, mut journal) = Journal::open();
        let outbox = Outbox::start(OutboxConfig { mail: Some(mail(&server)), ..config() }, settle).unwrap();
        outbox.offer(12, notice(12));
        assert_eq!(journal.next().await, delivered(12, 1));
        let kept = kept.recv_timeout(Duration::from_secs(5)).unwrap();
        assert!(kept.from.starts_with("MAIL FROM:<kazasu@example.jp>"), "{}", kept.from);
        assert!(kept.to.starts_with(&format!("RCPT TO:<{}@notify.example.jp>", notice(12).ppid)), "{}", kept.to);
        assert_eq!(kept.header("message-id"), "<notice.12-0@example.jp>");
        assert_eq!(kept.header("mime-version"), "1.0");
        assert!(kept.header("content-type").starts_with("text/plain; charset=utf-8"));
        let subject = decoded(&kept.header("subject"));
        assert!(subject.starts_with("今月の利用額が上限の80%に達しました"), "{subject}");
        assert!(subject.ends_with("/ This month's spending has reached 80% of your limit"), "{subject}");
        let text = kept.text();
        assert!(text.starts_with("2026年11月のご利用額が、設定された上限の80%に達しました。\n"), "{text}");
        for part in ["ご利用額：¥41,250\n", "上限額：¥50,000\n", "2026-11-20 18:04（", "Spent: ¥41,250\n", ": 12-0\n"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        let (japanese, english) = (text.find("上限額"), text.find("Your spending in 2026-11 has reached 80%"));
        assert!(japanese < english && japanese.is_some(), "{text}");
    }

    #[tokio::test]
    async fn a_recipient_that_is_refused_kills_the_notice_without_telling_who_it_is() {
        let (server, _kept) = server(|_| "550 5.1.1 01jd3m8q5w7rzx9a2bcd4efghk: no such user");
        let (settle, mut journal) = Journal::open();
        let outbox = Outbox::start(OutboxConfig { mail: Some(mail(&server)), ..config() }, settle).unwrap();
        outbox.offer(1, notice(1));
        let dead = journal.next().await;
        assert_eq!((dead.outcome, dead.attempts), (Outcome::Dead, 3));
        let problem = dead.problem.unwrap();
        assert!(problem.starts_with("mail: ") && problem.contains("550"), "{problem}");
        assert!(!problem.to_uppercase().contains(&notice(1).ppid), "{problem}");
    }

    /// A web server on a thread that counts its requests and accepts them all.
    fn web() -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = requests.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
                while !bytes.ends_with(b"}") {
                    match stream.read(&mut part) {
                        Ok(n) if n > 0 => bytes.extend_from_slice(&part[..n]),
                        _ => break,
                    }
                }
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            }
        });
        (url, requests)
    }

    #[tokio::test]
    async fn what_one_receiver_accepted_is_not_sent_to_it_again() {
        // The notice dies after two attempts by mail, is asked for again, and fails once more before it is accepted.
        let (server, kept) = server(|n| if n <= 3 { "451 later" } else { "250 welcome" });
        let (url, requests) = web();
        let (settle, mut journal) = Journal::open();
        let keys = crate::testing::keys(&[7]);
        let webhook = Some(WebhookConfig { url, keys, authorities: None });
        let config = OutboxConfig { webhook, mail: Some(mail(&server)), attempts: 2, ..config() };
        let outbox = Outbox::start(config, settle).unwrap();
        outbox.offer(1, notice(1));
        let dead = journal.next().await;
        assert_eq!((dead.outcome, dead.attempts), (Outcome::Dead, 2));
        assert!(dead.problem.unwrap().starts_with("mail: "));
        outbox.offer(1, notice(1));
        assert_eq!(journal.next().await, delivered(1, 2));
        assert!(kept.recv_timeout(Duration::from_secs(5)).is_ok());
        assert_eq!(requests.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_wrong_mail_configuration_names_the_key() {
        let password = || Some(Zeroizing::new("hunter2".to_owned()));
        let here = "smtp://127.0.0.1:2525";
        for (config, says) in [
            (mail("mail.example.jp"), "outbox.mail.server must be a whole URL"),
            (mail("imap://mail.example.jp"), "outbox.mail.server must be smtps:// or smtp://"),
            (mail("smtp://127.0.0.1/inbox"), "outbox.mail.server must end"),
            (mail("smtp://me@127.0.0.1"), "outbox.mail.server has a user name"),
            (mail("smtp://me:hunter2@127.0.0.1"), "outbox.mail.server must not hold a password"),
            (MailConfig { password: password(), ..mail(here) }, "outbox.mail.server has no user name"),
            (MailConfig { from: "no address".into(), ..mail(here) }, "outbox.mail.from"),
            (MailConfig { to: "all@notify.example.jp".into(), ..mail(here) }, "outbox.mail.to must hold {ppid}"),
            (MailConfig { to: "{ppid}".into(), ..mail(here) }, "outbox.mail.to is no mail address"),
        ] {
            let error = Mail::new(&config, Duration::from_secs(1)).err().unwrap().to_string();
            assert!(error.starts_with(says), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let config = MailConfig { password: password(), ..mail("smtp://me@127.0.0.1") };
        assert!(!format!("{config:?}").contains("hunter2"));
        assert!(Mail::new(&config, Duration::from_secs(1)).is_ok());
    }
}
