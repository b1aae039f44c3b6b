//! A connection with or without TLS behind one set of functions, in three forms.

use crate::Lost;
use bytes::BytesMut;
use rustls::{ClientConnection, Connection};
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use tokio::net::TcpStream;
use tokio_rustls::{client, server};

/// A connection of a task that waits for its socket and then takes what it has, as with [`TcpStream::try_read`].
pub struct TryStream {
    socket: TcpStream,
    tls: Option<Box<Connection>>,
}

impl From<TcpStream> for TryStream {
    fn from(socket: TcpStream) -> Self {
        TryStream { socket, tls: None }
    }
}

impl From<client::TlsStream<TcpStream>> for TryStream {
    fn from(stream: client::TlsStream<TcpStream>) -> Self {
        let (socket, tls) = stream.into_inner();
        TryStream { socket, tls: Some(Box::new(tls.into())) }
    }
}

impl From<server::TlsStream<TcpStream>> for TryStream {
    fn from(stream: server::TlsStream<TcpStream>) -> Self {
        let (socket, tls) = stream.into_inner();
        TryStream { socket, tls: Some(Box::new(tls.into())) }
    }
}

/// A socket without waiting.
struct Now<'a>(&'a TcpStream);

impl Read for Now<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buf)
    }
}

impl Write for Now<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.try_write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn broken(error: rustls::Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}

impl TryStream {
    /// The socket below.
    #[must_use]
    pub fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Waits for the socket, unless something is here to be read already: what came with the end of the handshake does not show in
    /// the socket any more.
    pub async fn ready(&mut self, interest: Interest) -> io::Result<Ready> {
        if interest.is_readable() && self.has_plain() {
            return Ok(Ready::READABLE);
        }
        self.socket.ready(interest).await
    }

    /// Bytes, or the end of the stream, wait above the socket.
    fn has_plain(&mut self) -> bool {
        self.tls.as_mut().is_some_and(|tls| match tls.reader().fill_buf() {
            Ok(_) => true,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        })
    }

    /// True when nothing that was taken waits for the socket.
    #[must_use]
    pub fn is_flushed(&self) -> bool {
        self.tls.as_ref().is_none_or(|tls| !tls.wants_write())
    }

    /// Writes what was taken before and still waits. `WouldBlock` when the socket takes no more.
    pub fn try_flush(&mut self) -> io::Result<()> {
        let Some(tls) = &mut self.tls else { return Ok(()) };
        while tls.wants_write() {
            if tls.write_tls(&mut Now(&self.socket))? == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    /// Takes bytes to send; how many. With TLS they may have left from then on.
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.try_flush()?;
        let Some(tls) = &mut self.tls else { return self.socket.try_write(bytes) };
        let taken = tls.writer().write(bytes)?;
        match self.try_flush() {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            Ok(()) | Err(_) => Ok(taken),
        }
    }

    /// Appends what is there to `buffer`; 0 at the end of the stream, `WouldBlock` when nothing is there.
    pub fn try_read_buf(&mut self, buffer: &mut BytesMut) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.socket.try_read_buf(buffer) };
        loop {
            match tls.reader().fill_buf() {
                Ok(plain) => {
                    let n = plain.len();
                    buffer.extend_from_slice(plain);
                    tls.reader().consume(n);
                    return Ok(n);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // The socket ended without TLS saying so. Frames are whole or not there, so it is an end like any other.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                Err(error) => return Err(error),
            }
            if tls.read_tls(&mut Now(&self.socket))? == 0 {
                return Ok(0);
            }
            tls.process_new_packets().map_err(broken)?;
        }
    }
}

/// A connection that came in and makes its handshake when it is first read: the accepting task does not wait for it, and the connection's
/// own task does.
pub struct LazyStream(State);

/// A handshake under way, with what completes when its client is believed no more.
type Handshake = Pin<Box<dyn Future<Output = io::Result<(server::TlsStream<TcpStream>, Lost)>> + Send>>;

enum State {
    Plain(TcpStream),
    Handshake(Handshake),
    Tls(Box<server::TlsStream<TcpStream>>, Lost),
    Failed,
}

impl From<TcpStream> for LazyStream {
    fn from(socket: TcpStream) -> Self {
        LazyStream(State::Plain(socket))
    }
}

impl LazyStream {
    /// With TLS, whose handshake may take this long. When the client is believed no more, reading fails with `PermissionDenied`.
    #[must_use]
    pub fn accept(server: &Arc<crate::Server>, socket: TcpStream, within: Duration) -> LazyStream {
        let server = Arc::clone(server);
        LazyStream(State::Handshake(Box::pin(async move { server.accept_watched(socket, within).await })))
    }

    /// Waits for the handshake where there is one.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let State::Handshake(handshake) = &mut self.0 else {
            return Poll::Ready(match self.0 {
                State::Failed => Err(ErrorKind::NotConnected.into()),
                State::Plain(_) | State::Tls(..) | State::Handshake(_) => Ok(()),
            });
        };
        match ready!(handshake.as_mut().poll(cx)) {
            Ok((stream, lost)) => {
                self.0 = State::Tls(Box::new(stream), lost);
                Poll::Ready(Ok(()))
            }
            Err(error) => {
                self.0 = State::Failed;
                Poll::Ready(Err(error))
            }
        }
    }
}

