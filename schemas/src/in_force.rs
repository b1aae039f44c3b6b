//! A value that is in force until another replaces it, while others use it: keys of which a new version comes.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// A value that can be replaced as a whole. Readers get it without waiting for anything but another replacement, and keep what they got.
pub struct InForce<T>(RwLock<Arc<T>>);

impl<T> InForce<T> {
    /// With its first value.
    #[must_use]
    pub fn new(value: T) -> Self {
        InForce(RwLock::new(Arc::new(value)))
    }

    /// The value now.
    #[must_use]
    pub fn get(&self) -> Arc<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on another.
    pub fn set(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}

impl<T: fmt::Debug> fmt::Debug for InForce<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::InForce;

    #[test]
    fn who_has_the_old_value_keeps_it() {
        let keys = InForce::new(1);
        let old = keys.get();
        keys.set(2);
        assert_eq!((*old, *keys.get()), (1, 2));
    }
}
