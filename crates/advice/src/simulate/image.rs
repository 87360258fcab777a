//! Another image in place of this one.

use plimsoll_vulndb::MatchError;

use super::{Exchange, OtherImage, Outcome, Simulator};
use crate::change::{by_place, is_same};
use crate::identity::{Place, is_of_system};

impl Simulator<'_> {
    /// The whole image is replaced: what is installed in the other one is all there is.
    pub fn replace_image(&self, new: &OtherImage<'_>) -> Result<Outcome, MatchError> {
        if let Some(why) = self.unknown(new) {
            return Ok(Outcome::Unknown(why));
        }
        let mut exchange = Exchange {
            gone: self.installed.clone(),
            come: by_place(new.packages.unwrap_or_default()),
        };
        // What stays as it is need not be judged again, as long as the same advisories speak of it.
        let is_same_release = self.is_same_release(new.os);
        exchange.drop_unchanged(|place| is_same_release || !is_of_system(place.ecosystem));
        if let Some(why) = self.unknown_part(&exchange.come, new) {
            return Ok(Outcome::Unknown(why));
        }
        Ok(Outcome::Known(self.exchange(&exchange, new.os)?))
    }

    /// Whether the advisories that apply to the packages of `os` are those that apply to the image's.
    pub(super) fn is_same_release(&self, os: Option<&plimsoll_model::Os>) -> bool {
        let scope = |os: Option<&plimsoll_model::Os>| os.and_then(|os| os.scope.clone());
        scope(os) == scope(self.subject.os)
    }
}

impl Exchange<'_> {
    fn drop_unchanged(&mut self, is_judged_alike: impl Fn(&Place<'_>) -> bool) {
        let Self { gone, come } = self;
        gone.retain(|place, before| {
            let is_same = |after: &Vec<_>| is_same(before, after);
            let stays = is_judged_alike(place) && come.get(place).is_some_and(is_same);
            if stays {
                come.remove(place);
            }
            !stays
        });
    }
}
