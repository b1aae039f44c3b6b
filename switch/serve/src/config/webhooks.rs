//! `[webhooks]`: how events are sent to programs, and where they may go.

use kazasu_text::configuration::ConfigText;
use kazasu_text::{Quoted, Said};
use kazasu_webhooks::{Networks, Settings};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `[webhooks]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields, default)]
pub struct WebhooksFile {
    /// Networks that are not public and that events may go to, such as `10.20.0.0/16`.
    pub networks: Vec<String>,
    /// More authorities for certificates of endpoints, PEM; relative to this file.
    pub authorities: Option<PathBuf>,
    /// The longest time of one attempt.
    pub timeout_seconds: u64,
    /// The pause after the first failed attempt; it doubles each time.
    pub first_pause_ms: u64,
    /// The longest pause.
    pub longest_pause_seconds: u64,
    /// An endpoint that takes nothing for so long is late: people are warned.
    pub warn_after_seconds: u64,
    /// An endpoint that takes nothing for so long is failing.
    pub failing_after_seconds: u64,
}

impl Default for WebhooksFile {
    fn default() -> Self {
        WebhooksFile {
            networks: Vec::new(),
            authorities: None,
            timeout_seconds: 10,
            first_pause_ms: 5_000,
            longest_pause_seconds: 3_600,
            warn_after_seconds: 3_600,
            failing_after_seconds: 259_200,
        }
    }
}

impl WebhooksFile {
    /// The settings, or the key that cannot be.
    pub(super) fn settings(&self, base: &Path) -> Result<Settings, Said> {
        let values = [
            ("webhooks.timeout_seconds", 60, self.timeout_seconds),
            ("webhooks.first_pause_ms", 600_000, self.first_pause_ms),
            ("webhooks.longest_pause_seconds", 86_400, self.longest_pause_seconds),
            ("webhooks.warn_after_seconds", self.failing_after_seconds, self.warn_after_seconds),
            ("webhooks.failing_after_seconds", 2_592_000, self.failing_after_seconds),
        ];
        if let Some((key, most, got)) = values.into_iter().find(|(_, most, got)| !(1..=*most).contains(got)) {
            return Err(Said::of(&ConfigText::Range { key, least: 1, most, got }));
        }
        let unread = |got: String| Said::of(&ConfigText::WebhookNetwork { got: Quoted(&got) });
        Ok(Settings {
            networks: Networks::read(&self.networks).map_err(unread)?,
            authorities: self.authorities.as_ref().map(|path| base.join(path)),
            timeout: Duration::from_secs(self.timeout_seconds),
            first_pause: Duration::from_millis(self.first_pause_ms),
            longest_pause: Duration::from_secs(self.longest_pause_seconds),
            warn_after: Duration::from_secs(self.warn_after_seconds),
            failing_after: Duration::from_secs(self.failing_after_seconds),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_a_file_without_them_are_those_of_the_crate() {
        let settings = WebhooksFile::default().settings(Path::new("/")).unwrap();
        let usual = Settings::default();
        assert_eq!((settings.first_pause, settings.longest_pause), (usual.first_pause, usual.longest_pause));
        assert_eq!((settings.warn_after, settings.failing_after), (usual.warn_after, usual.failing_after));
        assert_eq!((settings.timeout, settings.networks), (usual.timeout, usual.networks));
    }

    #[test]
    fn what_cannot_be_is_named_with_its_key() {
        let told = |file: WebhooksFile| file.settings(Path::new("/")).unwrap_err().to_string();
        let usual = WebhooksFile::default;
        assert!(told(WebhooksFile { timeout_seconds: 0, ..usual() }).starts_with("webhooks.timeout_seconds "));
        assert!(
            told(WebhooksFile { warn_after_seconds: 259_201, ..usual() }).starts_with("webhooks.warn_after_seconds ")
        );
        let network = told(WebhooksFile { networks: vec!["10.0.0.0/40".to_owned()], ..usual() });
        assert!(network.contains("webhooks.networks") && network.contains("10.0.0.0/40"), "{network}");
    }
}
