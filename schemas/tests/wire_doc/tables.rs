//! The document's tables, row by row, against the code.

use super::document::{rows, samples, text};
use kazasu_schemas::iso8583::{Dialect, Message};
use kazasu_schemas::wire::{Network, PpidPlace, Refusal, Request, Totals};

/// `| 11 | unknown_ppid | 14 | … |`, in the order of precedence.
#[test]
fn the_refusal_table_is_the_codes() {
    let document = text();
    let names: Vec<&str> = Refusal::ALL.iter().map(|r| r.name()).collect();
    let listed: Vec<[String; 3]> = rows(&document)
        .filter(|r| r.len() == 4 && names.contains(&r[1].as_str()))
        .map(|r| [r[0].clone(), r[1].clone(), r[2].clone()])
        .collect();
    let expected: Vec<[String; 3]> =
        Refusal::ALL.iter().map(|r| [r.number().to_string(), r.name().to_owned(), r.code().to_string()]).collect();
    assert_eq!(listed, expected);
}

/// Reads a message as one type; the error is the field that it misses.
type Reader<'a> = &'a dyn Fn(&Message) -> Result<(), u8>;

/// The field tables: what is marked M cannot be left out, what is marked C or O can.
#[test]
fn mandatory_fields_are_mandatory() {
    let document = text();
    let columns = ["authorization", "authorization advice", "purchase", "offline purchase", "reversal"];
    let mut checked = 0;
    for row in rows(&document).filter(|r| r.len() == 8) {
        let Ok(field) = row[0].parse::<u8>() else { continue };
        for (column, name) in columns.iter().enumerate() {
            check(&document, name, field, &row[2 + column], |m| {
                Request::from_message(m, PpidPlace::De102).map(drop).map_err(|e| e.field)
            });
            checked += 1;
        }
    }
    let totals = |m: &Message| Totals::from_message(m).map(drop).map_err(|e| e.field);
    let network = |m: &Message| Network::from_message(m).map(drop).map_err(|e| e.field);
    let tables: [(&str, &str, Reader<'_>); 2] =
        [("### Totals", "totals", &totals), ("### Network management", "echo", &network)];
    for (heading, name, read) in tables {
        let (_, section) = document.split_once(&format!("\n{heading}\n")).expect("the section");
        let section = section.split("\n#").next().expect("its text");
        for row in rows(section).filter(|r| r.len() == 4) {
            let Ok(field) = row[0].parse::<u8>() else { continue };
            check(&document, name, field, &row[2], read);
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} cells were found");
}

fn check(document: &str, name: &str, field: u8, mark: &str, read: impl Fn(&Message) -> Result<(), u8>) {
    let sample = samples(document).into_iter().find(|s| s.name == name).unwrap_or_else(|| panic!("no sample {name}"));
    let mut message = Message::default();
    sample.dialect.decode(&sample.frame[sample.dialect.framing.header_len()..], &mut message).expect("decodes");
    assert_eq!(read(&message), Ok(()), "{name}");
    if matches!(field, 64 | 128) {
        return; // The codec's matter, not the typed message's.
    }
    message.remove(field);
    let mandatory = mark == "M";
    assert!(matches!(mark, "M" | "C" | "O" | "–" | "S"), "{name}: DE{field} is marked {mark:?}");
    assert_eq!(read(&message) == Err(field), mandatory, "{name}: DE{field} is marked {mark}");
}

/// The dialect table names every shipped dialect.
#[test]
fn the_shipped_dialects_are_listed() {
    let document = text();
    for name in Dialect::SHIPPED {
        assert!(rows(&document).any(|r| r[0] == name), "{name} is not in a table");
    }
}
