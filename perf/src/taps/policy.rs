//! The policy under which taps are measured, and residents' purses and limits under it.

use kazasu_acquirer_sim::load;
use kazasu_engine::Engine;
use std::path::Path;

/// Every tap meets five limits and a no-PIN ceiling, and is granted points; every tenth resident has a purse, every fifth limits of
/// their own with alerts. So every tap has two transfers or three instead of one.
const RULES: &str = r#"
name = "perf"
[ceilings]
no_pin = 15_000
[groups]
shops = ["4000-5999"]
[[limit]]
number = 1
name = "tap"
window = "tap"
amount = 100_000
[[limit]]
number = 2
name = "day"
window = "day"
amount = 100_000_000
count = 1_000_000
[[limit]]
number = 3
name = "month"
window = "month"
amount = 900_000_000
group = "shops"
[[limit]]
number = 4
name = "31 days"
window = "days:31"
amount = 900_000_000
[[limit]]
number = 5
name = "instrument"
window = "month"
amount = 900_000_000
per = "instrument"
[alerts]
at = [50, 80, 100]
[[purse]]
number = 1
name = "relief"
funder = "city"
[[points]]
number = 1
name = "nation"
funder = "nation"
from = "2020-01-01"
until = "2098-12-31"
rate = "100%"
cap_month = 100_000_000
budget = 900_000_000_000
"#;

/// Gives a town the policy that is measured.
pub(super) fn add_rules(town_dir: &Path) -> anyhow::Result<()> {
    std::fs::write(town_dir.join("policy.toml"), RULES)?;
    let config = town_dir.join("kazasu.toml");
    let text = std::fs::read_to_string(&config)?;
    std::fs::write(&config, text.replacen("keep_days", "policy_file = \"policy.toml\"\nkeep_days", 1))?;
    Ok(())
}

/// Purses and limits of their own for some residents.
pub(super) async fn wealth(engine: &Engine, residents: u64) -> anyhow::Result<()> {
    use kazasu_core::Command;
    use kazasu_schemas::money::Yen;
    let (by, reference) = ("perf".to_owned(), "perf".to_owned());
    let amount = Yen::new(900_000_000_000);
    engine
        .command(Command::FundProgramme { programme: 1, amount, reference: reference.clone(), by: by.clone() })
        .await?;
    let mut answers = Vec::new();
    for n in (0..residents).step_by(5) {
        let ppid = load::sample_ppid(1, n);
        let month = Some(Yen::new(800_000_000));
        let limits = kazasu_ledger::record::OwnLimits { month, decline: true, ..Default::default() };
        answers.push(engine.command_later(Command::SetOwnLimits { ppid, limits, by: by.clone() }));
        if n % 10 == 0 {
            let (amount, reference, by) = (Yen::new(100), reference.clone(), by.clone());
            answers.push(engine.command_later(Command::CreditPurse { ppid, programme: 1, amount, reference, by }));
        }
    }
    for answer in answers {
        answer.await??;
    }
    Ok(())
}
