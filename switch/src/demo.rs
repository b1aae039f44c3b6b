//! `kazasu demo`: a whole town on this machine.
#[derive(clap::Args)]
pub struct DemoArgs {}
pub async fn run(_: DemoArgs) -> anyhow::Result<()> { Ok(()) }
