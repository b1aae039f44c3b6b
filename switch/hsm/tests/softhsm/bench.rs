//! A folder with a token, and programs that work on it.

use kazasu_hsm::TokenSettings;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

pub(crate) const TOKEN: &str = "kazasu-test";
pub(crate) const PIN: &str = "48151623";
/// The folder, for the process inside.
const FOLDER: &str = "KAZASU_HSM_TEST";

pub(crate) struct Bench {
    folder: PathBuf,
    _keep: Option<tempfile::TempDir>,
}

impl Bench {
    /// A new token.
    pub(crate) fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let bench = Bench { folder: keep.path().to_owned(), _keep: Some(keep) };
        std::fs::create_dir(bench.path("tokens")).unwrap();
        let settings = format!("directories.tokendir = {}\nlog.level = ERROR\n", bench.path("tokens").display());
        std::fs::write(bench.path("softhsm2.conf"), settings).unwrap();
        bench.write_pin(PIN);
        bench.new_token(TOKEN);
        bench
    }

    /// The one of the process outside.
    pub(crate) fn inside() -> Self {
        let folder = std::env::var_os(FOLDER).expect("this part is started by its test outside, with a token");
        Bench { folder: folder.into(), _keep: None }
    }

    pub(crate) fn new_token(&self, label: &str) {
        let mut util = Command::new("softhsm2-util");
        util.args(["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "90210901"]);
        let out = util.env("SOFTHSM2_CONF", self.path("softhsm2.conf")).output();
        let out = out.expect("softhsm2-util of the package softhsm2");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn write_pin(&self, pin: &str) {
        std::fs::write(self.path("pin"), format!("{pin}\n")).unwrap();
    }

    pub(crate) fn settings(&self) -> TokenSettings {
        let path = self.path("pin");
        let pin = Arc::new(move || {
            std::fs::read_to_string(&path)
                .map(Zeroizing::new)
                .map_err(|error| kazasu_text::Said::plain(error.to_string()))
        });
        TokenSettings { module: module(), token: TOKEN.into(), pin, timeout: Duration::from_secs(20), attempts: 3 }
    }

    /// A test of `inside`, in a process that has this token.
    pub(crate) fn command(&self, test: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]);
        command.env("SOFTHSM2_CONF", self.path("softhsm2.conf")).env(FOLDER, &self.folder);
        command
    }

    pub(crate) fn run(&self, test: &str) {
        let out = self.command(test).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success(), "{}: {said}", out.status);
        // A name that fits no test is no failure for the test program.
        assert!(said.contains("1 passed"), "{said}");
    }

    pub(crate) fn openssl(&self, arguments: &[&str]) -> String {
        let out = Command::new("openssl").args(arguments).current_dir(&self.folder).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success(), "openssl {arguments:?}: {said}");
        said
    }

    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

/// The paths of it in Debian and Fedora.
pub(crate) fn module() -> PathBuf {
    let known =
        ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/lib/pkcs11/libsofthsm2.so"];
    let found = known.into_iter().map(Path::new).find(|path| path.exists());
    found.expect("libsofthsm2.so of the package softhsm2").to_owned()
}
