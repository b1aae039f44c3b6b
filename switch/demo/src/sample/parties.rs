//! The town's acquirers and merchants, and the files about them.

use super::aliases::{NAMED, RULED};
use super::authority::SWITCH;
use super::town::{Town, Transport, named_ppid, ruled_ppid};

/// An acquirer as the sample has it.
#[derive(Clone, Copy)]
pub(super) struct Acquirer {
    /// DE32.
    pub(super) id: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// What its port speaks.
    pub(super) dialect: &'static str,
    /// MAC function.
    pub(super) mac: &'static str,
    /// Where its messages carry the PPID.
    pub(super) ppid_in: &'static str,
}

/// The three acquirers, each with a dialect of its own.
pub(super) const ACQUIRERS: [Acquirer; 3] = [
    Acquirer {
        id: "27000001",
        name: "かもめ決済 Kamome Acquiring",
        dialect: "iso87-ascii",
        mac: "aes-cmac",
        ppid_in: "de102",
    },
    Acquirer {
        id: "27000002",
        name: "やまびこ決済 Yamabiko Acquiring",
        dialect: "iso87-binary",
        mac: "hmac-sha256",
        ppid_in: "de102",
    },
    Acquirer {
        id: "27000003",
        name: "こだま決済 Kodama Acquiring",
        dialect: "iso87-bcd",
        mac: "aes-cmac",
        ppid_in: "de48",
    },
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
pub(super) const CITY: &str = "13361";

/// Trades that are the town's own: relief money may be spent there.
const LOCAL: [&str; 9] = ["5411", "5499", "5251", "5912", "5942", "5812", "5462", "5921", "5975"];

/// An issuer as the sample has it.
#[derive(Clone, Copy)]
pub(super) struct Issuer {
    /// Its name.
    pub(super) name: &'static str,
    /// `bins` or `banks`, as the configuration writes them.
    pub(super) serves: &'static str,
    /// What its port speaks.
    pub(super) dialect: &'static str,
    /// MAC function.
    pub(super) mac: &'static str,
}

/// The issuers by number, from 1.
pub(super) const ISSUERS: [Issuer; 4] = [
    Issuer {
        name: "さくらカード Sakura Card", serves: "bins = [\"490000\"]", dialect: "iso87-ascii", mac: "aes-cmac"
    },
    Issuer {
        name: "ひばりデビット Hibari Debit",
        serves: "bins = [\"520000\"]",
        dialect: "iso87-binary",
        mac: "hmac-sha256",
    },
    Issuer { name: "みなと銀行 Minato Bank", serves: "banks = [\"9999\"]", dialect: "iso87-bcd", mac: "aes-cmac" },
    Issuer {
        name: "つばめカード Tsubame Card (no host listens there)",
        serves: "bins = [\"470000\"]",
        dialect: "iso87-ascii",
        mac: "aes-cmac",
    },
];

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

/// Merchants, as `kazasu import merchants` reads them.
pub(super) fn merchants_file() -> String {
    let mut out = String::from("merchant,name,mcc,acquirer,terminals,closed,class,tags,region\n");
    for (at, acquirer) in ACQUIRERS.iter().enumerate() {
        for (id, alias, name, mcc, terminals) in merchants_of(at) {
            let closed = if alias == "closed" { "yes" } else { "no" };
            let (class, tags) = match (LOCAL.contains(&mcc), mcc) {
                (true, _) => ("small", "local"),
                (false, "7994") => ("leisure", ""),
                (false, _) => ("public", ""),
            };
            out += &format!("{id},{name},{mcc},{},{terminals},{closed},{class},{tags},{CITY}\n", acquirer.id);
        }
    }
    out
}

/// How the acquirer with this place among [`ACQUIRERS`] reaches the switch.
pub(super) fn acquirer_file(index: usize, master: &str, town: &Town) -> String {
    let Acquirer { id, dialect, mac, ppid_in, .. } = ACQUIRERS[index];
    let mut out = format!(
        "# For acquirer-sim: how this acquirer reaches the switch. Secret: it holds the connection's key.\n\n\
         addr = \"127.0.0.1:{}\"\nid = \"{id}\"\ndialect = \"{dialect}\"\nmac = \"{mac}\"\nppid_in = \"{ppid_in}\"\n\
         master_key = \"{master}\"\ncards_file = \"links.csv\"\n{}\n\
         [cards]\n",
        town.ports.acquirers[index],
        match town.transport {
            Transport::Plain => String::new(),
            Transport::Tls => format!(
                "tls = {{ ca = \"tls/authority.pem\", certificates = \"tls/acquirer-{id}.pem\", key = \"tls/acquirer-{id}.key\", \
                 name = \"{SWITCH}\" }}\n"
            ),
        }
    );
    for (alias, _) in NAMED {
        out += &format!("{alias} = \"{}\"\n", named_ppid(alias));
    }
    for (alias, _) in RULED {
        out += &format!("{alias} = \"{}\"\n", ruled_ppid(alias, id));
        // The other acquirers' people are named too, so that load leaves them alone.
        for other in ACQUIRERS.iter().filter(|other| other.id != id) {
            out += &format!("\"{alias} of {}\" = \"{}\"\n", other.id, ruled_ppid(alias, other.id));
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

/// Merchants' accounts.
pub(super) fn payees_file() -> String {
    let mut out = String::from("acquirer,merchant,bank,bank_name,branch,branch_name,kind,account,name\n");
    for (at, acquirer) in ACQUIRERS.iter().enumerate() {
        for (n, (id, ..)) in merchants_of(at).enumerate() {
            out += &format!(
                "{},{id},9999,ﾐﾅﾄ,{:03},ﾏﾁ,ordinary,{:07},ｶﾒｲﾃﾝ {}{n:02}\n",
                acquirer.id,
                100 + at,
                2_000_001 + at * 100 + n,
                at + 1
            );
        }
    }
    out
}
