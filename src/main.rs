//! The program: reads its command line and configuration, then leaves everything to `kabar::app`.
//!
//! Standard output is for people and scripts (where it listens, demo tokens); the log goes to standard error.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aggregates::ids::UserId;
use aggregates::user::UserRole;
use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use event_log::Chain;
use kabar::app::{App, Ports};
use kabar::auth::{NewToken, mint};
use kabar::clock::{Clock, SystemClock};
use kabar::config::{self, Config, DemoMode, LogConfig, LogFormat};
use kabar::demo;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Chat, social and notification backend, built on events.
#[derive(Parser)]
#[command(version)]
struct CommandLine {
    /// Configuration file; without it ./kabar.toml where there is one. Every key also as KABAR__SECTION__KEY
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Wanted>,
}

#[derive(Subcommand)]
enum Wanted {
    /// Serve (also without a command)
    Serve,
    /// Read the configuration, say everything that is wrong with it, and end
    CheckConfig,
    /// Print a session token, for development and services
    Token(TokenArgs),
}

#[derive(Args)]
struct TokenArgs {
    /// Whose token
    #[arg(long, value_name = "ID")]
    user: String,
    /// Display name that the token carries
    #[arg(long)]
    name: Option<String>,
    /// User name that the token carries
    #[arg(long)]
    username: Option<String>,
    /// The platform's role that the token carries: ADMIN, MENTOR, AFFILIATE, MEMBER_PREMIUM or MEMBER_FREE
    #[arg(long, value_parser = role)]
    role: Option<UserRole>,
    /// Days it holds
    #[arg(long, default_value_t = demo::TOKEN_DAYS, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    days: u32,
}

fn role(text: &str) -> Result<UserRole, &'static str> {
    UserRole::parse(text).ok_or("not a role")
}

fn main() -> ExitCode {
    let line = CommandLine::parse();
    let file = line.config.as_deref();
    let done = match line.command.unwrap_or(Wanted::Serve) {
        Wanted::Serve => serve(file),
        Wanted::CheckConfig => configuration(file).map(|(config, warnings)| {
            println!("the configuration is right");
            config.channels().iter().for_each(|line| println!("{line}"));
            warnings.iter().for_each(|warning| eprintln!("kabar: {warning}"));
        }),
        Wanted::Token(args) => token(file, &args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kabar: {}", Chain(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Reads the configuration and refuses with everything that is wrong with it. Also what is only odd about it.
fn configuration(file: Option<&Path>) -> anyhow::Result<(Config, Vec<String>)> {
    // Variables that are not UTF-8 are none of ours.
    let environment =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let environment = environment.collect();
    let config = config::load(file, &environment)?;
    let warnings = config::warnings(&config, &environment);
    Ok((config, warnings))
}

fn token(file: Option<&Path>, args: &TokenArgs) -> anyhow::Result<()> {
    let (config, _) = configuration(file)?;
    if !config::can_sign(&config) {
        bail!(
            "nothing to sign with: run this where the server was started (its secrets are beside its database), or give \
             auth.jwt.secrets as the server has them"
        );
    }
    let user_id = UserId::parse(&args.user).context("--user")?;
    // What is made once is read here, and nothing is made.
    let config = if config.auth.jwt.secrets.is_empty() { config::settle(config)? } else { config };
    let new = NewToken {
        user_id: &user_id,
        name: args.name.as_deref(),
        username: args.username.as_deref(),
        role: args.role,
        issued_at: SystemClock.now(),
        seconds: args.days * demo::SECONDS_PER_DAY,
    };
    println!("{}", mint(&config.auth.jwt, &new)?);
    Ok(())
}

#[tokio::main]
async fn serve(file: Option<&Path>) -> anyhow::Result<()> {
    let (config, warnings) = configuration(file)?;
    let config = config::settle(config)?;
    start_logging(&config.log)?;
    config.channels().iter().for_each(|line| tracing::info!("{line}"));
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let metrics = config.server.metrics.then(record_measurements).transpose()?;
    let wished = SocketAddr::new(config.server.host, config.server.port);
    let listener = TcpListener::bind(wished).await.with_context(|| format!("cannot listen on {wished}"))?;
    let address = listener.local_addr()?;

    let app = App::build(config, Ports { metrics, ..Ports::default() }).await?;
    let with_demo = app.state().config.demo.mode == DemoMode::On && app.is_new().await?;
    let demo = if with_demo { Some(demo::set_up(app.state()).await?) } else { None };
    let demo = demo.map(|demo| demo.to_string()).unwrap_or_default();
    let greeting = format!(
        "# Kabar listens on http://{address}\nexport KABAR_URL=http://{address}\nexport KABAR_APP_KEY={}\n{demo}",
        app.state().config.realtime.key
    );
    // Nobody may be there to read it, or no room to write it down: that is no reason not to serve.
    if let Err(error) = std::io::stdout().write_all(greeting.as_bytes()) {
        tracing::warn!(%error, "where this server listens could not be written to its output");
    }
    let shutdown = CancellationToken::new();
    // Before anybody is answered: whoever sees it ready may stop it at once.
    tokio::spawn(Signals::hear()?.stop(shutdown.clone()));
    app.run(listener, shutdown).await;
    Ok(())
}

/// What asks this process to stop, heard from the moment this is made.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn hear() -> anyhow::Result<Self> {
        let heard = |kind| signal(kind).context("signals cannot be heard");
        Ok(Self { terminate: heard(SignalKind::terminate())?, interrupt: heard(SignalKind::interrupt())? })
    }

    /// The first signal asks for a graceful stop, the second ends the process where it stands: the log survives that.
    async fn stop(mut self, shutdown: CancellationToken) {
        for stop in [false, true] {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
            if stop {
                std::process::exit(130);
            }
            shutdown.cancel();
        }
    }
}

fn start_logging(config: &LogConfig) -> anyhow::Result<()> {
    let directives = format!("{},{}", event_log::postgres::QUIETER, config.level);
    let filter = tracing_subscriber::EnvFilter::try_new(directives).context("log.level")?;
    // Colours are for eyes, not for files.
    let coloured = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(coloured)
        .with_writer(std::io::stderr)
        // A disk that is full takes no lines either; complaining about that would panic, in whoever had something to say.
        .log_internal_errors(false);
    let started = match config.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!(error))
}

fn record_measurements() -> anyhow::Result<PrometheusHandle> {
    let handle = kabar::measures::recorder()?.install_recorder()?;
    kabar::measures::describe();
    Ok(handle)
}
