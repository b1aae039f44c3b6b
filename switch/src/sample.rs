//! The sample town: a complete configuration with fresh random keys, three acquirers (one a dialect), four issuers,
//! twenty merchants and as many residents as asked for. `kazasu init` writes it, the demo and the tests run on it.
//!
//! Residents and merchants are the same for the same seed; keys never are.

use anyhow::Context;
use kazasu_acquirer_sim::load::sample_ppid;
use kazasu_engine::clock::random_bytes;
use kazasu_schemas::ids::Ppid;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Where everything listens.
#[derive(Clone, Debug)]
pub struct Ports {
    /// The three acquirer ports: iso87-ascii, iso87-binary, iso87-bcd.
    pub acquirers: [u16; 3],
    /// Health, metrics, API.
    pub http: u16,
    /// Credit, debit, bank, and the one that is down.
    pub issuers: [u16; 4],
}

impl Default for Ports {
    fn default() -> Self {
        Ports { acquirers: [8583, 8584, 8585], http: 8080, issuers: [9001, 9002, 9003, 9004] }
    }
}

/// What to make.
#[derive(Clone, Debug)]
pub struct Town {
    /// Residents besides the named ones.
    pub residents: u64,
    /// Residents and amounts are the same for the same seed.
    pub seed: u64,
    /// Yen in each held account of the unnamed residents.
    pub balance: u64,
    /// Every unnamed resident pays from a held account (benchmarks of the on-us path) or all kinds are mixed.
    pub mix: Mix,
    /// Ports.
    pub ports: Ports,
    /// How long the switch waits for an issuer.
    pub issuer_timeout_ms: u64,
    /// The town has a policy; without one only the ceiling for taps without PIN holds.
    pub policy: bool,
}

/// What unnamed residents pay with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// 40 % held, 30 % credit, 15 % debit, 15 % bank.
    Town,
    /// All held in the ledger.
    Held,
    /// All at the credit issuer.
    Credit,
}

impl Default for Town {
    fn default() -> Self {
        let ports = Ports::default();
        Town {
            residents: 1_000,
            seed: 1,
            balance: 100_000,
            mix: Mix::Town,
            ports,
            issuer_timeout_ms: 1_500,
            policy: true,
        }
    }
}

/// The aliases that scenarios use, with what they are linked to: kind, number, opening balance.
const NAMED: [(&str, Linked); 19] = [
    ("held-rich", Linked::Held(1_000_000_000)),
    ("held-poor", Linked::Held(500)),
    ("held-empty", Linked::Held(0)),
    ("held-a", Linked::Held(1_000_000)),
    ("held-b", Linked::Held(1_000_000)),
    ("credit-ok", Linked::Card("credit", "490000")),
    ("credit-declined", Linked::Card("credit", "490000")),
    ("credit-stolen", Linked::Card("credit", "490000")),
    ("credit-slow", Linked::Card("credit", "490000")),
    ("credit-silent", Linked::Card("credit", "490000")),
    ("credit-late", Linked::Card("credit", "490000")),
    ("credit-duplicate", Linked::Card("credit", "490000")),
    ("credit-disconnect", Linked::Card("credit", "490000")),
    ("debit-ok", Linked::Card("debit", "520000")),
    ("debit-poor", Linked::Card("debit", "520000")),
    ("bank-ok", Linked::Bank),
    ("issuer-down", Linked::Card("credit", "470000")),
    ("no-route", Linked::Card("credit", "360000")),
    ("unlinked", Linked::Held(0)),
];

/// More aliases, each acquirer with people of its own, because what they do today decides what they may do next.
const RULED: [(&str, Linked); 20] = [
    ("purse-only", Linked::Temporary),
    ("purse-small", Linked::Temporary),
    ("purse-held", Linked::Held(10_000)),
    ("purse-credit", Linked::Card("credit", "490000")),
    ("purse-declined", Linked::Card("credit", "490000")),
    ("points-held", Linked::Held(100_000)),
    ("limit-own", Linked::Held(100_000)),
    ("limit-count", Linked::Held(100_000)),
    ("month-told", Linked::Held(100_000)),
    ("month-declines", Linked::Held(100_000)),
    ("card-suspended", Linked::Held(100_000)),
    ("card-revoked", Linked::Held(100_000)),
    ("card-expired", Linked::Held(100_000)),
    ("temporary", Linked::Temporary),
    ("merged", Linked::Held(100_000)),
    ("stand-in", Linked::Card("credit", "470000")),
    ("offline", Linked::Held(100_000)),
    ("partial", Linked::Held(700)),
    ("pin", Linked::Held(100_000)),
    ("receipt", Linked::Held(50_000)),
];

