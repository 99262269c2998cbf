//! Connections: kept, shared, made with TLS of our own, and none of it needs anything installed for the process.

use futures_util::future::join_all;

use crate::rig::{Rig, patient, provider_at, ways};

#[tokio::test]
async fn one_provider_serves_many_at_once_and_keeps_its_connections() {
    const AT_ONCE: usize = 16;
    const ROUNDS: usize = 4;
    for way in ways() {
        let rig = Rig::start(way).await;
        let all: Vec<_> = (0..AT_ONCE * ROUNDS).map(|_| rig.outgoing()).collect();
        for round in all.chunks(AT_ONCE) {
            let outcomes = join_all(round.iter().map(|outgoing| rig.provider.send(outgoing))).await;
            assert!(outcomes.iter().all(|outcome| outcome.name() == "accepted"), "{way:?}: {outcomes:?}");
        }
        assert!(all.iter().all(|outgoing| rig.sends_of(outgoing) == 1), "{way:?}: each exactly once");
        let connections = match &rig.service {
            crate::rig::Service::Http(simulator) => simulator.connections(),
            crate::rig::Service::Smtp(server) => server.connections(),
        };
        // A round may begin before the last one's connections are all back.
        assert!(connections <= AT_ONCE * 2, "{way:?}: {connections} connections for {} sends", all.len());
    }
}

/// dependencies.md: reqwest panics where no TLS provider is installed, `eventstore` where one is. This program's never is.
#[tokio::test]
async fn tls_works_with_no_provider_installed_and_installs_none() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Begins no handshake of its own: it reads what comes and answers nonsense.
    let server = tokio::spawn(async move {
        let mut first = Vec::new();
        loop {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = [0; 512];
            let read = stream.read(&mut bytes).await.unwrap();
            first.push(bytes[..read].first().copied());
            stream.write_all(b"HTTP/1.1 400 this is no TLS\r\n\r\n").await.unwrap();
            if first.len() == 2 {
                return first;
            }
        }
    });
    let http = crate::rig::Way::Starsender;
    let provider = provider_at(http, &format!("https://{address}"), &patient());
    let outcome = provider.send(&Rig::start(http).await.outgoing()).await;
    assert_eq!(outcome.name(), "unavailable", "{outcome:?}");
    assert_eq!(outcome.reason().unwrap().as_str(), "no connection: TLS failed");

    let mut settings = crate::rig::smtp_settings(&address.to_string());
    settings.tls = providers::smtp::SmtpTls::Implicit;
    let smtp = providers::SmtpProvider::try_new(settings, &crate::rig::sender(), &patient());
    let smtp = crate::rig::made(smtp);
    let outgoing = Rig::start(crate::rig::Way::Smtp).await.outgoing();
    let outcome = providers::Provider::send(&smtp, &outgoing).await;
    assert_eq!(outcome.name(), "unavailable", "{outcome:?}");

    assert_eq!(server.await.unwrap(), [Some(0x16), Some(0x16)], "both began a handshake");
    assert!(rustls::crypto::CryptoProvider::get_default().is_none(), "nothing was installed for the process");
}
