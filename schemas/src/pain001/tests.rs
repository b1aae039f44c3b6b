//! Tests of pain.001: the golden document, what is refused either way, and round trips.

mod refusals;

use super::{Batch, Message, Transfer, read, write};
use crate::jst::Millis;
use crate::money::Yen;
use crate::zengin::tests::{any_header, any_payment, groups};
use crate::zengin::transfer::{Group, NewCode, Reference, TransferClass};
use proptest::prelude::*;

const GOLDEN: &str = include_str!("../../golden/pain001.xml");

/// The payments of golden/zengin-transfer.dat as a message, all of them by wire.
fn message() -> Message {
    let mut groups = groups();
    groups[0].payments[2].class = TransferClass::Wire;
    let batch = |(n, Group { header, payments }): (usize, Group)| Batch {
        id: format!("KAZASU-20261220-{n}"),
        header,
        transfers: (1..)
            .zip(payments)
            .map(|(m, payment)| Transfer { end_to_end_id: format!("RELIEF/{n}-{m}"), payment })
            .collect(),
    };
    Message {
        message_id: "KAZASU-20261220-0001".to_owned(),
        created: Millis::parse("2026-12-20T09:30:00.250+09:00").unwrap(),
        batches: (1..).zip(groups).map(batch).collect(),
    }
}

#[test]
fn the_golden_document_is_written_and_read() {
    let text = write(&message()).unwrap();
    if std::env::var_os("KAZASU_BLESS").is_some() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/pain001.xml");
        std::fs::write(path, &text).unwrap();
        return;
    }
    assert!(text == GOLDEN, "the document differs from golden/pain001.xml; KAZASU_BLESS=1 writes it anew");
    let back = read(GOLDEN.as_bytes()).unwrap();
    assert_eq!(write(&back).unwrap(), GOLDEN, "what was read is written as it was");
    assert_eq!(back.message_id, "KAZASU-20261220-0001");
    assert_eq!(back.created, message().created);
    let totals = back.totals().unwrap();
    assert_eq!((totals.count, totals.amount), (4, Yen::new(10_000_030_500)));
    assert_eq!(back.batches.len(), 2);
    let first = &back.batches[0];
    assert_eq!(first.header.client_name, "ｱｵｿﾞﾗｼ ｶｲｹｲｶﾝﾘｼﾔ");
    assert_eq!(first.header.date.to_string(), "2026-12-25");
    assert_eq!(first.header.account.number.to_string(), "0012345");
    let paid: Vec<(&str, i64)> =
        first.transfers.iter().map(|t| (t.payment.payee_name.as_str(), t.payment.amount.get())).collect();
    assert_eq!(paid, [("ﾔﾏﾀﾞ ﾀﾛｳ", 30_000), ("ｳﾞｲﾗ-ｼﾞﾕ(ｶ", 9_999_999_999), ("A.SMITH", 1)]);
    assert_eq!(first.transfers[0].payment.reference, Reference::Codes { first: 42, second: 7 });
    assert_eq!(first.transfers[0].payment.new_code, NewCode::Other, "the document has no place for it");
    assert_eq!(first.transfers[1].payment.reference, Reference::Edi("ｻｲｶﾞｲｼｴﾝ/R8-12".to_owned()));
    assert_eq!(first.transfers[2].payment.reference, Reference::NONE);
}

#[test]
fn the_document_says_what_a_japanese_bank_looks_for() {
    // Without line ends and indentation, so that a path is a text.
    let flat: String = GOLDEN.lines().map(str::trim).collect();
    for part in [
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\"><CstmrCdtTrfInitn><GrpHdr>",
        "<MsgId>KAZASU-20261220-0001</MsgId><CreDtTm>2026-12-20T09:30:00.250+09:00</CreDtTm>",
        "<NbOfTxs>4</NbOfTxs><CtrlSum>10000030500</CtrlSum><InitgPty>",
        "<PmtInfId>KAZASU-20261220-1</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>3</NbOfTxs><CtrlSum>10000030000</CtrlSum>",
        "<ReqdExctnDt><Dt>2026-12-25</Dt></ReqdExctnDt><Dbtr><Nm>ｱｵｿﾞﾗｼ ｶｲｹｲｶﾝﾘｼﾔ</Nm>",
        "<Id><OrgId><Othr><Id>1234567890</Id></Othr></OrgId></Id></Dbtr>",
        "<DbtrAcct><Id><Othr><Id>0012345</Id></Othr></Id><Tp><Prtry>2</Prtry></Tp></DbtrAcct>",
        "<CdtrAgt><FinInstnId><ClrSysMmbId><ClrSysId><Cd>JPZGN</Cd></ClrSysId><MmbId>9900018</MmbId></ClrSysMmbId>",
        "<Nm>ﾕｳﾁﾖ</Nm></FinInstnId><BrnchId><Nm>ｾﾞﾛｲﾁﾊﾁ</Nm></BrnchId></CdtrAgt>",
        "<PmtId><EndToEndId>RELIEF/1-1</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"JPY\">30000</InstdAmt></Amt>",
        "<Othr><Id>0000000042</Id><SchmeNm><Prtry>CUSTOMER CODE 1</Prtry></SchmeNm></Othr>",
        "<RmtInf><Ustrd>ｻｲｶﾞｲｼｴﾝ/R8-12</Ustrd></RmtInf>",
    ] {
        assert!(flat.contains(part), "{part}");
    }
    assert!(!flat.contains("<BrnchId></BrnchId>") && !flat.contains("<Nm></Nm>"), "no empty names");
}

