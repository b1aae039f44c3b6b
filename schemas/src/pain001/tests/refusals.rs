//! The errors of a writer about a value, and of a reader about an element.

use super::{GOLDEN, message};
use crate::jst::{BusinessDay, Millis};
use crate::money::Yen;
use crate::pain001::{MAX_FILE_BYTES, Message, read, write};
use crate::zengin::tests::account;
use crate::zengin::transfer::{Reference, TransferClass};

fn refused(change: impl FnOnce(&mut Message)) -> String {
    let mut message = message();
    change(&mut message);
    write(&message).unwrap_err().to_string()
}

#[test]
fn a_writer_names_place_and_value() {
    let ids = "1 to 35 letters, digits, spaces and / - ? : ( ) . , ' + (no / or space at either end, no //)";
    for id in ["", " a", "a ", "/a", "a/", "a//b", "ｱ", "a&b", "a\n", &"a".repeat(36)] {
        assert_eq!(refused(|m| m.message_id = id.into()), format!("file: MsgId: expected {ids}, got {id:?}"));
    }
    assert!(refused(|m| m.batches[1].id = "#".into()).starts_with("header of group [1]: PmtInfId: expected 1 to 35"));
    assert!(
        refused(|m| m.batches[0].transfers[2].end_to_end_id = "<".into())
            .starts_with("item [2] of group [0]: EndToEndId: expected 1 to 35")
    );
    assert_eq!(
        refused(|m| m.batches[1].transfers[0].end_to_end_id = "RELIEF/1-2".into()),
        "item [0] of group [1]: EndToEndId: expected an id that no payment before it has, got RELIEF/1-2"
    );
    assert_eq!(refused(|m| m.batches.clear()), "file: PmtInf: expected at least one, got none");
    assert_eq!(
        refused(|m| m.batches[1].transfers.clear()),
        "totals of group [1]: number of payments: expected 1 to 999999, got 0"
    );
    assert_eq!(
        refused(|m| m.created = Millis(i64::MAX)),
        format!("file: CreDtTm: expected a time of the years 0 to 9999, got {} ms", i64::MAX)
    );
    assert_eq!(
        refused(|m| m.batches[0].header.date = BusinessDay(i32::MIN)),
        "header of group [0]: transfer date: expected a day of the years 0 to 9999, got day -2147483648"
    );
    assert_eq!(
        refused(|m| m.batches[0].header.account = account("9999 001 4 0012345", "", "")),
        "header of group [0]: account kind: expected ordinary, current or other, got savings"
    );
    let payment =
        |change: fn(&mut crate::zengin::transfer::Payment)| refused(|m| change(&mut m.batches[0].transfers[0].payment));
    let place = "item [0] of group [0]:";
    assert_eq!(
        payment(|p| p.class = TransferClass::Document),
        format!("{place} transfer class: expected by wire, got by document")
    );
    assert_eq!(payment(|p| p.amount = Yen::ZERO), format!("{place} amount: expected 1 to 9999999999, got 0"));
    assert_eq!(
        payment(|p| p.payee_name = "山田".into()),
        format!("{place} payee name: expected katakana, A-Z, 0-9, space and - ( ) ., got '山' (U+5C71), character 1")
    );
    assert_eq!(
        payment(|p| p.reference = Reference::Codes { first: 10_000_000_000, second: 0 }),
        format!("{place} customer code: expected at most 10 digits, got 10000000000")
    );
    assert_eq!(
        payment(|p| p.reference = Reference::Edi("ｱ".repeat(21))),
        format!("{place} EDI text: expected at most 20 bytes in half-width kana, got 21 ({})", "ｱ".repeat(21))
    );
    assert_eq!(
        payment(|p| p.reference = Reference::Edi(String::new())),
        format!("{place} EDI text: expected a text, got nothing but spaces")
    );
}

/// The reader's error for the golden document after a replacement, without the position.
fn unread(from: &str, to: &str) -> String {
    assert!(GOLDEN.contains(from), "{from}");
    let error = read(GOLDEN.replacen(from, to, 1).as_bytes()).unwrap_err();
    format!("{}: expected {}, got {}", error.path, error.expected, error.got)
}

#[test]
fn a_reader_compares_counts_and_sums() {
    for (from, to, is) in [
        ("<NbOfTxs>4", "<NbOfTxs>5", "GrpHdr/NbOfTxs: expected 4, as the payments are, got \"5\""),
        (
            "<CtrlSum>10000030500",
            "<CtrlSum>10000030501",
            "GrpHdr/CtrlSum: expected 10000030500, as the payments are, got \"10000030501\"",
        ),
        ("<NbOfTxs>3", "<NbOfTxs>-3", "PmtInf[1]/NbOfTxs: expected 3, as the payments are, got \"-3\""),
        ("<CtrlSum>500", "<CtrlSum>500.5", "PmtInf[2]/CtrlSum: expected 500, as the payments are, got \"500.5\""),
        ("<NbOfTxs>4</NbOfTxs>", "", "GrpHdr: expected a NbOfTxs, got none"),
        (">30000<", ">30001<", "PmtInf[1]/CtrlSum: expected 10000030001, as the payments are, got \"10000030000\""),
    ] {
        assert_eq!(unread(from, to), is);
    }
}

