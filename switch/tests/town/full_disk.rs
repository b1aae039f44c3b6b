//! The disk is full: the writer answers no approval that it cannot keep, says why, and goes on when there is room again.

use crate::harness::{Served, Town, kazasu, wait_for};
use kazasu_acquirer_sim::load::{self, Fleet, Length, LoadPlan, Mix, Peer, Progress};
use kazasu_demo::sample::{Mix as Residents, Town as Sample};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

#[test]
fn a_full_disk_stops_approvals_with_a_reason_and_loses_nothing() {
    let town = Town::new(Sample { residents: 500, mix: Residents::OnUs, balance: 1_000_000_000, ..Sample::default() });
    // A limit on the size of each file does what a full disk does: writes beyond it fail.
    let mut command = Command::new("bash");
    command.args(["-c", "trap '' XFSZ; ulimit -S -f 3000; exec \"$0\" serve --json --config \"$1\""]);
    command.args([env!("CARGO_BIN_EXE_kazasu"), &town.config()]);
    let served = Served::start(command, &town.path("serve.log"));
    let acquirer = town.acquirer(1, &served);
    let fleet = Arc::new(Fleet::new(&acquirer, acquirer.residents().unwrap()));
    let log = town.path("answers.csv");
    let plan = LoadPlan {
        acquirer: acquirer.clone(),
        fleet,
        rate: 4_000.0,
        length: Length::Time(Duration::from_secs(6)),
        connections: 1,
        mix: Mix::Purchases,
        seed: 1,
        log: Some(log.clone()),
        peer: Peer::Switch,
        drain: Duration::from_secs(5),
        window: None,
    };
    let over = Arc::new(AtomicBool::new(false));
    let (report, reason) = std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            while !over.load(Ordering::Acquire) {
                let (code, body) = served.get("/readyz");
                if code == 503 {
                    assert_eq!(served.get("/healthz").0, 200);
                    return body;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            "the switch said that it was ready all the time".into()
        });
        let report = load::run(&plan, &Arc::new(Progress::default()), &Arc::new(AtomicBool::new(false))).unwrap();
        over.store(true, Ordering::Release);
        (report, watching.join().unwrap())
    });
    let (approved, refused) =
        (report.codes.get("00").copied().unwrap_or(0), report.codes.get("91").copied().unwrap_or(0));
    assert!(approved > 0 && refused > 0, "{:?}", report.codes);
    assert_eq!(report.codes.len(), 2, "{:?}", report.codes);

    assert!(reason.starts_with("not ready: ") && (reason.contains("full") || reason.contains("disk I/O")), "{reason}");

    // Somebody makes room.
    let pid = served.pid().to_string();
    assert!(Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status().unwrap().success());
    wait_for("the switch to recover by itself", Duration::from_secs(10), || {
        (served.get("/readyz").0 == 200).then_some(())
    });
    std::thread::sleep(Duration::from_millis(300));
    let plan = LoadPlan { length: Length::Messages(2_000), log: None, ..plan };
    let after = load::run(&plan, &Arc::new(Progress::default()), &Arc::new(AtomicBool::new(false))).unwrap();
    assert_eq!(after.codes.get("00"), Some(&2_000), "{:?} {:?}", after.codes, after.errors);
    served.stop();

    let (state, _) = town.fold();
    let booked: i64 = state.taps().map(|tap| tap.moved().get()).sum();
    let unknown = report.errors.get("no answer").copied().unwrap_or(0);
    let answered = i64::try_from(approved + 2_000).unwrap();
    assert!(booked >= answered, "{answered} yen were approved, only {booked} are booked");
    assert!(
        booked <= answered + i64::try_from(unknown).unwrap(),
        "{booked} booked, {answered} approved, {unknown} unknown"
    );
    town.verified();
}

#[test]
fn an_import_on_a_full_disk_says_so_and_ends() {
    let town = Town::opening(Sample { residents: 0, ..Sample::default() });
    let rows: String = (0..30_000).map(|n| format!("M3{n:013},27000001,店 {n},5411\n")).collect();
    let file = town.path("many.csv");
    std::fs::write(&file, format!("merchant,acquirer,name,mcc\n{rows}")).unwrap();
    let (file, config) = (file.to_str().unwrap(), town.config());
    let mut command = Command::new("bash");
    let limited = "trap '' XFSZ; ulimit -S -f 2000; exec \"$0\" merchant import \"$1\" --config \"$2\"";
    command.args(["-c", limited, env!("CARGO_BIN_EXE_kazasu"), file, &config]);
    let begin = Instant::now();
    let out = command.output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(said.contains("the ledger takes no records at the moment"), "{said}");
    assert!(begin.elapsed() < Duration::from_secs(60), "{said}");
    // With room, it goes on where it stood.
    let out = kazasu(&["merchant", "import", file, "--config", &config]);
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    town.verified();
}

#[test]
fn a_sample_for_which_there_is_no_room_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    for (folder, was_there) in [("new", false), ("empty", true)] {
        let folder = dir.path().join(folder);
        if was_there {
            std::fs::create_dir(&folder).unwrap();
        }
        let mut command = Command::new("bash");
        let limited = "trap '' XFSZ; ulimit -S -f 1; exec \"$0\" init \"$1\"";
        command.args(["-c", limited, env!("CARGO_BIN_EXE_kazasu"), folder.to_str().unwrap()]);
        let out = command.output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(said.contains("cannot write"), "{said}");
        assert_eq!(folder.exists(), was_there);
        let out = kazasu(&["init", folder.to_str().unwrap(), "--residents", "1"]);
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    }
}
