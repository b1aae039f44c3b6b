//! Handing the lead over, on a person's word or because this node stops.

use kazasu_engine::{Engine, Health, Role};
use kazasu_store::journal::NodeStatus;
use kazasu_store::{Node, Store};
use kazasu_text::stores::StoreText;
use kazasu_text::{Said, errors};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Is there a node that can take the lead: the one named, or any if `to` is empty?
pub async fn able(store: &dyn Store, me: &Node, to: &str) -> Result<(), Said> {
    let shared = store.shared().ok_or_else(|| Said::of(&StoreText::HasOneNode))?;
    let mut watch = shared.watch(me.clone()).await.map_err(|e| errors::foreign(&e.to_string()))?;
    let nodes = watch.nodes().await.map_err(|e| errors::foreign(&e.to_string()))?;
    let able =
        |n: &NodeStatus| n.node.name != me.name && n.silent_seconds < 2.0 && n.report.role == Role::Following.name();
    match nodes.iter().find(|n| able(n) && (to.is_empty() || n.node.name == to)) {
        Some(_) => Ok(()),
        None if to.is_empty() => Err(Said::of(&StoreText::NoneReady)),
        None => Err(Said::of(&StoreText::NotReady { node: to })),
    }
}

/// Hands the lead of this node, `me`, over, and waits until another node has it: that node's name.
pub async fn hand_over(engine: &Engine, me: &str, successor: String) -> Result<String, Said> {
    let released = engine.hand_over(successor).await.map_err(|why| errors::foreign(&why))?;
    let begin = std::time::Instant::now();
    while begin.elapsed() < Duration::from_secs(10) {
        if let Some(taken) = handed(engine.health(), me, released) {
            let leader = taken?;
            tracing::info!(%leader, "the lead was handed over");
            return Ok(leader);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(Said::of(&StoreText::NotTaken))
}

/// The node that took the lead that `me` released at this epoch; `None` until a node has it. A node that takes it back is at a new epoch
/// before it leads.
fn handed(health: &Health, me: &str, released: u64) -> Option<Result<String, Said>> {
    if health.epoch() > released || health.role() == Role::Leading {
        return Some(Err(Said::of(&StoreText::LeadsAgain)));
    }
    let leader = health.leader().name;
    (health.reachable.load(Ordering::Acquire) && leader != me).then_some(Ok(leader))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lead_is_handed_over_only_when_another_node_has_it() {
        let health = Health::default();
        let led_by = |name: &str| health.set_leader(&Node { name: name.into(), ..Node::default() });
        health.set_epoch(4);
        health.set_role(Role::Following);
        led_by("me");
        assert_eq!(handed(&health, "me", 4), None, "no node has taken it yet");
        // It has taken the lead back, and has not read the journal yet.
        health.set_epoch(5);
        assert!(handed(&health, "me", 4).unwrap().unwrap_err().to_string().contains("this node leads again"));
        health.set_epoch(4);
        led_by("other");
        assert_eq!(handed(&health, "me", 4), None, "it cannot be reached yet");
        health.reachable.store(true, Ordering::Release);
        assert_eq!(handed(&health, "me", 4), Some(Ok("other".into())));
    }
}
