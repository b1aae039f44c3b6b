//! A line as a message of syslog (RFC 5424), for systems that collect logs.

use crate::line::Line;
use kazasu_text::security::{SecurityEvent, SecurityField};
use kazasu_text::{Label, Text};
use std::fmt::Write;

/// log audit (RFC 5424, table 1).
const FACILITY: u8 = 13;

/// The structured data's name. 32473 is the number that RFC 5612 gives to documentation; a town that has a number of its own has its
/// collector put that in.
const ID: &str = "kazasu@32473";

/// Severities of RFC 5424, table 2.
fn severity(line: &Line) -> u8 {
    let (error, warning, notice, informational) = (3, 4, 5, 6);
    let text = |field: SecurityField| line.text(field).unwrap_or_default();
    match (SecurityEvent::of(&line.event), text(SecurityField::Outcome).as_str()) {
        (Some(SecurityEvent::Unwritable | SecurityEvent::LinesLost), _) => error,
        (Some(SecurityEvent::RequestRefused | SecurityEvent::RequestsRefused | SecurityEvent::TornLineCut), _) => {
            warning
        }
        (_, "refused" | "abandoned") => warning,
        (_, "failed") => error,
        (Some(SecurityEvent::Look | SecurityEvent::Reveal | SecurityEvent::Export | SecurityEvent::LogRead), _) => {
            notice
        }
        (Some(SecurityEvent::ConfigurationChanged | SecurityEvent::KeyFileUsed), _) => notice,
        _ => informational,
    }
}

/// The message, without a line end. Every field of the line is a parameter of its structured data, `hash` too.
#[must_use]
pub fn syslog(line: &Line) -> String {
    let priority = FACILITY * 8 + severity(line);
    let node = header(&line.text(SecurityField::Node).unwrap_or_default());
    let (at, kind) = (line.at.jst_text(), header(&line.event));
    let mut out = format!("<{priority}>1 {at} {node} kazasu - {kind} [{ID}");
    for (name, value) in &line.fields {
        if [SecurityField::At, SecurityField::Node, SecurityField::Event].iter().any(|field| field.code() == name) {
            continue;
        }
        let value = SecurityField::of(name).and_then(|field| line.text(field)).unwrap_or_else(|| value.to_string());
        let _ = write!(out, " {name}=\"");
        for c in value.chars() {
            if matches!(c, '"' | '\\' | ']') {
                out.push('\\');
            }
            out.push(c);
        }
        out.push('"');
    }
    out.push_str("] ");
    // The mark says that UTF-8 follows.
    out.push('\u{feff}');
    out.push_str(&SecurityEvent::of(&line.event).map_or_else(|| line.event.clone().into(), |event| event.en()));
    out
}

/// A field of the header: printable ASCII without blanks, at most 32 characters.
fn header(text: &str) -> String {
    let out: String = text.chars().filter(char::is_ascii_graphic).take(32).collect();
    if out.is_empty() { "-".to_owned() } else { out }
}
