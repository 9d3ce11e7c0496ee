//! What is done for a request, to its end in any case.
use std::{
    panic::AssertUnwindSafe,
    pin::Pin,
    task::{Context, Poll},
};

use rocket::futures::FutureExt;
use tokio::runtime::Handle;

/// Goes on in a task of its own when it is dropped before it is done: when the client has left, or reads a long answer piece by piece. A
/// task for each request would cost more than most requests do.
pub struct Work(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Work {
    /// Not begun yet.
    pub fn new(act: impl Future<Output = ()> + Send + 'static) -> Self {
        // Whoever waits for what a panic leaves undone is told by the drop of what was to tell.
        Self(Some(Box::pin(AssertUnwindSafe(act).catch_unwind().map(drop))))
    }

    /// As far as it gets without waiting.
    pub fn go_on(&mut self, cx: &mut Context<'_>) {
        if let Some(act) = &mut self.0
            && let Poll::Ready(()) = act.as_mut().poll(cx)
        {
            self.0 = None;
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // Without a runtime the process is at its end.
        if let (Some(act), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(act);
        }
    }
}
