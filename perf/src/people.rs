//! `perf people`: a book with many people, and a security log with many lines: memory, how long a name, a check and a line take.

use clap::Args;
use kazasu_console::say;
use kazasu_core::{Command, Event, Named, Rights, State, decide};
use kazasu_ledger::record::{Author, RoleFor};
use kazasu_ledger::{Body, Record};
use kazasu_schemas::identity::{ActorId, OrganisationId, OrganisationKind, PersonId, Role, Scope, SignIn, Via};
use kazasu_schemas::jst::Millis;
use kazasu_security_log::verify::verify;
use kazasu_security_log::{Event as Line, Filter, Log, SecurityEvent, Settings, search};
use kazasu_services::Who;
use kazasu_services::access::{Access, Name, Scope as About, may};
use serde_json::json;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// `perf people`.
#[derive(Args, Clone)]
pub(crate) struct PeopleArgs {
    /// People in the book, each with a role.
    #[arg(long, default_value_t = 100_000)]
    people: u32,
    /// Lines of the security log.
    #[arg(long, default_value_t = 1_000_000)]
    lines: u32,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Questions of each kind.
const ROUNDS: u32 = 100_000;
/// Callers that wait for their line at one time, as many HTTP requests do.
const CALLERS: u32 = 64;

fn keeper() -> Author {
    Author { id: None, sign_in: SignIn::KeyFile, via: Via::Offline, why: "first start".into() }
}

fn carry_out(state: &mut State, ask: Rights) -> anyhow::Result<()> {
    let now = state.at;
    let decision = decide(state, now, &Event::Command(Command::Rights(Box::new(ask))));
    let body: Body = decision.body.ok_or_else(|| anyhow::anyhow!("refused: {:?}", decision.rejected))?;
    let record = Record { at: now, day: state.day, body };
    state.apply(state.seq + 1, &record).map_err(|broken| anyhow::anyhow!("{broken}"))
}

fn name(n: u32) -> String {
    format!("person {n:06}")
}

/// A book whose people were invited with a role, and have joined.
fn book(people: u32) -> anyhow::Result<State> {
    let (mut state, _) = crate::micro::town(1);
    let until = Millis(state.at.0 + 86_400_000);
    let kind = OrganisationKind::Operator;
    let set = Rights::SetOrganisation {
        organisation: None,
        kind,
        name: "operator".parse()?,
        shops: vec![],
        author: keeper(),
    };
    carry_out(&mut state, set)?;
    let organisation = OrganisationId::new(u32::try_from(state.rights().organisations().count())?);
    for n in 1..=people {
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&n.to_be_bytes());
        let roles = vec![RoleFor { role: Role::FinanceStaff, scope: Scope::All }];
        let (invitation, author) = ((hash, until), keeper());
        let name = name(n).parse()?;
        carry_out(&mut state, Rights::Invite { person: None, organisation, name, invitation, roles, author })?;
        carry_out(&mut state, Rights::Join { invitation: hash, credential: [1; 16], via: Via::Api })?;
    }
    Ok(state)
}

/// Nanoseconds of one, on average.
fn each(rounds: u32, mut one: impl FnMut(u32)) -> u128 {
    let begin = Instant::now();
    (0..rounds).for_each(&mut one);
    begin.elapsed().as_nanos() / u128::from(rounds.max(1))
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

fn a_look(by: &str) -> anyhow::Result<Line> {
    let look = Line::samples(by).into_iter().find(|line| line.kind() == SecurityEvent::Look);
    look.ok_or_else(|| anyhow::anyhow!("the security log has no event for a look"))
}

/// Writes lines, each durable before its caller goes on. Gives how long it took.
async fn written(folder: &Path, lines: u32) -> anyhow::Result<Duration> {
    let log = Arc::new(Log::start(Settings::new(folder, "perf", kazasu_engine::clock::now))?);
    let begin = Instant::now();
    let mut callers = Vec::new();
    for caller in 0..CALLERS {
        let log = log.clone();
        callers.push(tokio::spawn(async move {
            for n in (caller..lines).step_by(CALLERS as usize) {
                log.must(a_look(&format!("per_{}", n % 1_000))?).await.map_err(|error| anyhow::anyhow!("{error}"))?;
            }
            anyhow::Ok(())
        }));
    }
    for caller in callers {
        caller.await??;
    }
    let took = begin.elapsed();
    log.close().await;
    Ok(took)
}

/// Measures it.
pub(crate) async fn run(args: &PeopleArgs) -> anyhow::Result<()> {
    let before = resident_kib();
    let begin = Instant::now();
    let state = book(args.people)?;
    let folded = begin.elapsed();
    let kib = resident_kib().saturating_sub(before);
    let people = args.people.max(1);
    let found = each(ROUNDS, |n| {
        black_box(state.rights().find_named(&Named::of(&name(n % people + 1))));
    });
    let id = |n: u32| ActorId::Person(PersonId::new(n % people + 1));
    let day = state.at.jst_day();
    let caller = each(ROUNDS, |n| {
        black_box(Who::of(&state, id(n), (day, Via::Api)));
    });
    let who = Who::of(&state, id(1), (day, Via::Api)).ok_or_else(|| anyhow::anyhow!("the first person"))?;
    let mut allowed = 0;
    let check =
        each(ROUNDS, |_| allowed += u32::from(may(Name::ListDays, black_box(&who), &About::Everywhere) == Access::Yes));
    anyhow::ensure!(allowed == ROUNDS, "a person of finance reads days");
    let folder = tempfile::tempdir()?;
    let took = written(folder.path(), args.lines).await?;
    let begin = Instant::now();
    let filter = Filter { person: Some("per_7".into()), ..Filter::default() };
    let mut hits = 0_u32;
    search(folder.path(), &filter, |_, _| {
        hits += 1;
        ControlFlow::Continue(())
    })?;
    let searched = begin.elapsed();
    let begin = Instant::now();
    let checked = verify(folder.path(), None)?;
    let verified = begin.elapsed();
    anyhow::ensure!(checked.problems.is_empty() && checked.lines >= u64::from(args.lines), "{checked:?}");
    let out = json!({
        "people": args.people, "folded_ms": folded.as_millis(), "bytes_a_person": kib * 1_024 / u64::from(people),
        "name_ns": found, "caller_ns": caller, "check_ns": check,
        "lines": args.lines, "callers": CALLERS, "lines_a_second": f64::from(args.lines) / took.as_secs_f64(),
        "search_ms": searched.as_millis(), "hits": hits, "verify_ms": verified.as_millis(),
    });
    say!("{}", if args.json { out.to_string() } else { serde_json::to_string_pretty(&out)? });
    Ok(())
}
