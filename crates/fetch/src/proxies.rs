//! Which proxy a request goes through.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use reqwest::Url;

use crate::error::Error;
use crate::no_proxy::NoProxy;
use crate::policy::is_loopback;

/// The proxies of `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and the exceptions of `NO_PROXY`, each
/// also in lower case, which wins. This machine is never contacted through a proxy.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    except: NoProxy,
    hosts: Arc<BTreeSet<String>>,
}

impl Proxies {
    /// Reads the variables through `lookup`.
    pub fn from_vars(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let value = |name: &str| {
            let lower = lookup(&name.to_ascii_lowercase());
            lower.or_else(|| lookup(name)).filter(|value| !value.is_empty())
        };
        let proxy = |name: &'static str| value(name).map(|text| parse(name, &text)).transpose();
        let all = proxy("ALL_PROXY")?;
        // A CGI script's HTTP_PROXY is a request header: the httpoxy attack.
        let http = if lookup("REQUEST_METHOD").is_some() { None } else { proxy("HTTP_PROXY")? };
        let http = http.or_else(|| all.clone());
        let https = proxy("HTTPS_PROXY")?.or(all);
        let hosts = [&http, &https].into_iter().flatten().filter_map(Url::host_str);
        Ok(Self {
            hosts: Arc::new(hosts.map(str::to_owned).collect()),
            except: NoProxy::parse(&value("NO_PROXY").unwrap_or_default()),
            http,
            https,
        })
    }

    /// The proxy for `url`, if it goes through one.
    pub(crate) fn proxy_for(&self, url: &Url) -> Option<&Url> {
        let proxy = if url.scheme() == "https" { &self.https } else { &self.http };
        proxy.as_ref().filter(|_| !is_loopback(url) && !self.except.covers(url))
    }

    pub(crate) fn is_proxy_host(&self, host: &str) -> bool {
        self.hosts.contains(host)
    }

    pub(crate) fn hosts(&self) -> Arc<BTreeSet<String>> {
        Arc::clone(&self.hosts)
    }
}

/// A proxy's URL may hold a password, so only the hosts are shown.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Proxies").field(&self.hosts).finish()
    }
}

fn parse(variable: &'static str, text: &str) -> Result<Url, Error> {
    let error = |why| Error::Proxy { variable, why };
    let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&full).map_err(|_| error("it is no URL"))?;
    match url.scheme() {
        "http" | "https" if url.host_str().is_some() => Ok(url),
        "http" | "https" => Err(error("it names no host")),
        _ => Err(error("only http and https proxies are supported")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(vars: &[(&str, &str)]) -> Result<Proxies, Error> {
        let lookup = |name: &str| {
            vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Proxies::from_vars(&lookup)
    }

    #[test]
    fn the_scheme_and_the_exceptions_choose() {
        let vars = [
            ("HTTP_PROXY", "wrong.example"),
            ("http_proxy", "plain.example:3128"),
            ("ALL_PROXY", "http://user:pass@all.example:3128"),
            ("NO_PROXY", "internal.example"),
        ];
        let proxies = proxies(&vars).unwrap();
        let check = |url: &str, expected| {
            let url = Url::parse(url).unwrap();
            assert_eq!(proxies.proxy_for(&url).and_then(Url::host_str), expected, "{url}");
        };
        check("http://a.example/", Some("plain.example"));
        check("https://a.example/", Some("all.example"));
        check("https://r.internal.example/", None);
        check("http://127.0.0.1:5000/", None);
        check("http://localhost:5000/", None);
        assert!(!format!("{proxies:?}").contains("pass"));
    }

    #[test]
    fn a_scripts_header_is_no_proxy() {
        let vars = [("HTTP_PROXY", "evil.example"), ("REQUEST_METHOD", "GET")];
        let url = Url::parse("http://a.example/").unwrap();
        assert_eq!(proxies(&vars).unwrap().proxy_for(&url), None);
    }

    #[test]
    fn what_is_no_http_proxy_is_refused() {
        for bad in ["socks5://a.example", "http://", "http://:x"] {
            assert!(proxies(&[("HTTPS_PROXY", bad)]).is_err(), "{bad}");
        }
    }
}
