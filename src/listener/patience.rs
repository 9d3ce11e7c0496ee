//! Reads and writes as long as the other side keeps up.
use std::{
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep, sleep_until},
};

use super::seat::{Seat, Stage};

/// How long clients may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the head of a request, from its first byte, or from the beginning of the connection; and for the handshake of TLS before.
    pub head: Duration,
    /// For the body of a request, from its head.
    pub body: Duration,
    /// Between an answer and the next request; `None` closes after each answer.
    pub idle: Option<Duration>,
    /// Without taking anything of an answer.
    pub stall: Duration,
    /// For reading the last answer on a connection, before it is closed on what was sent and not read.
    pub linger: Duration,
}

impl Patience {
    /// Ten seconds for each part of a request, and between requests what Rocket's `keep_alive` says.
    pub fn of(config: &rocket::Config) -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(10),
            idle: (config.keep_alive > 0).then(|| Duration::from_secs(config.keep_alive.into())),
            stall: Duration::from_secs(30),
            linger: Duration::from_secs(1),
        }
    }
}

/// A stream whose other side has to keep up.
pub struct Patient<S> {
    stream: S,
    seat: Arc<Seat>,
    patience: Patience,
    /// The turn that `until` is about, and whether something of its request came.
    turn: (u32, bool),
    until: Instant,
    /// Never later than `until`. Setting it costs more than looking whether it was too early, so it is left as it is where it can be.
    alarm: Option<Pin<Box<Sleep>>>,
    stalled: Option<Pin<Box<Sleep>>>,
    lingering: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// Watches over `stream`, whose requests `seat` knows of.
    pub fn new(stream: S, seat: Arc<Seat>, patience: Patience) -> Self {
        let until = Instant::now() + patience.head;
        Self { stream, seat, patience, turn: (0, true), until, alarm: None, stalled: None, lingering: None }
    }

    /// Nothing came: whether that may go on. The stream is at its end when nothing came of another request.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (turn, stage) = self.seat.now();
        let idle = self.patience.idle.unwrap_or(self.patience.head);
        if stage == Stage::Waiting && turn != self.turn.0 {
            self.turn = (turn, false);
            self.until = self.seat.done_at() + idle;
        }
        // hyper may ask for the last time before it answers, and again only when something rings.
        loop {
            let now = Instant::now();
            if stage == Stage::Waiting && now >= self.until {
                return Poll::Ready(if self.turn.1 { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) });
            }
            let next = if stage == Stage::Waiting { self.until.min(now + idle) } else { now + idle };
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(next)));
            if alarm.deadline() > next {
                alarm.as_mut().reset(next);
            }
            ready!(alarm.as_mut().poll(cx));
            alarm.as_mut().reset(next);
        }
    }

    /// Something came: the head of a request has its time from now on.
    fn came(&mut self) {
        let (turn, stage) = self.seat.now();
        if stage == Stage::Waiting && self.turn != (turn, true) {
            self.turn = (turn, true);
            self.until = Instant::now() + self.patience.head;
        }
    }

    fn written<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let stall = self.patience.stall;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(stall)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        match Pin::new(&mut me.stream).poll_read(cx, buf) {
            Poll::Pending => me.wait(cx),
            ready => {
                me.came();
                ready
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        let outcome = Pin::new(&mut me.stream).poll_write(cx, buf);
        me.written(cx, outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        let outcome = Pin::new(&mut me.stream).poll_write_vectored(cx, bufs);
        me.written(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let outcome = Pin::new(&mut me.stream).poll_flush(cx);
        me.written(cx, outcome)
    }

    /// Then reads on for a while: a stream that is closed on bytes that nobody read takes the answer along that is on its way.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let linger = me.patience.linger;
        if me.lingering.is_none() {
            let outcome = Pin::new(&mut me.stream).poll_shutdown(cx);
            ready!(me.written(cx, outcome))?;
        }
        let lingering = me.lingering.get_or_insert_with(|| Box::pin(sleep(linger)));
        let mut space = [0; 4096];
        loop {
            if lingering.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(()));
            }
            let mut buf = ReadBuf::new(&mut space);
            match ready!(pin!(&mut me.stream).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => {}
                _ => return Poll::Ready(Ok(())),
            }
        }
    }
}