impl AsyncRead for LazyStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?;
        match &mut self.0 {
            State::Plain(socket) => Pin::new(socket).poll_read(cx, buf),
            State::Tls(stream, lost) => {
                if let Poll::Ready(why) = lost.as_mut().poll(cx) {
                    self.0 = State::Failed;
                    return Poll::Ready(Err(io::Error::new(ErrorKind::PermissionDenied, why)));
                }
                Pin::new(stream).poll_read(cx, buf)
            }
            State::Handshake(_) | State::Failed => Poll::Ready(Err(ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncWrite for LazyStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?;
        match &mut self.0 {
            State::Plain(socket) => Pin::new(socket).poll_write(cx, buf),
            State::Tls(stream, _) => Pin::new(stream).poll_write(cx, buf),
            State::Handshake(_) | State::Failed => Poll::Ready(Err(ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            State::Plain(socket) => Pin::new(socket).poll_flush(cx),
            State::Tls(stream, _) => Pin::new(stream).poll_flush(cx),
            State::Handshake(_) | State::Failed => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            State::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            State::Tls(stream, _) => Pin::new(stream).poll_shutdown(cx),
            State::Handshake(_) | State::Failed => Poll::Ready(Ok(())),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?;
        match &mut self.0 {
            State::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, bufs),
            State::Tls(stream, _) => Pin::new(stream).poll_write_vectored(cx, bufs),
            State::Handshake(_) | State::Failed => Poll::Ready(Err(ErrorKind::NotConnected.into())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            State::Plain(socket) => socket.is_write_vectored(),
            State::Tls(..) | State::Handshake(_) => true,
            State::Failed => false,
        }
    }
}

/// A connection of threads: one may write while another reads.
pub struct BlockingStream {
    socket: std::net::TcpStream,
    tls: Option<Arc<Shared>>,
    /// What was read off the socket, and which part of it TLS has not taken yet.
    raw: Vec<u8>,
    waiting: Range<usize>,
}

struct Shared {
    tls: Mutex<ClientConnection>,
    /// Held while what was sealed is written, so that it leaves in its order. A reader never waits for it.
    writing: Mutex<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl From<std::net::TcpStream> for BlockingStream {
    fn from(socket: std::net::TcpStream) -> Self {
        BlockingStream { socket, tls: None, raw: Vec::new(), waiting: 0..0 }
    }
}

/// What is read off a socket at one time.
const RAW: usize = 64 * 1024;

impl BlockingStream {
    /// Makes the handshake. The socket's time-outs bound it.
    pub fn connect(client: &crate::Client, mut socket: std::net::TcpStream) -> io::Result<BlockingStream> {
        let mut tls = ClientConnection::new(client.config(), client.name()).map_err(broken)?;
        while tls.is_handshaking() || tls.wants_write() {
            tls.complete_io(&mut socket)?;
        }
        let shared = Shared { tls: Mutex::new(tls), writing: Mutex::new(()) };
        Ok(BlockingStream { socket, tls: Some(Arc::new(shared)), raw: vec![0; RAW], waiting: 0..0 })
    }

    /// The same connection for another thread. Only one of them may read.
    pub fn try_clone(&self) -> io::Result<BlockingStream> {
        let raw = if self.tls.is_some() { vec![0; RAW] } else { Vec::new() };
        Ok(BlockingStream { socket: self.socket.try_clone()?, tls: self.tls.clone(), raw, waiting: 0..0 })
    }

    /// How long reading may wait.
    pub fn set_read_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        self.socket.set_read_timeout(limit)
    }

    /// The socket below.
    #[must_use]
    pub fn socket(&self) -> &std::net::TcpStream {
        &self.socket
    }
}

impl Drop for BlockingStream {
    /// The last one says that the stream ends. Whether that arrives does not matter.
    fn drop(&mut self) {
        if let Some(shared) = self.tls.as_ref().filter(|shared| Arc::strong_count(shared) == 1) {
            let mut sealed = Vec::new();
            let mut tls = lock(&shared.tls);
            tls.send_close_notify();
            if tls.write_tls(&mut sealed).is_ok() {
                let _ = self.socket.write_all(&sealed);
            }
        }
    }
}

impl Read for BlockingStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(shared) = &self.tls else { return self.socket.read(buf) };
        loop {
            match lock(&shared.tls).reader().read(buf) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                read => return read,
            }
            if self.waiting.is_empty() {
                let n = self.socket.read(&mut self.raw)?;
                if n == 0 {
                    return Ok(0);
                }
                self.waiting = 0..n;
            }
            let mut tls = lock(&shared.tls);
            self.waiting.start += tls.read_tls(&mut &self.raw[self.waiting.clone()])?;
            tls.process_new_packets().map_err(broken)?;
        }
    }
}

impl Write for BlockingStream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let Some(shared) = &self.tls else { return self.socket.write(buf) };
        let _writing = lock(&shared.writing);
        let mut sealed = Vec::with_capacity(buf.len() + 256);
        let taken = {
            let mut tls = lock(&shared.tls);
            let taken = tls.writer().write(buf)?;
            while tls.wants_write() {
                tls.write_tls(&mut sealed)?;
            }
            taken
        };
        self.socket.write_all(&sealed)?;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}
