#![doc = include_str!("../README.md")]

mod body;
mod client;
mod error;
mod no_proxy;
mod policy;
mod proxies;
mod request;
mod resolver;
mod response;
mod resume;
mod retry;
mod secret;
mod settings;
mod tls;
mod zone;

pub use body::Body;
pub use client::Client;
pub use error::Error;
pub use policy::{AddressPolicy, AllowedHosts, Refusal, is_loopback};
pub use proxies::Proxies;
pub use request::{Limit, Method, Request, Validators};
pub use reqwest::Url;
pub use response::{Fetched, Response};
pub use resume::{Content, Tail};
pub use retry::Retry;
pub use secret::Secret;
pub use settings::{PlainHttp, Settings, Timeouts};
pub use tls::{HostTls, Identity, Pem, Tls, Verification};
pub use zone::Zone;
