use super::*;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

const BOUNDS: Bounds = Bounds {
    connections: 8,
    waiting: 4,
    of_subnet: 6,
    waiting_of_subnet: 3,
    of_proxy: 12,
    failed_sign_ons_of_subnet: 4,
    prefixes: Prefixes { ipv4: 32, ipv6: 64 },
};

fn gate(bounds: Bounds) -> Arc<Gate> {
    Gate::new(Port::Http, bounds)
}

fn from(host: u8) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, host], 40_000))
}

/// Has it been told to go?
fn leaves(place: &Place) -> bool {
    let told = pin!(place.displaced());
    told.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

fn counts(gate: &Gate) -> [usize; 4] {
    let places = gate.places();
    [places.open, places.waiting, places.leaving, places.subnets.len()]
}

#[test]
fn a_silent_flood_of_one_subnet_displaces_itself_and_no_other() {
    let gate = gate(BOUNDS);
    let other = gate.admit(from(9)).unwrap();
    let mut flood: Vec<Place> = Vec::new();
    for n in 0..20 {
        flood.push(gate.admit(from(1)).unwrap());
        assert!(!leaves(&other), "after {n}");
        if n >= 3 {
            // The oldest one is gone.
            assert!(leaves(&flood[0]));
            flood.remove(0);
        }
    }
    assert_eq!(counts(&gate), [4, 4, 0, 2]);
    assert!(other.serve());
}

#[test]
fn many_subnets_share_what_waits_and_the_longest_wait_gives_way() {
    let gate = gate(BOUNDS);
    let all: Vec<Place> = (1..=4).map(|host| gate.admit(from(host)).unwrap()).collect();
    let fifth = gate.admit(from(5)).unwrap();
    assert_eq!(all.iter().map(leaves).collect::<Vec<_>>(), [true, false, false, false]);
    // The heavier subnet gives way first, also when others have waited longer.
    let again = gate.admit(from(5)).unwrap();
    assert!(leaves(&all[1]));
    let sixth = gate.admit(from(6)).unwrap();
    assert_eq!([leaves(&fifth), leaves(&again), leaves(&all[2])], [true, false, false]);
    drop((all, fifth, again, sixth));
    assert_eq!(counts(&gate), [0, 0, 0, 0]);
}

#[test]
fn those_that_are_served_are_never_displaced_and_leave_a_share_to_those_that_wait() {
    let gate = gate(BOUNDS);
    let served: Vec<Place> = (0..6).map(|_| gate.admit(from(1)).unwrap()).inspect(|p| assert!(p.serve())).collect();
    // The subnet is full.
    assert_eq!(gate.admit(from(1)).err(), Some(Closed::TooManyOfSubnet));
    let more: Vec<Place> = (2..4).map(|host| gate.admit(from(host)).unwrap()).collect();
    // The port is full; what waits gives way.
    let next = gate.admit(from(4)).unwrap();
    assert_eq!(more.iter().map(leaves).collect::<Vec<_>>(), [true, false]);
    assert!(served.iter().all(|place| !leaves(place)));
    // Nothing waits: the new one is closed.
    assert!(more[1].serve() && next.serve());
    assert_eq!(gate.admit(from(5)).err(), Some(Closed::TooMany));
    drop(served);
    assert!(gate.admit(from(5)).is_ok());
}

#[test]
fn who_was_told_to_go_is_not_served_and_who_waits_again_is_the_youngest() {
    let gate = gate(Bounds { waiting_of_subnet: 2, ..BOUNDS });
    let [a, b] = [gate.admit(from(1)).unwrap(), gate.admit(from(1)).unwrap()];
    assert!(a.serve());
    a.wait();
    let c = gate.admit(from(1)).unwrap();
    assert!(!b.serve() && leaves(&b), "b has waited longest");
    assert!(a.serve() && c.serve());
    assert_eq!(counts(&gate), [2, 0, 1, 1]);
    b.wait();
    drop(b);
    assert_eq!(counts(&gate), [2, 0, 0, 1]);
}

#[test]
fn no_more_are_displaced_than_have_gone() {
    let gate = gate(Bounds { connections: 100, waiting: 100, of_subnet: 100, waiting_of_subnet: 100, ..BOUNDS });
    let stuck: Vec<Place> = (0..100 + LEAVING).map(|_| gate.admit(from(1)).unwrap()).collect();
    assert_eq!(gate.admit(from(1)).err(), Some(Closed::TooManyOfSubnet));
    drop(stuck);
    assert_eq!(counts(&gate), [0, 0, 0, 0]);
}

#[tokio::test]
async fn connections_without_a_place_are_closed_and_the_next_is_taken() {
    use tokio::io::AsyncReadExt;
    let gate = gate(Bounds { connections: 1, waiting: 1, of_subnet: 1, waiting_of_subnet: 1, ..BOUNDS });
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = socket.local_addr().unwrap();
    let _first = TcpStream::connect(addr).await.unwrap();
    let (_kept, place) = gate.accept(&socket).await;
    assert!(place.serve());
    let mut over = TcpStream::connect(addr).await.unwrap();
    let taking = gate.accept(&socket);
    let (end, ()) = tokio::join!(
        async { tokio::time::timeout(Duration::from_secs(5), over.read(&mut [0; 1])).await.unwrap() },
        async { assert!(tokio::time::timeout(Duration::from_millis(200), taking).await.is_err()) }
    );
    assert_eq!(end.unwrap(), 0);
    drop(place);
    let _next = TcpStream::connect(addr).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(5), gate.accept(&socket)).await.is_ok());
}