#[derive(Clone, Copy)]
enum Linked {
    /// A temporary ID without an instrument.
    Temporary,
    Held(u64),
    Card(&'static str, &'static str),
    Bank,
}

/// The three acquirers: id, dialect, MAC, place of the PPID.
const ACQUIRERS: [(&str, &str, &str, &str, &str); 3] = [
    ("27000001", "かもめ決済 Kamome Acquiring", "iso87-ascii", "aes-cmac", "de102"),
    ("27000002", "やまびこ決済 Yamabiko Acquiring", "iso87-binary", "hmac-sha256", "de102"),
    ("27000003", "こだま決済 Kodama Acquiring", "iso87-bcd", "aes-cmac", "de48"),
];

/// Merchants: alias or empty, name, MCC.
const MERCHANTS: [(&str, &str, &str); 21] = [
    ("shop", "丸山商店 Maruyama Grocery", "5411"),
    ("clinic", "川上診療所 Kawakami Clinic", "8011"),
    ("bus", "町営バス Town Bus", "4131"),
    ("city", "町役場窓口 Town Office Counter", "9399"),
    ("closed", "旧中央食堂 Former Chuo Diner", "5812"),
    ("", "みどり薬局 Midori Pharmacy", "5912"),
    ("", "道の駅 Michi-no-Eki", "5499"),
    ("", "山田金物店 Yamada Hardware", "5251"),
    ("", "ふじ書店 Fuji Books", "5942"),
    ("", "農協直売所 Co-op Farm Stand", "5499"),
    ("", "松屋理容 Matsuya Barber", "7230"),
    ("", "駅前タクシー Ekimae Taxi", "4121"),
    ("", "温泉会館 Hot Spring Hall", "7298"),
    ("", "さくら食堂 Sakura Diner", "5812"),
    ("", "海風ベーカリー Umikaze Bakery", "5462"),
    ("", "町立病院 Town Hospital", "8062"),
    ("", "渡船組合 Ferry Cooperative", "4111"),
    ("", "谷口酒店 Taniguchi Liquor", "5921"),
    ("", "ガソリン高橋 Takahashi Fuel", "5541"),
    ("", "ほほえみ介護用品 Hohoemi Care Goods", "5975"),
    ("arcade", "ゲームランド Game Land", "7994"),
];

/// The town's municipality code.
const CITY: &str = "13361";

/// Trades that are the town's own: relief money may be spent there.
const LOCAL: [&str; 9] = ["5411", "5499", "5251", "5912", "5942", "5812", "5462", "5921", "5975"];

/// The PPID behind one of an acquirer's own aliases.
#[must_use]
pub fn ruled_ppid(alias: &str, acquirer: &str) -> Ppid {
    named_ppid(&format!("{alias} of {acquirer}"))
}

/// The PPID behind an alias.
#[must_use]
pub fn named_ppid(alias: &str) -> Ppid {
    let hash = Sha256::digest(format!("kazasu sample card: {alias}"));
    Ppid::from_bytes(hash[..16].try_into().expect("32 bytes"))
}

/// A card number with a correct check digit: prefix, nine digits of `n`, check digit.
#[must_use]
pub fn card_number(prefix: &str, n: u64) -> String {
    let body = format!("{prefix}{:09}", n % 1_000_000_000);
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let digit = u32::from(b - b'0');
            let doubled = if i % 2 == 0 { digit * 2 } else { digit };
            doubled / 10 + doubled % 10
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

fn hex_key(bytes: usize) -> anyhow::Result<String> {
    Ok(hex::encode(random_bytes(bytes)?))
}

/// Writes the town into `dir`, which must be empty or absent.
pub fn write(dir: &Path, town: &Town) -> anyhow::Result<()> {
    let was_there = dir.is_dir();
    std::fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let taken = std::fs::read_dir(dir)?.next().is_some();
    anyhow::ensure!(!taken, "{} is not empty; give a new folder", dir.display());
    let mut files = Files { dir, begun: Vec::new() };
    let done = files.write(town);
    if done.is_err() {
        // A folder with a part of it would be refused the next time.
        files.take_back();
        if !was_there {
            let _ = std::fs::remove_dir(dir);
        }
    }
    done
}

/// The files of a new folder.
struct Files<'a> {
    dir: &'a Path,
    /// Those that are there, in whole or in part.
    begun: Vec<PathBuf>,
}

