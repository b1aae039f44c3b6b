//! The configuration of the town's switch, and of the simulator of its issuers.

use super::parties::{ACQUIRERS, Acquirer, CITY};
use super::people::{NAMED, RULED, named_number, ruled_number};
use super::{Mix, Town, card_number};

/// `kazasu.toml`.
pub(super) fn config_file(town: &Town) -> String {
    let p = &town.ports;
    let mut out = format!(
        "# Kazasu, the sample town. Amounts are yen; paths are relative to this file; docs/operations/configuration.md\n\
         # explains every key.\n\n\
         book = \"かざす町 Kazasu Town\"\nid = \"10000001\"\ndata_dir = \"data\"\nkeys_file = \"keys.toml\"\n\
         http = \"127.0.0.1:{}\"\nkeep_days = 45\n{}",
        p.http,
        if town.policy { "policy_file = \"policy.toml\"\n" } else { "" }
    );
    out += &format!(
        "\n[[city]]\ncode = \"{CITY}\"\nname = \"かざす町 Kazasu Town\"\nofficers = [\"sato\"]\napprovers = [\"suzuki\"]\n\
         treasurers = [\"tanaka\"]\n\n[payout]\npayees_file = \"payees.csv\"\nclient_code = \"0000009999\"\nclient_name = \"ｶｻﾞｽ\"\n\
         bank = \"9999\"\nbank_name = \"ﾐﾅﾄ\"\nbranch = \"001\"\nbranch_name = \"ﾎﾝﾃﾝ\"\nkind = \"ordinary\"\naccount = \"1000001\"\n\n\
         # Who pays in, as the bank's statement names it.\n[[payout.payer]]\nname = \"ｻｸﾗｶ-ﾄﾞ\"\nfrom = \"issuer 1\"\n\n\
         [[payout.payer]]\nname = \"ﾋﾊﾞﾘﾃﾞﾋﾞﾂﾄ\"\nfrom = \"issuer 2\"\n\n[[payout.payer]]\nname = \"ﾐﾅﾄｷﾞﾝｺｳ\"\nfrom = \"issuer 3\"\n\n\
         # Who closes days: staff prepares, approvers decide what another person proposed.\n[finance]\n\
         staff = [\"sato\", \"suzuki\"]\napprovers = [\"suzuki\", \"tanaka\"]\n\
         # What a party's file may differ by, when its contract says so; to the yen without one.\n\
         # [[finance.tolerance]]\n# of = \"issuer 4\"\n# yen = 1\n\
         # Checkpoints of the journal also go to an append-only file on another machine; docs/operations/audit.md\n\
         # [audit]\n# anchor_file = \"/mnt/audit/kazasu.jsonl\"\n"
    );
    for (at, Acquirer { dialect, .. }) in ACQUIRERS.iter().enumerate() {
        out += &format!("\n[[listener]]\naddr = \"127.0.0.1:{}\"\ndialect = \"{dialect}\"\n", p.acquirers[at]);
    }
    for Acquirer { id, name, mac, ppid_in, .. } in ACQUIRERS {
        out += &format!(
            "\n[[acquirer]]\nid = \"{id}\"\nname = \"{name}\"\nmac = \"{mac}\"\nppid_in = \"{ppid_in}\"\ncutover = true\n"
        );
    }
    let issuers = [
        ("さくらカード Sakura Card", "bins = [\"490000\"]\nmac = \"aes-cmac\"", 0),
        ("ひばりデビット Hibari Debit", "bins = [\"520000\"]\ndialect = \"iso87-binary\"", 1),
        ("みなと銀行 Minato Bank", "banks = [\"9999\"]\ndialect = \"iso87-bcd\"", 2),
        ("つばめカード Tsubame Card (nobody listens there)", "bins = [\"470000\"]", 3),
    ];
    for (number, (name, more, port)) in (1..).zip(issuers) {
        out += &format!(
            "\n[[issuer]]\nnumber = {number}\nname = \"{name}\"\naddr = \"127.0.0.1:{}\"\n{more}\nanswer_timeout_ms = {}\ncutover = true\n",
            p.issuers[port], town.issuer_timeout_ms
        );
    }
    out
}

/// Configuration of `issuer-sim` for the town: three issuers that answer, with the named cards' behaviour.
pub(super) fn issuers_file(town: &Town, to: &str, from: &str) -> String {
    let p = &town.ports;
    let at = |alias: &str| NAMED.iter().position(|(a, _)| *a == alias).map(named_number).expect("a named card");
    let card = |alias: &str, prefix: &str| card_number(prefix, at(alias));
    let mut out = String::from(
        "# For issuer-sim: the sample town's issuers and how their accounts behave. Secret: it holds a link's keys.\n\n\
         journal = \"issuers.jsonl\"\n",
    );
    out += &format!(
        "\n[[issuer]]\nname = \"さくらカード Sakura Card\"\nkind = \"credit\"\nlisten = \"127.0.0.1:{}\"\n\
         dialect = \"iso87-ascii\"\nmac = {{ algorithm = \"aes-cmac\", to_issuer = \"{to}\", from_issuer = \"{from}\" }}\n\
         default_account = {{ balance = 900_000_000_000{} }}\n",
        p.issuers[0],
        // Some cards of the town are over their limit; now and then an answer gets lost on the way.
        if town.mix == Mix::Town {
            ", script = [{ decline = \"51\", every = 61 }, { silence = true, every = 307 }, { duplicate = true, every = 97 }]"
        } else {
            ""
        }
    );
    for (alias, script) in [
        ("credit-ok", "approve = true"),
        ("credit-declined", "decline = \"51\""),
        ("credit-stolen", "decline = \"43\""),
        ("credit-slow", "delay_ms = 400"),
        ("credit-silent", "silence = true"),
        ("credit-late", "late_ms = 2500"),
        ("credit-duplicate", "duplicate = true"),
        ("credit-disconnect", "disconnect = true"),
    ] {
        out += &format!(
            "\n[[issuer.account]] # {alias}\nnumber = \"{}\"\nbalance = 100_000_000\nscript = {{ {script} }}\n",
            card(alias, "490000")
        );
    }
    let declined = RULED.iter().position(|(alias, _)| *alias == "purse-declined").expect("a named card");
    for acquirer in 0..ACQUIRERS.len() {
        let number = card_number("490000", ruled_number(acquirer, declined));
        out += &format!(
            "\n[[issuer.account]] # purse-declined\nnumber = \"{number}\"\nbalance = 100_000_000\nscript = {{ decline = \"51\" }}\n"
        );
    }
    out += &format!(
        "\n[[issuer]]\nname = \"ひばりデビット Hibari Debit\"\nkind = \"debit\"\nlisten = \"127.0.0.1:{}\"\n\
         dialect = \"iso87-binary\"\ndefault_account = {{ balance = 900_000_000_000 }}\n\n[[issuer.account]] # debit-poor\nnumber = \
         \"{}\"\nbalance = 1_000\n",
        p.issuers[1],
        card("debit-poor", "520000")
    );
    out += &format!(
        "\n[[issuer]]\nname = \"みなと銀行 Minato Bank\"\nkind = \"bank\"\nlisten = \"127.0.0.1:{}\"\n\
         dialect = \"iso87-bcd\"\ndefault_account = {{ balance = 900_000_000_000 }}\n",
        p.issuers[2]
    );
    out
}
