//! A PostgreSQL server for the tests of this file, shared by those that run at the same time.

use kazasu_store::postgres::local::LocalServer;
use kazasu_store::postgres::{PostgresStore, migrate};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

static SHARED: Mutex<Weak<Running>> = Mutex::new(Weak::new());
static DATABASES: AtomicU32 = AtomicU32::new(0);

struct Running {
    server: LocalServer,
    // After the server, which still uses it.
    _dir: tempfile::TempDir,
}

/// The shared server; it ends with the last test that holds it.
#[derive(Clone)]
pub(crate) struct Server(Arc<Running>);

impl Server {
    pub(crate) fn shared() -> Server {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Server(running);
        }
        let dir = folder();
        let server = LocalServer::create(&dir.path().join("pg"), "owner-of-the-test", &[]).unwrap();
        let running = Arc::new(Running { server, _dir: dir });
        *shared = Arc::downgrade(&running);
        Server(running)
    }

    /// A new database with its tables.
    pub(crate) async fn database(&self) -> PostgresStore {
        let name = self.create();
        let store = self.store(&name);
        assert_eq!(migrate(&store).await.unwrap(), 3);
        store
    }

    /// A new database without tables.
    pub(crate) fn create(&self) -> String {
        let name = format!("book{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        self.0.server.sql("postgres", &format!("CREATE DATABASE {name}")).unwrap();
        name
    }

    pub(crate) fn store(&self, name: &str) -> PostgresStore {
        PostgresStore::new(self.0.server.url(name).parse().unwrap())
    }

    pub(crate) fn server(&self) -> &LocalServer {
        &self.0.server
    }
}

/// A folder that the server's user may enter.
pub(crate) fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    dir
}
