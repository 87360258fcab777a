//! Variables that official images set, and the tags that their values lead to.

/// How a value becomes a version in tags.
#[derive(Clone, Copy)]
enum Style {
    /// `3.11.4`, `v2.7.4` without its v, `15.3-1.pgdg120+1` and `8.0.34-1.el8` without the package's revision,
    /// `1:11.0.2+maria~ubu2204` without epoch and build.
    Version,
    /// `jdk-17.0.8+7`, `jdk8u382-b05`: `17.0.8_7`, `8u382-b05`.
    Java,
}

/// Variable, repository, style. From the Dockerfiles that docker-library and the named projects publish.
const VARIABLES: &[(&str, &str, Style)] = &[
    ("ASPNET_VERSION", "mcr.microsoft.com/dotnet/aspnet", Style::Version),
    ("CADDY_VERSION", "caddy", Style::Version),
    ("CASSANDRA_VERSION", "cassandra", Style::Version),
    ("COMPOSER_VERSION", "composer", Style::Version),
    ("COUCHDB_VERSION", "couchdb", Style::Version),
    ("DOTNET_SDK_VERSION", "mcr.microsoft.com/dotnet/sdk", Style::Version),
    ("DOTNET_VERSION", "mcr.microsoft.com/dotnet/runtime", Style::Version),
    ("GHOST_VERSION", "ghost", Style::Version),
    ("GOLANG_VERSION", "golang", Style::Version),
    ("GRADLE_VERSION", "gradle", Style::Version),
    ("HAPROXY_VERSION", "haproxy", Style::Version),
    ("HTTPD_VERSION", "httpd", Style::Version),
    ("JAVA_VERSION", "eclipse-temurin", Style::Java),
    ("JULIA_VERSION", "julia", Style::Version),
    ("MARIADB_VERSION", "mariadb", Style::Version),
    ("MEMCACHED_VERSION", "memcached", Style::Version),
    ("MONGO_VERSION", "mongo", Style::Version),
    ("MYSQL_VERSION", "mysql", Style::Version),
    ("NGINX_VERSION", "nginx", Style::Version),
    ("NODE_VERSION", "node", Style::Version),
    ("OTP_VERSION", "erlang", Style::Version),
    ("PG_VERSION", "postgres", Style::Version),
    ("PHP_VERSION", "php", Style::Version),
    ("PYTHON_VERSION", "python", Style::Version),
    ("RABBITMQ_VERSION", "rabbitmq", Style::Version),
    ("REDIS_VERSION", "redis", Style::Version),
    ("RUBY_VERSION", "ruby", Style::Version),
    ("RUST_VERSION", "rust", Style::Version),
    ("TOMCAT_VERSION", "tomcat", Style::Version),
];

/// Tags have at most 128 characters; versions have far fewer.
const MAX_VERSION_BYTES: usize = 40;

/// A repository and a version of its images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Product {
    pub(super) repository: &'static str,
    pub(super) version: String,
    /// Words that tags have behind the version.
    pub(super) suffix: &'static str,
}

/// What the variables speak of, the last set first: an image inherits its base's variables and sets its own behind.
pub(super) fn products(env: &[String]) -> impl Iterator<Item = Product> {
    env.iter().rev().filter_map(|setting| {
        let (name, value) = setting.split_once('=')?;
        let (_, repository, style) = *VARIABLES.iter().find(|(known, ..)| *known == name)?;
        let version = match style {
            Style::Version => upstream(value),
            Style::Java => java(value)?,
        };
        let is_version = version.starts_with(|first: char| first.is_ascii_digit())
            && version.len() <= MAX_VERSION_BYTES
            && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        let suffix = match style {
            Style::Version => "",
            // Which of the two is in JAVA_HOME, and jdk has all that jre has.
            Style::Java => "-jdk",
        };
        is_version.then_some(Product { repository, version, suffix })
    })
}

fn upstream(value: &str) -> String {
    let value = value.split_once(':').map_or(value, |(_, rest)| rest);
    let value = value.strip_prefix('v').unwrap_or(value);
    value.split(['-', '+', '~']).next().unwrap_or_default().to_owned()
}

fn java(value: &str) -> Option<String> {
    let version = value.strip_prefix("jdk-").or_else(|| value.strip_prefix("jdk"))?;
    Some(version.replace('+', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lead_to_tags() {
        let check = |env: &[&str], expected: &[&str]| {
            let env: Vec<_> = env.iter().map(|&setting| setting.to_owned()).collect();
            let found = products(&env);
            let found = found.map(|it| format!("{}:{}{}", it.repository, it.version, it.suffix));
            assert_eq!(found.collect::<Vec<_>>(), expected);
        };
        check(&["PATH=/bin", "PYTHON_VERSION=3.11.4"], &["python:3.11.4"]);
        check(&["PG_MAJOR=15", "PG_VERSION=15.3-1.pgdg120+1"], &["postgres:15.3"]);
        check(&["MARIADB_VERSION=1:11.0.2+maria~ubu2204"], &["mariadb:11.0.2"]);
        check(&["MYSQL_VERSION=8.0.34-1.el8"], &["mysql:8.0.34"]);
        check(&["CADDY_VERSION=v2.7.4"], &["caddy:2.7.4"]);
        check(&["JAVA_VERSION=jdk-17.0.8+7"], &["eclipse-temurin:17.0.8_7-jdk"]);
        check(&["JAVA_VERSION=jdk8u382-b05"], &["eclipse-temurin:8u382-b05-jdk"]);
        check(&["PHP_VERSION=8.2.8", "REDIS_VERSION=7.2"], &["redis:7.2", "php:8.2.8"]);
        check(&["NODE_VERSION=../../x", "NODE_VERSION=", "NODE_VERSION"], &[]);
        check(&["JAVA_VERSION=17"], &[]);
    }
}
