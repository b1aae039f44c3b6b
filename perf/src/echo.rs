//! The ceiling: the same generator and framing against a server that only sends every message back.

use bytes::{BufMut, BytesMut};
use kazasu_console::tell;
use kazasu_schemas::iso8583::Dialect;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Starts an echo for `iso87-ascii`: each frame comes back with its message type turned into the answer's.
pub(crate) async fn start() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                if let Err(error) = serve(stream).await {
                    tell!("echo: {error}");
                }
            });
        }
    });
    Ok(addr)
}

async fn serve(mut stream: TcpStream) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let dialect = Dialect::shipped("iso87-ascii").expect("shipped");
    let frames = dialect.frames();
    let (mut input, mut out) = (BytesMut::with_capacity(64 * 1024), BytesMut::with_capacity(64 * 1024));
    loop {
        input.reserve(16 * 1024);
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
        while let Some(mut frame) = frames.decode(&mut input)? {
            frame[2] = b'1';
            dialect.framing.put_header(frame.len(), &mut out);
            out.put_slice(&frame);
        }
        stream.write_all(&out).await?;
        out.clear();
    }
}