#[test]
fn a_customer_code_of_zero_is_not_written() {
    let mut message = message();
    message.batches[0].transfers[0].payment.reference = Reference::Codes { first: 0, second: 7 };
    let text = write(&message).unwrap();
    assert!(!text.contains("CUSTOMER CODE 1") && text.contains("CUSTOMER CODE 2"));
    let back = read(text.as_bytes()).unwrap();
    assert_eq!(back.batches[0].transfers[0].payment.reference, Reference::Codes { first: 0, second: 7 });
}

#[test]
fn other_writers_documents_are_read() {
    let expected = read(GOLDEN.as_bytes()).unwrap();
    // A prefix instead of a default namespace.
    let prefixed = GOLDEN.replace("</", "</p:").replace('<', "<p:").replace("<p:/p:", "</p:").replace("<p:?", "<?");
    let prefixed = prefixed.replace("xmlns=", "xmlns:p=");
    // Decimals, comments, CDATA, references, elements that are not known, a byte order mark, no declaration.
    let rich = GOLDEN
        .replace(">30000<", ">30000.00<")
        .replace("<CtrlSum>10000030500<", "<CtrlSum>10000030500.0<")
        .replace("<PmtMtd>TRF</PmtMtd>", "<PmtMtd>T<!-- a comment -->RF</PmtMtd><BtchBookg>false</BtchBookg><ChrgBr/>")
        .replace("<Nm>A.SMITH</Nm>", "<Nm><![CDATA[A]]>&#46;SM&#x49;TH</Nm><PstlAdr><Ctry>JP</Ctry></PstlAdr>")
        .replace("</CstmrCdtTrfInitn>", "<SplmtryData><Envlp>x</Envlp></SplmtryData></CstmrCdtTrfInitn>");
    let no_sums: String = GOLDEN.lines().filter(|l| !l.contains("CtrlSum")).collect();
    let bare = GOLDEN.split_once("?>").unwrap().1.to_owned();
    for text in [prefixed, rich, no_sums, bare.clone(), format!("\u{feff}{bare}"), GOLDEN.replace('\n', "\r\n")] {
        assert_eq!(read(text.as_bytes()).unwrap(), expected, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_reads_back(
        batches in prop::collection::vec((any_header(), prop::collection::vec(any_payment(), 1..5)), 1..4),
        millis in 0_i64..4_000_000_000_000,
    ) {
        let mut number = 0;
        let mut id = |kind: &str| {
            number += 1;
            format!("{kind} {number}")
        };
        let batches = batches.into_iter().map(|(header, payments)| Batch {
            id: id("batch"),
            header,
            transfers: payments
                .into_iter()
                .map(|payment| Transfer { end_to_end_id: id("E"), payment })
                .collect(),
        });
        let message = Message { batches: batches.collect(), message_id: "M+1".into(), created: Millis(millis) };
        let text = write(&message).unwrap();
        prop_assert_eq!(&text, &write(&message).unwrap(), "the same bytes each time");
        prop_assert_eq!(read(text.as_bytes()).unwrap(), message);
    }

    #[test]
    fn a_changed_document_reads_or_is_refused_but_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        keep in any::<prop::sample::Index>(),
    ) {
        let mut bytes = GOLDEN.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read(&bytes);
        let whole = GOLDEN.trim_end().as_bytes();
        prop_assert!(read(&whole[..keep.index(whole.len())]).is_err(), "a document that was cut off is never whole");
    }
}
