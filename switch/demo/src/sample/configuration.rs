//! The configuration of the town's switch, and of the simulator of its issuers.

use super::aliases::{NAMED, RULED};
use super::authority::issuer_name;
use super::parties::{ACQUIRERS, Acquirer, CITY, ISSUERS, Issuer};
use super::people::{named_number, ruled_number};
use super::town::{Mix, Pins, Town, card_number};
use zeroize::Zeroizing;

/// `kazasu.toml`.
pub(super) fn config_file(town: &Town, pins: Option<&Pins>) -> String {
    let p = &town.ports;
    let mut out = format!(
        "# Kazasu, the sample town. Amounts are yen; paths are relative to this file; docs/operations/configuration.md\n\
         # explains every key.\n\n\
         book = \"かざす町 Kazasu Town\"\nid = \"10000001\"\ndata_dir = \"data\"\nkeys_file = \"keys.toml\"\n\
         http = \"127.0.0.1:{}\"\nkeep_days = 45\n{}",
        p.http,
        if town.policy { "policy_file = \"policy.toml\"\n" } else { "" }
    );
    out += "\n# Every key is wrapped in the store; docs/operations/keys.md. This file opens it, for a trial: in production a passphrase\n\
            # (unlock = \"passphrase\") or the system's credential (unlock = \"credential:NAME\") does.\n[keys]\nstore = \"keys.json\"\n\
            unlock = \"file:keys.credential\"\n";
    out += &format!(
        "\n[[city]]\ncode = \"{CITY}\"\nname = \"かざす町 Kazasu Town\"\nofficers = [\"sato\"]\napprovers = [\"suzuki\"]\n\
         treasurers = [\"tanaka\"]\n\n[payout]\nclient_code = \"0000009999\"\nclient_name = \"ｶｻﾞｽ\"\n\
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
    let tls = match pins {
        None => String::new(),
        Some(_) => format!(
            "# Clients show certificates. SIGHUP, or a change of the files, brings new ones into force.\n\
             tls = {{ {OWN}, client_ca = \"tls/authority.pem\", {LISTS} }}\n"
        ),
    };
    for (at, Acquirer { dialect, .. }) in ACQUIRERS.iter().enumerate() {
        out += &format!("\n[[listener]]\naddr = \"127.0.0.1:{}\"\ndialect = \"{dialect}\"\n{tls}", p.acquirers[at]);
    }
    for (at, Acquirer { id, name, mac, ppid_in, .. }) in ACQUIRERS.iter().enumerate() {
        let pin = pins.map_or_else(String::new, |pins| {
            format!("# SHA-256 of its certificate's public key.\ncertificates = [\"{}\"]\n", pins.acquirers[at])
        });
        out += &format!(
            "\n[[acquirer]]\nid = \"{id}\"\nname = \"{name}\"\nmac = \"{mac}\"\nppid_in = \"{ppid_in}\"\n{pin}cutover = true\n"
        );
    }
    for (at, Issuer { name, serves, dialect, mac }) in ISSUERS.iter().enumerate() {
        let number = at + 1;
        let tls = pins.map_or_else(String::new, |pins| {
            let (name, pin) = (issuer_name(number), pins.issuers[at]);
            format!("tls = {{ ca = \"tls/authority.pem\", {OWN}, name = \"{name}\", pins = [\"{pin}\"], {LISTS} }}\n")
        });
        out += &format!(
            "\n[[issuer]]\nnumber = {number}\nname = \"{name}\"\naddr = \"127.0.0.1:{}\"\n{serves}\ndialect = \"{dialect}\"\n\
             mac = \"{mac}\"\n{tls}answer_timeout_ms = {}\ncutover = true\n",
            p.issuers[at], town.issuer_timeout_ms
        );
    }
    out
}

/// What the switch shows.
const OWN: &str = "certificates = \"tls/switch.pem\", key = \"tls/switch.key\"";
/// Lists of revoked certificates.
const LISTS: &str = "crls = [\"tls/revoked.pem\"]";

/// What an issuer of `issuer-sim` speaks and authenticates its messages with.
fn spoken(at: usize, master: &str, pins: Option<&Pins>) -> String {
    let Issuer { dialect, mac, .. } = ISSUERS[at];
    let number = at + 1;
    let tls = pins.map_or_else(String::new, |pins| {
        format!(
            "tls = {{ certificates = \"tls/issuer-{number}.pem\", key = \"tls/issuer-{number}.key\", client_ca = \
             \"tls/authority.pem\", pins = [\"{}\"], {LISTS} }}\n",
            pins.switch
        )
    });
    format!("dialect = \"{dialect}\"\nmac = {{ algorithm = \"{mac}\", master = \"{master}\" }}\n{tls}")
}

/// Configuration of `issuer-sim` for the town: three issuers that answer, with the named cards' behaviour.
pub(super) fn issuers_file(town: &Town, masters: &[Zeroizing<String>], pins: Option<&Pins>) -> String {
    let p = &town.ports;
    let at = |alias: &str| NAMED.iter().position(|(a, _)| *a == alias).map(named_number).expect("a named card");
    let card = |alias: &str, prefix: &str| card_number(prefix, at(alias));
    let mut out = String::from(
        "# For issuer-sim: the sample town's issuers and how their accounts behave. Secret: it holds a link's keys.\n\n\
         journal = \"issuers.jsonl\"\n",
    );
    out += &format!(
        "\n[[issuer]]\nname = \"さくらカード Sakura Card\"\nkind = \"credit\"\nlisten = \"127.0.0.1:{}\"\n{}\
         default_account = {{ balance = 900_000_000_000{} }}\n",
        p.issuers[0],
        spoken(0, &masters[0], pins),
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
        "\n[[issuer]]\nname = \"ひばりデビット Hibari Debit\"\nkind = \"debit\"\nlisten = \"127.0.0.1:{}\"\n{}\
         default_account = {{ balance = 900_000_000_000 }}\n\n[[issuer.account]] # debit-poor\nnumber = \
         \"{}\"\nbalance = 1_000\n",
        p.issuers[1],
        spoken(1, &masters[1], pins),
        card("debit-poor", "520000")
    );
    out += &format!(
        "\n[[issuer]]\nname = \"みなと銀行 Minato Bank\"\nkind = \"bank\"\nlisten = \"127.0.0.1:{}\"\n{}\
         default_account = {{ balance = 900_000_000_000 }}\n",
        p.issuers[2],
        spoken(2, &masters[2], pins)
    );
    out
}
