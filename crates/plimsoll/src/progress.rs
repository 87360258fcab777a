//! Progress on a terminal: bytes of layers and feeds while they are read, then matching.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use plimsoll_flow::Event;

use crate::printer::Printer;

/// Draws what happens; without a terminal only warnings and notes are printed.
pub(crate) struct Progress<'a> {
    printer: &'a Printer,
    bars: MultiProgress,
    running: Mutex<BTreeMap<String, ProgressBar>>,
}

impl<'a> Progress<'a> {
    /// Draws nothing until something happens.
    pub(crate) fn new(printer: &'a Printer) -> Self {
        let target = match printer.draws_progress() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bars = MultiProgress::with_draw_target(target);
        Self { printer, bars, running: Mutex::default() }
    }

    /// Takes note of an event, from any thread.
    pub(crate) fn on(&self, event: Event) {
        match event {
            Event::Opening { reference } => self.printer.note(&format!("opening {reference}")),
            Event::LayerStarted { layer, name, size } => {
                self.start(layer_key(layer), format!("layer {} {name}", layer + 1), size);
            }
            Event::LayerBytes { layer, bytes } => self.advance(&layer_key(layer), bytes),
            Event::LayerDone { layer } => self.done(&layer_key(layer)),
            Event::FeedStarted { feed } => {
                self.start(feed.to_owned(), format!("feed {feed}"), None);
            }
            Event::FeedBytes { feed, bytes } => self.advance(feed, bytes),
            Event::FeedDone { feed } => self.done(feed),
            Event::ArchiveStarted { suite } => {
                self.start(archive_key(&suite), format!("archive {suite}"), None);
            }
            Event::ArchiveDone { suite } => self.done(&archive_key(&suite)),
            Event::Changelog { source } => self.printer.note(&format!("changelog of {source}")),
            Event::Matching => self.printer.note("matching packages with advisories"),
            Event::Warning(text) => self.bars.suspend(|| self.printer.warn(&text)),
            Event::Note(text) => self.bars.suspend(|| self.printer.note(&text)),
        }
    }

    /// Leaves a clean terminal.
    pub(crate) fn finish(&self) {
        // The terminal may be gone; then there is nothing to clean.
        let _ = self.bars.clear();
    }

    fn start(&self, key: String, title: String, size: Option<u64>) {
        let (bar, template) = match size {
            Some(size) => {
                (ProgressBar::new(size), "{msg:<32!} {bar:24} {bytes:>10}/{total_bytes:<10}")
            }
            None => (ProgressBar::new_spinner(), "{msg:<32!} {spinner} {bytes:>10}"),
        };
        let bar = self.bars.add(bar).with_message(title);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        self.lock().insert(key, bar);
    }

    fn advance(&self, key: &str, bytes: u64) {
        if let Some(bar) = self.lock().get(key) {
            bar.inc(bytes);
        }
    }

    fn done(&self, key: &str) {
        if let Some(bar) = self.lock().remove(key) {
            bar.finish_and_clear();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, ProgressBar>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn archive_key(suite: &str) -> String {
    format!("archive {suite}")
}

fn layer_key(layer: usize) -> String {
    format!("layer {layer}")
}
