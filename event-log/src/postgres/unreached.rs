//! Where PostgreSQL was not reached, for whoever has to do something about it: host and port beside the cause.

use sqlx::postgres::PgConnectOptions;

use crate::port::EventLogError;

/// Without user, password and options.
#[derive(Debug, thiserror::Error)]
#[error("PostgreSQL at {place} cannot be used")]
struct Unreached {
    place: String,
    source: sqlx::Error,
}

pub(crate) fn at(options: &PgConnectOptions) -> impl FnOnce(sqlx::Error) -> EventLogError {
    let socket = options.get_socket().map(|path| path.display().to_string());
    let place = socket.unwrap_or_else(|| format!("{}:{}", options.get_host(), options.get_port()));
    move |source| EventLogError::Unavailable(Box::new(Unreached { place, source }))
}

#[cfg(test)]
mod tests {
    use crate::chain::Chain;
    use crate::store_url::StoreUrl;

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named_with_its_cause() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        let url = StoreUrl::Postgres(format!("postgres://kabar:hush@{free}/kabar"));
        let Err(error) = crate::open(&url).await else { panic!("nobody listens there") };
        let told = Chain(&error).to_string();
        assert!(told.contains(&free.to_string()) && told.contains("refused"), "{told}");
        assert!(!told.contains("hush"), "{told}");
    }
}
