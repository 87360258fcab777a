//! Advisories: small documents that use every field, and small real ones.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::{Corpus, Result};

/// Real records up to this size, and so many of each source.
const MAX_BYTES: u64 = 7000;
const MAX_RECORDS: usize = 40;

const OSV: [&str; 4] = [
    r#"{"schema_version":"1.7.0","id":"DEBIAN-CVE-2024-0001","published":"2024-01-02T03:04:05Z","upstream":["CVE-2024-0001"],"details":"Overflow.\nMore.",
"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"affected":[{"package":{"ecosystem":"Debian:12","name":"curl","purl":"pkg:deb/debian/curl"},
"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"7.88.1-10+deb12u5"}]}],"versions":["7.88.1-10"],"ecosystem_specific":{"urgency":"end-of-life"}}]}"#,
    r#"{"id":"ALSA-2024:0001","summary":"Important: nodejs:18 security update","aliases":[],"related":["CVE-2024-0001","CVE-2024-0002"],"references":[{"type":"ADVISORY","url":"https://example.org/1"},{"type":"WEB"}],
"affected":[{"package":{"ecosystem":"AlmaLinux:9","name":"nodejs"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1:18.1-1.module_el9+1"}]},{"type":"GIT","events":[]}]}]}"#,
    r#"{"id":"UBUNTU-CVE-1","severity":[{"type":"Ubuntu","score":"low"},{"type":"CVSS_V4","score":"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"},{"type":"CVSS_V2","score":"AV:N/AC:L/Au:N/C:P/I:P/A:P"}],
"affected":[{"package":{"ecosystem":"Ubuntu:Pro:22.04:LTS","name":"x"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"1"},{"last_affected":"2"},{"introduced":"3"},{"limit":"*"}]}],"severity":[]},{"package":null},{"package":{"ecosystem":"Alpine:v3.20","name":""}}]}"#,
    r#"{"id":"BIT-x-2024-1","withdrawn":null,"affected":[{"package":{"ecosystem":"Bitnami","name":"x"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"fixed":"2.0.0-rc.1"}]}],"database_specific":{"severity":"HIGH"}}],"database_specific":7}"#,
];

const SECDB: [&str; 3] = [
    r#"{"distroversion":"v3.20","reponame":"main","packages":[{"pkg":{"name":"xen","secfixes":{"4.8-r1":["CVE-2017-8904 XSA-214","CVE_2019-2426"],"0":["CVE-2017-16808 (AoE)"]}}},{"nopkg":1},{"pkg":{"name":"b","secfixes":{"2-r0":[7,"nothing"],"3-r0":null}}}]}"#,
    "---\ndistroversion: v3.10\npackages:\n  - pkg:\n      name: xen\n      secfixes:\n        # why\n        4.8-r1:\n        - CVE-2017-8904 XSA-214\n        0:\n          - CVE-2017-0001 CVE-2017-0002\n  - pkg: &a {name: b, secfixes: {'1': [CVE-1-1]}}\n  - *a\n",
    "reponame: community\npackages:\n",
];

const OVAL: &str = r#"<?xml version="1.0"?><oval_definitions xmlns="o" xmlns:l="l"><generator><oval:timestamp>2024-01-22T00:00:00Z</oval:timestamp></generator><definitions>
<definition class="vulnerability" id="d1"><metadata><title>CVE-2020-0001 &amp; x</title><patchable>true</patchable><reference ref_id="CVE-2020-0001" ref_url="https://e" source="CVE"/><severity>High</severity><advisory_date>2020-01-01T00:00:00Z</advisory_date></metadata>
<criteria operator="AND"><criterion test_ref="t3"/><criteria operator="OR"><criteria><criterion test_ref="t1"/><criterion test_ref="t2"/></criteria><criterion test_ref="t1" negate="true"/></criteria></criteria></definition></definitions>
<tests><l:rpminfo_test id="t1"><l:object object_ref="o1"/><l:state state_ref="s1"/></l:rpminfo_test><l:rpminfo_test id="t2"><l:object object_ref="o1"/><l:state state_ref="s2"/></l:rpminfo_test><l:rpminfo_test id="t3"><l:object object_ref="o2"/><l:state state_ref="s3"/></l:rpminfo_test></tests>
<objects><l:rpminfo_object id="o1"><l:name>libx</l:name></l:rpminfo_object><l:rpminfo_object id="o2"><l:name>os-release</l:name></l:rpminfo_object></objects>
<states><l:rpminfo_state id="s1"><l:evr operation="less than">0:1-2.cm2</l:evr></l:rpminfo_state><l:rpminfo_state id="s2"><l:evr operation="greater than or equal">0:0.5-1.cm2</l:evr></l:rpminfo_state><l:rpminfo_state id="s3"><l:arch>x86_64</l:arch></l:rpminfo_state></states></oval_definitions>"#;

pub(crate) fn write_osv(corpus: &mut Corpus, shared: Option<&Path>) -> Result<()> {
    OSV.iter().try_for_each(|text| corpus.add(text))?;
    for source in ["almalinux-osv", "bitnami-osv", "_formats/vunnel"] {
        real(corpus, shared, source, &["/osv", "advisories/", "data/"], ".json")?;
    }
    Ok(())
}

pub(crate) fn write_secdb(corpus: &mut Corpus, shared: Option<&Path>) -> Result<()> {
    SECDB.iter().try_for_each(|text| corpus.add(text))?;
    real(corpus, shared, "alpine-secdb-2020", &[""], ".yaml")?;
    real(corpus, shared, "_formats/vunnel", &["alpine/"], ".json")
}

pub(crate) fn write_oval(corpus: &mut Corpus, shared: Option<&Path>) -> Result<()> {
    corpus.add(OVAL)?;
    corpus.add(
        OVAL.replace("true</patchable>", "Not Applicable</patchable>").replace('\n', "<!-- x -->"),
    )?;
    real(corpus, shared, "_formats/vunnel", &["mariner/"], ".xml")
}

/// Small files of a folder of advisories, whose path holds one of these parts.
fn real(
    corpus: &mut Corpus,
    shared: Option<&Path>,
    source: &str,
    parts: &[&str],
    end: &str,
) -> Result<()> {
    let Some(shared) = shared else { return Ok(()) };
    let file = File::open(shared.join("advisories").join(source).join("data.tar.zst"))?;
    let mut decoder = zstd::Decoder::new(file)?;
    decoder.window_log_max(27)?;
    let mut count = 0;
    for entry in tar::Archive::new(decoder).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.display().to_string();
        let wanted = path.ends_with(end) && parts.iter().any(|part| path.contains(part));
        if wanted && entry.size() <= MAX_BYTES && count < MAX_RECORDS {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            corpus.add(bytes)?;
            count += 1;
        }
    }
    Ok(())
}