#[test]
fn a_reader_names_the_element() {
    let payment = "PmtInf[1]/CdtTrfTxInf[1]";
    let amount = format!("{payment}/Amt/InstdAmt: expected whole yen, 1 to 9999999999, got");
    let member = "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId: expected 7 digits: bank code and branch code, got";
    let account = "CdtrAcct/Id/Othr/Id: expected account number that must be exactly 7 digits, got";
    let urn = "urn:iso:std:iso:20022:tech:xsd:pain.001.001";
    for (from, to, is) in [
        (".09\"", ".03\"", format!("Document: expected Document of {urn}.09, got Document of \"{urn}.03\"")),
        ("<MsgId>KAZASU-20261220-0001</MsgId>", "", "GrpHdr: expected a MsgId, got none".into()),
        (
            "2026-12-20T09:30:00.250+09:00",
            "2026-12-20T09:30:00",
            "GrpHdr/CreDtTm: expected a date and time with its offset, got \"2026-12-20T09:30:00\"".into(),
        ),
        ("TRF", "CHK", "PmtInf[1]/PmtMtd: expected TRF, got \"CHK\"".into()),
        ("2026-12-25", "25.12.2026", "PmtInf[1]/ReqdExctnDt/Dt: expected a date YYYY-MM-DD, got \"25.12.2026\"".into()),
        ("JPY", "USD", format!("{payment}/Amt/InstdAmt: expected Ccy=\"JPY\", got \"USD\"")),
        (" Ccy=\"JPY\"", "", format!("{payment}/Amt/InstdAmt: expected Ccy=\"JPY\", got \"no currency\"")),
        (">30000<", ">30000.50<", format!("{amount} \"30000.50\"")),
        (">30000<", ">0<", format!("{amount} \"0\"")),
        (">30000<", ">-1<", format!("{amount} \"-1\"")),
        (">30000<", ">10000000000<", format!("{amount} \"10000000000\"")),
        ("9900018", "990001", format!("{payment}/{member} \"990001\"")),
        ("9900018", "ｱ900018", format!("{payment}/{member} \"ｱ900018\"")),
        (
            "JPZGN",
            "DEBLZ",
            "PmtInf[1]/DbtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd: expected JPZGN, got \"DEBLZ\"".into(),
        ),
        ("<Prtry>2<", "<Prtry>CACC<", "PmtInf[1]/DbtrAcct/Tp/Prtry: expected 1, 2, 4 or 9, got \"CACC\"".into()),
        ("7654321", "765432", format!("{payment}/{account} \"765432\"")),
        ("0000000042", "A42", format!("{payment}/Cdtr/Id/PrvtId/Othr/Id: expected at most 10 digits, got \"A42\"")),
        ("<EndToEndId>RELIEF/1-1</EndToEndId>", "", format!("{payment}: expected a PmtId/EndToEndId, got none")),
        ("CstmrCdtTrfInitn", "CstmrDrctDbtInitn", "Document: expected CstmrCdtTrfInitn, got CstmrDrctDbtInitn".into()),
    ] {
        assert_eq!(unread(from, to), is);
    }
    let error = read(GOLDEN.replacen("TRF", "CHK", 1).as_bytes()).unwrap_err();
    let at = GOLDEN.find("TRF").unwrap();
    assert_eq!(error.position, u64::try_from(at).unwrap(), "just after the start tag");
}

#[test]
fn a_reader_refuses_what_is_no_document() {
    let said = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
    assert!(said("").starts_with("byte 0, Document: expected an element, got the end of the document"));
    assert!(said("kind,amount").contains("expected an element, got a text between elements"));
    for end in ["</Document>", "</CstmrCdtTrfInitn>\n</Document>", "</PmtInf>\n  </CstmrCdtTrfInitn>\n</Document>"] {
        let cut_off = GOLDEN.trim_end().strip_suffix(end).unwrap();
        assert!(said(cut_off).contains("expected an element or an end tag, got the end of the document"), "{end}");
    }
    assert!(said(&GOLDEN.replacen("</MsgId>", "</MsgIdd>", 1)).contains("expected well-formed XML"));
    assert!(said(&format!("{GOLDEN}<Document/>")).contains("expected nothing after"));
    assert!(said(&GOLDEN.replacen("<GrpHdr>", "text<GrpHdr>", 1)).contains("a text between elements"));
    assert!(read(b"\xff\xfe<\0").unwrap_err().to_string().contains("expected UTF-8"));
    let large = vec![b' '; MAX_FILE_BYTES + 1];
    assert!(read(&large).unwrap_err().to_string().contains("expected at most 67108864 bytes"));
}

#[test]
fn a_reader_is_not_made_to_work_for_nothing() {
    // A document type definition with entities that multiply, an entity without one, endless nesting, endless siblings.
    let bomb = GOLDEN.replacen(
        "<Document",
        "<!DOCTYPE Document [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><Document",
        1,
    );
    assert!(read(bomb.as_bytes()).unwrap_err().expected.contains("no document type definition"));
    let entity = GOLDEN.replacen("A.SMITH", "&xxe;", 1);
    let error = read(entity.as_bytes()).unwrap_err();
    assert_eq!((error.expected.as_str(), error.got.as_str()), ("one of XML's five entities or a character", "&xxe;"));
    let limit = "at most 1000 elements, 32 deep, in a payment or a header";
    let deep = |n: usize| GOLDEN.replacen("<GrpHdr>", &format!("<GrpHdr>{}{}", "<a>".repeat(n), "</a>".repeat(n)), 1);
    assert!(read(deep(31).as_bytes()).is_ok());
    assert_eq!(read(deep(32).as_bytes()).unwrap_err().expected, limit);
    let nested = GOLDEN.replacen("<GrpHdr>", &format!("<GrpHdr>{}", "<a>".repeat(100_000)), 1);
    assert_eq!(read(nested.as_bytes()).unwrap_err().expected, limit);
    let siblings = GOLDEN.replacen("<GrpHdr>", &format!("<GrpHdr>{}", "<a/>".repeat(1_000)), 1);
    assert_eq!(read(siblings.as_bytes()).unwrap_err().expected, limit);
}
