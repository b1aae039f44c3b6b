//! Plays a demo: the town opens, one of the three kinds is shown, the town closes.

use crate::args::DemoArgs;
use crate::folder::{Folder, Kind};
use crate::language::shown;
use crate::progress::show;
use crate::sample::{self, Town, Transport};
use crate::stop::Stop;
use crate::summary::{self, HandOver, Run, Summary};
use crate::town::{DoesNotAddUp, OpenTown, Play, Traffic, drained, open};
use crate::{day, portal, relief, sign_in};
use anyhow::Context;
use kazasu_acquirer_sim::load::Progress;
use kazasu_console::{print_text, say};
use kazasu_issuer_adapter::sim::effective;
use kazasu_text::demo::{DemoLabel, DemoText};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Plays the demo.
pub async fn run(args: DemoArgs) -> anyhow::Result<()> {
    anyhow::ensure!(
        args.nodes == 1 || args.store != "sqlite",
        "several nodes need a store that they can share: add --store postgres, or the URL of a PostgreSQL database"
    );
    let folder = Folder::find(&args)?;
    if !folder.continued {
        let residents = if args.relief { relief::RESIDENTS } else { Town::default().residents };
        let transport = Transport::Tls;
        let town = Town { seed: folder.seed, issuer_timeout_ms: 800, residents, transport, ..Town::default() };
        sample::write(&folder.path, &town)?;
        folder.note()?;
    }
    let play = Play { args, data: folder.path, seed: folder.seed };
    let stop = Stop::watch()?;
    let town = open(&play).await?;
    let status = format!("http://{}/status", town.switches[0].http);
    play.say(&shown(&DemoText::Title));
    let data = play.data.display().to_string();
    let begun = if folder.continued { DemoText::Continued { folder: &data } } else { DemoText::New { folder: &data } };
    play.fact(DemoLabel::Town, &shown(&begun));
    play.fact(DemoLabel::Ledger, &town.store.place());
    for switch in &town.switches {
        let name = if town.switches.len() > 1 { format!("  {}", switch.node.name) } else { String::new() };
        for (addr, dialect) in switch.listening.iter().zip(&town.dialects) {
            play.fact(DemoLabel::Acquirers, &format!("{addr}  {dialect}{name}"));
        }
    }
    for (name, addr) in town.sim.addresses() {
        play.fact(DemoLabel::Issuer, &format!("{addr}  {name}"));
    }
    play.fact(DemoLabel::Status, &format!("{status}\n"));
    if !play.args.exit && !play.args.json {
        sign_in::show(&play, &town).await?;
    }
    let done = match Kind::of(&play.args) {
        Kind::Relief => relief::play(&play, &town, &stop).await,
        Kind::Day => day::play(&play, &town, &stop).await,
        Kind::Taps => taps(&play, &town, &stop).await,
    };
    town.close().await?;
    done
}

async fn taps(play: &Play, town: &OpenTown, stop: &Stop) -> anyhow::Result<()> {
    let args = &play.args;
    let status = format!("http://{}/status", town.switches[0].http);
    let before = town.leader().engine.query(|state| state.seq).await.context("the core is gone")?;

    let traffic = Traffic::start(play, town, stop)?;
    let screen = (!args.json).then(|| tokio::spawn(show(traffic.progress.clone(), args.taps, traffic.over.clone())));
    let handover = hand_over(town, &traffic.progress, args.taps, &traffic.over).await;
    let report = traffic.end().await?;
    let stopped_early = stop.is_asked();
    if let Some(screen) = screen {
        screen.await?;
    }
    if !stopped_early {
        portal::resident_links(play, town).await?;
    }
    drained(town.leader()).await;
    let theirs = effective(play.data.join("issuers.jsonl"))?;
    let run = Run { before, theirs, report, stopped_early };
    let summary = summary::read(town.store.as_ref(), run).await?;
    let summary = summary.on_nodes(town.switches.len(), handover?);
    if args.json {
        say!("{}", summary.json(&status));
    } else {
        print_text!("{}", summary.text());
    }
    play.stay_open(town, stop).await;
    judge(&summary)
}

fn judge(summary: &Summary) -> anyhow::Result<()> {
    if summary.is_good() {
        return Ok(());
    }
    Err(DoesNotAddUp("the run left something that does not add up; see the summary".into()).into())
}

/// In the middle of the run, the node that leads lets another lead.
async fn hand_over(
    town: &OpenTown,
    progress: &Progress,
    taps: u64,
    stop: &AtomicBool,
) -> anyhow::Result<Option<HandOver>> {
    if town.switches.len() < 2 {
        return Ok(None);
    }
    while progress.sent.load(Ordering::Relaxed) < taps / 2 {
        if stop.load(Ordering::Acquire) {
            return Ok(None);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let from = town.leader().node.name.clone();
    let begin = Instant::now();
    let done = kazasu_connections::cluster::hand_over(&town.leader().engine, &from, String::new()).await;
    let to = done.map_err(|why| anyhow::anyhow!("the lead could not be handed over: {why}"))?;
    let ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Some(HandOver { from, to, ms }))
}
