//! Which feed is believed about whether a package is affected: one rule for findings and explanations.

use plimsoll_model::Package;
use plimsoll_table::TableError;

use super::ShardView;
use super::installed::Side;
use super::witness::{Applies, applies, speaks_of};
use crate::feeds::Standing;
use crate::shard::Judgement;

/// Whether a stronger feed that knows the id for this package says that it is not affected. `strongest` is
/// the strongest that says "affected": the first word decides, and what weaker feeds say falls or stands
/// with it.
pub(super) fn is_outranked(
    views: &[&ShardView<'_>],
    id: &str,
    strongest: Standing,
    package: &Package,
    sides: [&Side<'_>; 2],
) -> Result<bool, TableError> {
    for shard in views.iter().filter(|shard| shard.open.standing < strongest) {
        for entry in shard.view.by_id(id)? {
            for side in sides {
                if speaks_of(&entry, side.role)
                    && entry.name()? == side.name
                    && applies(&entry, package)? == Applies::Yes
                    && let Ok(key) = &side.key
                    && is_negative(entry.judge(&side.version, key)?)
                {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

fn is_negative(judgement: Judgement<'_>) -> bool {
    matches!(judgement, Judgement::Fixed { .. } | Judgement::Outside | Judgement::Never)
}
