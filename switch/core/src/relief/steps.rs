//! The steps of a batch: whether each follows, what it moves, and which rows it leaves out.

use super::super::decision::{Decided, Effect, recorded, unchanged};
use super::super::index::position;
use super::super::money::minus;
use super::super::refusal::{MOST_FILES, Refusal, Rejected, StillDue, WantedOfBatch};
use super::super::state::State;
use super::checks::{direct, moved, over, refuse, role};
use super::{Batch, Programme, RowState};
use kazasu_ledger::Transfer;
use kazasu_ledger::record::{Body, ReliefStepTaken, Withheld};
use kazasu_ledger::transfer::Transfers;
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Method, Role, Step};

/// A file was read in.
pub(super) fn applied(state: &State, batch: u32, refused: u32, told: &Attribution) -> Decided {
    let there = state.relief.batch(batch)?;
    if there.step.is_some() {
        return Ok(unchanged());
    }
    role(state, there, &told.by, Role::Officer)?;
    let (count, total) = there.payable();
    let Attribution { by, why, via } = told.clone();
    Ok(recorded(Body::ReliefStepTaken(ReliefStepTaken {
        batch,
        step: Step::Applied,
        count,
        total,
        value_date: None,
        transfers: Transfers::new(),
        by,
        why,
        via,
        refused,
        withheld: None,
        reconsiders: true,
        proof: None,
    })))
}

pub(super) fn take_step(state: &State, now: Millis, asked: &ReliefStepTaken) -> Decided {
    let there = state.relief.batch(asked.batch)?;
    let step = asked.step;
    if there.step == Some(step)
        || (step != Step::Cancelled && there.step > Some(step) && there.step != Some(Step::Cancelled))
    {
        // Taken before: asking again changes nothing.
        return Ok(if step == Step::Released { unchanged().then(Effect::Again) } else { unchanged() });
    }
    role(state, there, &asked.by, step.role())?;
    in_order(asked.batch, there, step)?;
    let programme = state.relief.programme(there.programme)?;
    let early = matches!(there.step, None | Some(Step::Applied | Step::Assessed));
    let (all, sum) = if early {
        there.payable()
    } else {
        (u32::try_from(there.granted.len()).expect("at most two million rows"), there.total)
    };
    // People may have become one since a person looked: their rows above the ceiling are left out, and the others go on.
    let withheld = match step {
        Step::Decided | Step::Released => withheld(state, there),
        Step::Applied | Step::Assessed | Step::Committed | Step::Ordered | Step::Reported | Step::Cancelled => None,
    };
    let (less, less_yen) = withheld.map_or((0, Yen::ZERO), |w| (w.count, w.total));
    let (count, total) = (all - less, minus(sum, less_yen));
    let mut taken = ReliefStepTaken { count, total, withheld, ..asked.clone() };
    taken.transfers = moves_of(state, now, (there, programme), &taken)?;
    let decision = recorded(Body::ReliefStepTaken(taken));
    Ok(if step == Step::Released { decision.then(Effect::Again) } else { decision })
}

/// Each step follows the one before it; a batch is cancelled before its release.
fn in_order(number: u32, batch: &Batch, step: Step) -> Result<(), Refusal> {
    let follows = match step {
        Step::Cancelled => batch.step < Some(Step::Released),
        _ => batch.step.is_some() && batch.step == step.before(),
    };
    if follows && batch.step != Some(Step::Cancelled) {
        return Ok(());
    }
    Err(Refusal::StepOrder { batch: number, at: batch.step, step: WantedOfBatch::Step(step), needed: step.before() })
}

/// The transfers of a step, or its refusal; `taken` has its rows and their sum.
fn moves_of(
    state: &State,
    now: Millis,
    (batch, programme): (&Batch, &Programme),
    taken: &ReliefStepTaken,
) -> Result<Transfers, Rejected> {
    let (number, count, total) = (taken.batch, taken.count, taken.total);
    let accounts = &programme.accounts;
    match taken.step {
        Step::Applied => unreachable!("decided elsewhere"),
        Step::Assessed => state.within_ceiling(number, batch)?,
        Step::Decided => {
            if count == 0 {
                return refuse(Refusal::Nothing(number));
            }
            over(state, now, programme)?;
        }
        Step::Committed => {
            let available = state.available(accounts.budget);
            if available < total {
                return refuse(Refusal::Budget { programme: batch.programme, available, asked: total });
            }
            return moved(state, &[Transfer::direct(accounts.budget, accounts.committed, total)]);
        }
        Step::Ordered => over(state, now, programme)?,
        Step::Released => {
            over(state, now, programme)?;
            if count == 0 {
                return refuse(Refusal::Nothing(number));
            }
            let mut transfers = release(state, now, programme, taken)?;
            let less = taken.withheld.map_or(Yen::ZERO, |withheld| withheld.total);
            transfers.extend(direct(accounts.committed, accounts.budget, less));
            state.book.check(&transfers)?;
            return Ok(transfers);
        }
        Step::Reported => nothing_under_way(number, batch, programme)?,
        Step::Cancelled => {
            if matches!(batch.step, Some(Step::Committed | Step::Ordered)) {
                return moved(state, &[Transfer::direct(accounts.committed, accounts.budget, total)]);
            }
        }
    }
    Ok(Transfers::new())
}

/// Rows that are above the ceiling by now, and their sum.
fn withheld(state: &State, batch: &Batch) -> Option<Withheld> {
    let rows = state.above_ceiling(batch);
    let count = u32::try_from(rows.len()).expect("at most two million rows");
    (count > 0).then(|| Withheld { count, total: batch.sum_of(&rows) })
}

/// The money is set aside at once, so that nothing else can take it; with transfers the budget counts it as paid.
fn release(state: &State, now: Millis, programme: &Programme, asked: &ReliefStepTaken) -> Result<Transfers, Rejected> {
    let accounts = &programme.accounts;
    let available = state.available(accounts.fund);
    if available < asked.total {
        let number = programme.terms.number;
        return Err(Rejected::FundShort { programme: number, available, asked: asked.total });
    }
    let mut transfers = vec![Transfer::direct(accounts.fund, accounts.transit, asked.total)];
    if programme.terms.method == Method::Transfer {
        let most = programme.terms.funding.as_ref().map_or(1, |f| position(f.most.max(1)));
        let files = position(asked.count).div_ceil(most);
        if files > MOST_FILES {
            return refuse(Refusal::TooManyFiles { batch: asked.batch, files });
        }
        if asked.value_date.is_none_or(|day| day < now.max(state.at).jst_day()) {
            return refuse(Refusal::ValueDate);
        }
        transfers.push(Transfer::direct(accounts.committed, accounts.executed, asked.total));
    }
    moved(state, &transfers)
}

fn nothing_under_way(number: u32, batch: &Batch, programme: &Programme) -> Result<(), Refusal> {
    let left = match programme.terms.method {
        Method::Purse => batch.granted.iter().filter(|n| batch.rows[position(**n)].state == RowState::Waiting).count(),
        Method::Transfer => {
            let files = batch.file.as_ref().map_or(0, |(_, files)| files.len());
            if files == 0 {
                return Err(Refusal::NoFile(number));
            }
            files - batch.sent.len()
        }
    };
    match (left, programme.terms.method) {
        (0, _) => Ok(()),
        (n, Method::Purse) => Err(Refusal::UnderWay(number, StillDue::Purses(n))),
        (n, Method::Transfer) => Err(Refusal::UnderWay(number, StillDue::Files(n))),
    }
}