impl Files<'_> {
    fn plain(&mut self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.begin(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    fn secret(&mut self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.begin(name);
        secret(&path, text)
    }

    fn begin(&mut self, name: &str) -> PathBuf {
        let path = self.dir.join(name);
        self.begun.push(path.clone());
        path
    }

    /// What cannot be removed stays: the error that came first is told.
    fn take_back(&self) {
        for path in &self.begun {
            let _ = std::fs::remove_file(path);
        }
    }

    fn write(&mut self, town: &Town) -> anyhow::Result<()> {
        let mut keys = format!(
            "# Secret. Only the owner may read this file; kazasu refuses it otherwise. Keep a copy under dual control.\n\n\
             [vault]\ncurrent = 1\nlookup = \"{}\"\nseal.1 = \"{}\"\n\n[http]\ntoken = \"{}\"\n\n[http.people]\n\
             \"sato\" = \"{}\"\n\"suzuki\" = \"{}\"\n\"tanaka\" = \"{}\"\n\n[http.portals]\n\"portal\" = \"{}\"\n",
            hex_key(32)?,
            hex_key(32)?,
            hex_key(32)?,
            hex_key(32)?,
            hex_key(32)?,
            hex_key(32)?,
            hex_key(32)?
        );
        for (index, (id, _, dialect, mac, ppid_in)) in ACQUIRERS.iter().enumerate() {
            let len = if *mac == "aes-cmac" { 16 } else { 32 };
            let (master, to, from) = (hex_key(16)?, hex_key(len)?, hex_key(len)?);
            write!(keys, "\n[acquirer.{id}]\nmaster = \"{master}\"\nto_switch = \"{to}\"\nfrom_switch = \"{from}\"\n")?;
            let file = acquirer_file(index, id, dialect, mac, ppid_in, [&master, &to, &from], town);
            self.secret(&format!("acquirer-{id}.toml"), &file)?;
        }
        write!(keys, "\n[audit]\ncurrent = 1\nseed.1 = \"{}\"\n", hex_key(32)?)?;
        let (to, from) = (hex_key(16)?, hex_key(16)?);
        write!(keys, "\n[issuer.1]\nto_issuer = \"{to}\"\nfrom_issuer = \"{from}\"\n")?;
        self.secret("keys.toml", &keys)?;
        self.secret("issuers.toml", &issuers_file(town, &to, &from))?;
        self.plain("kazasu.toml", &config_file(town))?;
        self.plain("merchants.csv", &merchants_file())?;
        self.plain("policy.toml", POLICY)?;
        self.plain("relief.toml", RELIEF)?;
        self.plain("contracts.toml", CONTRACTS)?;
        self.secret("payees.csv", &payees_file())?;
        self.secret("applications.csv", &applications(town.seed, town.residents.min(20)))?;
        self.secret("town.jsonl", &asks_file())?;
        // Card numbers of the sample are made up, but real files of this form hold real ones.
        self.secret("links.csv", &links_file(town))
    }
}

/// Writes a file that only its owner may read; it must not exist yet.
pub(crate) fn secret(path: &Path, text: &str) -> anyhow::Result<()> {
    crate::files::write_new(path, text.as_bytes())
}

fn config_file(town: &Town) -> String {
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
         # [[finance.tolerance]]\n# of = \"issuer 4\"\n# yen = 1\n"
    );
    for (at, (_, _, dialect, _, _)) in ACQUIRERS.iter().enumerate() {
        out += &format!("\n[[listener]]\naddr = \"127.0.0.1:{}\"\ndialect = \"{dialect}\"\n", p.acquirers[at]);
    }
    for (id, name, _, mac, ppid_in) in ACQUIRERS {
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

/// The merchants of an acquirer: the first has all, the others the first five under their own ids.
fn merchants_of(acquirer: usize) -> impl Iterator<Item = (String, &'static str, &'static str, &'static str, String)> {
    let few = move |at: usize| acquirer == 0 || at < 5 || at + 1 == MERCHANTS.len();
    MERCHANTS.iter().enumerate().filter(move |(at, _)| few(*at)).map(|(at, m)| (m, at + 1)).map(
        move |((alias, name, mcc), number)| {
            let terminals =
                (1..=3).map(|t| format!("T{}{number:03}{t:03}", acquirer + 1)).collect::<Vec<_>>().join(" ");
            (format!("M{}{number:013}", acquirer + 1), *alias, *name, *mcc, terminals)
        },
    )
}

fn merchants_file() -> String {
    let mut out = String::from("merchant,name,mcc,acquirer,terminals,closed,class,tags,region\n");
    for (at, (acquirer, ..)) in ACQUIRERS.iter().enumerate() {
        for (id, alias, name, mcc, terminals) in merchants_of(at) {
            let closed = if alias == "closed" { "yes" } else { "no" };
            let (class, tags) = match (LOCAL.contains(&mcc), mcc) {
                (true, _) => ("small", "local"),
                (false, "7994") => ("leisure", ""),
                (false, _) => ("public", ""),
            };
            out += &format!("{id},{name},{mcc},{acquirer},{terminals},{closed},{class},{tags},{CITY}\n");
        }
    }
    out
}

fn acquirer_file(
    index: usize,
    id: &str,
    dialect: &str,
    mac: &str,
    ppid_in: &str,
    [master, to, from]: [&str; 3],
    town: &Town,
) -> String {
    let mut out = format!(
        "# For acquirer-sim: how this acquirer reaches the switch. Secret: it holds the link's keys.\n\n\
         addr = \"127.0.0.1:{}\"\nid = \"{id}\"\ndialect = \"{dialect}\"\nmac = \"{mac}\"\nppid_in = \"{ppid_in}\"\n\
         master_key = \"{master}\"\nto_switch_key = \"{to}\"\nfrom_switch_key = \"{from}\"\ncards_file = \"links.csv\"\n\n\
         [cards]\n",
        town.ports.acquirers[index]
    );
    for (alias, _) in NAMED {
        out += &format!("{alias} = \"{}\"\n", named_ppid(alias));
    }
    for (alias, _) in RULED {
        out += &format!("{alias} = \"{}\"\n", ruled_ppid(alias, id));
        // The other acquirers' people are named too, so that load leaves them alone.
        for (other, ..) in ACQUIRERS.iter().filter(|(other, ..)| other != &id) {
            out += &format!("\"{alias} of {other}\" = \"{}\"\n", ruled_ppid(alias, other));
        }
    }
    out += &format!("unknown = \"{}\"\n", named_ppid("unknown"));
    for (merchant, alias, _, mcc, terminals) in merchants_of(index) {
        let terminals = terminals.split(' ').map(|t| format!("\"{t}\"")).collect::<Vec<_>>().join(", ");
        out += &format!("\n[[merchant]]\nid = \"{merchant}\"\nmcc = \"{mcc}\"\nterminals = [{terminals}]\n");
        if !alias.is_empty() {
            out += &format!("alias = \"{alias}\"\n");
        }
    }
    out
}

/// Named cards get the account numbers 9000000001 and up, so that no resident shares one.
fn named_number(at: usize) -> u64 {
    900_000_001 + u64::try_from(at).expect("few")
}

/// The same for the aliases that each acquirer has for itself.
fn ruled_number(acquirer: usize, at: usize) -> u64 {
    910_000_001 + u64::try_from(acquirer * 100 + at).expect("few")
}

/// What happens to the acquirers' own people before the first tap: one ask a line, for `kazasu apply`.
fn asks_file() -> String {
    let mut out = String::from(
        "# Purses, limits, cards and temporary IDs of the sample town. kazasu apply town.jsonl --config kazasu.toml\n",
    );
    let mut say = |ask: serde_json::Value| out += &format!("{ask}\n");
    say(json!({ "do": "fund_programme", "programme": 1, "amount": 10_000_000, "reference": "初回予算 first budget" }));
    say(json!({ "do": "fund_programme", "programme": 2, "amount": 1_000_000, "reference": "初回予算 first budget" }));
    for (acquirer, ..) in ACQUIRERS {
        let ppid = |alias: &str| ruled_ppid(alias, acquirer).to_string();
        for (alias, _) in RULED.iter().filter(|(_, linked)| matches!(linked, Linked::Temporary)) {
            say(json!({ "do": "issue_temporary", "ppid": ppid(alias), "until": "2099-03-31" }));
        }
        for (alias, programme, yen) in [
            ("purse-only", 1, 5_000),
            ("purse-small", 1, 500),
            ("purse-held", 1, 2_000),
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
        say(json!({ "do": "set_card", "ppid": ppid("card-suspended"), "status": "held", "why": "紛失の届け lost" }));
        say(json!({ "do": "set_card", "ppid": ppid("card-revoked"), "status": "revoked", "why": "再発行 reissued" }));
        let serial = hex::encode(&ruled_ppid("card-expired", acquirer).bytes()[..8]);
        say(json!({ "do": "bind_certificate", "ppid": ppid("card-expired"), "serial": format!("01{serial}"),
            "last_day": "2024-03-31" }));
        say(json!({ "do": "merge", "from": ppid("temporary"), "into": ppid("merged") }));
    }
    out
}

/// The sample town's policy.
const POLICY: &str = r#"# What a tap may do. docs/operations/policy.md explains every key.
# kazasu policy check policy.toml && kazasu policy activate policy.toml --why "…"

name = "かざす町 Kazasu Town"

[ceilings]
no_pin = 15_000

[groups]
games = ["7993-7995"]

[[limit]]
number = 1
name = "1日 a day"
window = "day"
amount = 5_000_000

[[limit]]
number = 2
name = "31日間 31 days, whoever holds the card"
window = "days:31"
amount = 50_000_000
per = "instrument"

[[limit]]
number = 3
name = "遊技 games, three times a day"
window = "day"
count = 3
amount = 5_000
group = "games"

[alerts]
at = [50, 80, 100]

[[purse]]
number = 1
name = "台風見舞金 typhoon relief"
funder = "かざす町 Kazasu Town"
tags = ["local"]
not_mcc = ["5921"]

[[purse]]
number = 2
name = "交通費助成 fares for the elderly"
funder = "かざす町 Kazasu Town"
mcc = ["4111-4131"]

[[points]]
number = 1
name = "かざすポイント Kazasu Points"
funder = "かざす町 Kazasu Town"
budget_line = "7款商工費 1項 2目 18節補助金"
from = "2026-01-01"
until = "2098-12-31"
rate = "5%"
minimum = 100
cap_tap = 1_000
cap_month = 10_000
budget = 100_000_000
expires = "2099-03-31"
redeemable = true
tags = ["local"]

[[stand_in]]
issuer = 4
tap = 300
issuer_day = 100_000
resident_day = 1_000
bearer = "operator"

[offline]
resident_day = 10_000
bearer = "merchant"
floor = 15_000
"#;

/// The sample town's relief programme.
const RELIEF: &str = r#"# A relief programme. docs/operations/relief.md explains every key.
# kazasu relief programme check relief.toml
# kazasu relief programme propose relief.toml --by sato --why "…"

number = 101
name = "豪雨災害見舞金 flood relief"
city = "13361"
legal_basis = "かざす町災害見舞金支給条例 第3条"
budget_line = "3款民生費 4項災害救助費 1目 20節扶助費"
budget = 5_000_000
ceiling = 100_000
several = "largest"
way = "purse"
events = ["令和8年11月豪雨"]
until = "2098-12-31"
tags = ["local"]
not_mcc = ["5921"]
"#;

/// The sample town's contracts with its merchants.
const CONTRACTS: &str = r#"# What merchants pay. docs/operations/closing.md explains every key.
# kazasu contract check contracts.toml
# kazasu contract propose contracts.toml --by suzuki --why "…", then kazasu decide N --approve --by tanaka --why "…"

name = "かざす町 Kazasu Town 2026"

[brands]
sakura = ["490000"]
hibari = ["520000"]

[products]
classic = ["490000"]

[[interchange]]
name = "standard"
rows = [{ brand = "sakura", product = "classic", rate = "0.90%" }]

[[contract]]
number = 1
name = "標準 standard"
default = true
from = "2026-01-01"
rounding = "down"
basis = "tap"
tax = "exempt"
refund_fee = "returned"
interchange = "standard"
cycle = "daily"
payout_days = 2

[[contract.rule]]
tenders = ["credit"]
rate = "2.48%"

[[contract.rule]]
tenders = ["purse", "points"]
rate = "0%"

[[contract.rule]]
rate = "0.80%"

[[contract]]
number = 2
name = "小規模 small shops"
class = "small"
from = "2026-01-01"
free = 100_000
rounding = "half_up"
basis = "day_and_brand"
tax = "10%"
tax_rounding = "down"
refund_fee = "returned"
interchange = "standard"
cycle = "daily"
payout_days = 2
minimum_payout = 1

[[contract.rule]]
tenders = ["purse", "points"]
rate = "0%"

[[contract.rule]]
rate = "1.50%"
"#;

/// Merchants' accounts.
fn payees_file() -> String {
    let mut out = String::from("acquirer,merchant,bank,bank_name,branch,branch_name,kind,account,name\n");
    for (at, (acquirer, ..)) in ACQUIRERS.iter().enumerate() {
        for (n, (id, ..)) in merchants_of(at).enumerate() {
            out += &format!(
                "{acquirer},{id},9999,ﾐﾅﾄ,{:03},ﾏﾁ,ordinary,{:07},ｶﾒｲﾃﾝ {}{n:02}\n",
                100 + at,
                2_000_001 + at * 100 + n,
                at + 1
            );
        }
    }
    out
}

/// Applications of the first residents, and of someone without a card.
fn applications(seed: u64, residents: u64) -> String {
    let mut out = String::from("利用者ID,世帯番号,災害,被害区分,支給額\n");
    for n in 0..residents {
        let (damage, yen) =
            [("全壊", 100_000), ("半壊", 50_000), ("床上浸水", 30_000)][usize::try_from(n % 3).expect("small")];
        out += &format!("{},H{n:05},令和8年11月豪雨,{damage},{yen}\n", sample_ppid(seed, n));
    }
    out + "H99999の世帯はカードなし,H99999,令和8年11月豪雨,全壊,100000\n,H99998,令和8年11月豪雨,床上浸水,30000\n"
}

fn links_file(town: &Town) -> String {
    let mut out = String::from("ppid,kind,number,balance\n");
    for (at, (alias, linked)) in NAMED.iter().enumerate() {
        let (ppid, n) = (named_ppid(alias), named_number(at));
        match linked {
            Linked::Held(balance) => out += &format!("{ppid},held,{:010},{balance}\n", n),
            Linked::Card(kind, prefix) => out += &format!("{ppid},{kind},{},\n", card_number(prefix, n)),
            Linked::Bank => out += &format!("{ppid},bank,9999{n:010},\n"),
            Linked::Temporary => {}
        }
        if *alias == "unlinked" {
            out += &format!("{ppid},none,,\n");
        }
    }
    for (acquirer, (id, ..)) in ACQUIRERS.iter().enumerate() {
        for (at, (alias, linked)) in RULED.iter().enumerate() {
            let (ppid, n) = (ruled_ppid(alias, id), ruled_number(acquirer, at));
            match linked {
                Linked::Held(balance) => out += &format!("{ppid},held,{n:010},{balance}\n"),
                Linked::Card(kind, prefix) => out += &format!("{ppid},{kind},{},\n", card_number(prefix, n)),
                Linked::Bank | Linked::Temporary => {}
            }
        }
    }
    for n in 0..town.residents {
        let ppid = sample_ppid(town.seed, n);
        let kind = match town.mix {
            Mix::Held => 0,
            Mix::Credit => 8,
            Mix::Town => n % 20,
        };
        match kind {
            // In the town, one account in fifty is nearly empty and one card in a hundred has been returned.
            0..=7 if town.mix == Mix::Town && n % 50 == 7 => out += &format!("{ppid},held,{:010},1500\n", n + 1),
            0..=7 if town.mix == Mix::Town && n % 100 == 41 => {
                out += &format!("{ppid},held,{:010},0\n{ppid},none,,\n", n + 1);
            }
            0..=7 => out += &format!("{ppid},held,{:010},{}\n", n + 1, town.balance),
            8..=13 => out += &format!("{ppid},credit,{},\n", card_number("490000", n)),
            14..=16 => out += &format!("{ppid},debit,{},\n", card_number("520000", n)),
            _ => out += &format!("{ppid},bank,9999{:010},\n", n + 1),
        }
    }
    out
}

/// Configuration of `issuer-sim` for the town: three issuers that answer, with the named cards' behaviour.
fn issuers_file(town: &Town, to: &str, from: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_cards_pass_the_check_digit() {
        for n in 0..200 {
            assert!(kazasu_schemas::secret::Pan::parse(card_number("490000", n * 7_919).as_bytes()).is_ok());
        }
    }

    #[test]
    fn a_folder_with_something_in_it_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("mine"), "x").unwrap();
        let error = write(dir.path(), &Town::default()).unwrap_err().to_string();
        assert!(error.contains("not empty"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
