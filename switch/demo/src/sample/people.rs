//! The town's people: what they are linked to, what happens to them before the first tap, what they apply for.

use super::aliases::{Linked, NAMED, RULED};
use super::parties::ACQUIRERS;
use super::town::{Mix, Town, card_number, named_ppid, ruled_ppid};
use kazasu_acquirer_sim::load::sample_ppid;
use serde_json::json;

/// Named cards get the account numbers 9000000001 and up, so that no resident shares one.
pub(super) fn named_number(at: usize) -> u64 {
    900_000_001 + u64::try_from(at).expect("few")
}

/// The same for the aliases that each acquirer has for itself.
pub(super) fn ruled_number(acquirer: usize, at: usize) -> u64 {
    910_000_001 + u64::try_from(acquirer * 100 + at).expect("few")
}

/// What happens to the acquirers' own people before the first tap: one ask a line, for `kazasu apply`.
pub(super) fn asks_file() -> String {
    let mut out = String::from(
        "# Purses, limits, cards and temporary IDs of the sample town. kazasu apply town.jsonl --config kazasu.toml\n",
    );
    let mut say = |ask: serde_json::Value| out += &format!("{ask}\n");
    say(json!({ "do": "fund_programme", "programme": 1, "amount": 10_000_000, "reference": "初回予算 first budget" }));
    say(json!({ "do": "fund_programme", "programme": 2, "amount": 1_000_000, "reference": "初回予算 first budget" }));
    for acquirer in ACQUIRERS {
        let ppid = |alias: &str| ruled_ppid(alias, acquirer.id).to_string();
        for (alias, _) in RULED.iter().filter(|(_, linked)| matches!(linked, Linked::Temporary)) {
            say(json!({ "do": "issue_temporary", "ppid": ppid(alias), "until": "2099-03-31" }));
        }
        for (alias, programme, yen) in [
            ("purse-only", 1, 5_000),
            ("purse-small", 1, 500),
            ("purse-on-us", 1, 2_000),
            ("purse-credit", 1, 2_000),
            ("purse-declined", 1, 2_000),
            ("temporary", 1, 3_000),
            ("receipt", 1, 1_000),
            ("receipt", 2, 700),
        ] {
            say(json!({ "do": "credit_purse", "ppid": ppid(alias), "programme": programme, "amount": yen,
                "reference": "見舞金 relief" }));
        }
        for (alias, tap, day, month, decline) in [
            ("limit-own", Some(2_000), Some(3_000), None, false),
            ("month-told", None, None, Some(1_000), false),
            ("month-declines", None, None, Some(1_000), true),
            ("receipt", None, Some(20_000), None, false),
        ] {
            say(
                json!({ "do": "set_limits", "ppid": ppid(alias), "tap": tap, "day": day, "month": month, "decline": decline }),
            );
        }
        say(
            json!({ "do": "set_card", "ppid": ppid("card-suspended"), "status": "suspended", "why": "紛失の届け lost" }),
        );
        say(json!({ "do": "set_card", "ppid": ppid("card-revoked"), "status": "revoked", "why": "再発行 reissued" }));
        let serial = hex::encode(&ruled_ppid("card-expired", acquirer.id).bytes()[..8]);
        say(json!({ "do": "bind_certificate", "ppid": ppid("card-expired"), "serial": format!("01{serial}"),
            "last_day": "2024-03-31" }));
        say(json!({ "do": "merge", "from": ppid("temporary"), "into": ppid("merged") }));
    }
    out
}

/// Applications of the first residents, and of a person without a card.
pub(super) fn applications(seed: u64, residents: u64) -> String {
    let mut out = String::from("利用者ID,世帯番号,災害,被害区分,支給額\n");
    for n in 0..residents {
        let (damage, yen) =
            [("全壊", 100_000), ("半壊", 50_000), ("床上浸水", 30_000)][usize::try_from(n % 3).expect("small")];
        out += &format!("{},H{n:05},令和8年11月豪雨,{damage},{yen}\n", sample_ppid(seed, n));
    }
    out + "H99999の世帯はカードなし,H99999,令和8年11月豪雨,全壊,100000\n,H99998,令和8年11月豪雨,床上浸水,30000\n"
}

/// Who is linked to what, as `kazasu import links` reads it.
pub(super) fn links_file(town: &Town) -> String {
    let mut out = String::from("ppid,kind,number,balance\n");
    for (at, (alias, linked)) in NAMED.iter().enumerate() {
        let (ppid, n) = (named_ppid(alias), named_number(at));
        match linked {
            Linked::OnUs(balance) => out += &format!("{ppid},on_us,{:010},{balance}\n", n),
            Linked::Card(kind, prefix) => out += &format!("{ppid},{kind},{},\n", card_number(prefix, n)),
            Linked::Bank => out += &format!("{ppid},bank,9999{n:010},\n"),
            Linked::Temporary => {}
        }
        if *alias == "unlinked" {
            out += &format!("{ppid},none,,\n");
        }
    }
    for (index, acquirer) in ACQUIRERS.iter().enumerate() {
        for (at, (alias, linked)) in RULED.iter().enumerate() {
            let (ppid, n) = (ruled_ppid(alias, acquirer.id), ruled_number(index, at));
            match linked {
                Linked::OnUs(balance) => out += &format!("{ppid},on_us,{n:010},{balance}\n"),
                Linked::Card(kind, prefix) => out += &format!("{ppid},{kind},{},\n", card_number(prefix, n)),
                Linked::Bank | Linked::Temporary => {}
            }
        }
    }
    for n in 0..town.residents {
        let ppid = sample_ppid(town.seed, n);
        let kind = match town.mix {
            Mix::OnUs => 0,
            Mix::Credit => 8,
            Mix::Town => n % 20,
        };
        match kind {
            // In the town, one account in fifty is nearly empty and one card in a hundred has been returned.
            0..=7 if town.mix == Mix::Town && n % 50 == 7 => out += &format!("{ppid},on_us,{:010},1500\n", n + 1),
            0..=7 if town.mix == Mix::Town && n % 100 == 41 => {
                out += &format!("{ppid},on_us,{:010},0\n{ppid},none,,\n", n + 1);
            }
            0..=7 => out += &format!("{ppid},on_us,{:010},{}\n", n + 1, town.balance),
            8..=13 => out += &format!("{ppid},credit,{},\n", card_number("490000", n)),
            14..=16 => out += &format!("{ppid},debit,{},\n", card_number("520000", n)),
            _ => out += &format!("{ppid},bank,9999{:010},\n", n + 1),
        }
    }
    out
}
